"""Any sequence of deposits, supersedings, revocations and erasures, against a short model."""

import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pikepdf
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from warehouse import Actor, Owner, RecordConflict, open_warehouse
from warehouse.errors import NotInForce, RecordNotFound
from warehouse.grounds import Basis

CLERK = Actor("Trần Thị Bình", "clerk", "H99.01")
LAW = Basis("law", "ket-qua")
OWNERS = ("001087000084", "079199000012")
CONTENTS, NUMBERS = range(6), ("", "1", "2")


@dataclass
class Held:
    """What the model knows of a version."""

    id: str
    version: int
    owner: str
    content: int
    number: str
    status: str = "active"


class Walk(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.stack = ExitStack()
        self.folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        shutil.copytree(_ground() / "kho", self.folder / "kho")
        self.kho = self.stack.enter_context(open_warehouse(self.folder / "kho"))
        self.held: list[Held] = []
        self.codes = 0

    @rule(
        owner=st.sampled_from(OWNERS),
        content=st.sampled_from(CONTENTS),
        number=st.sampled_from(NUMBERS),
        supersede=st.booleans(),
    )
    def deposit(self, owner: str, content: int, number: str, supersede: bool) -> None:
        same = [h for h in self.held if (h.owner, h.content) == (owner, content)]
        rival = [h for h in self.active(owner) if number and h.number == number]
        self.codes += 1
        try:
            record = self.kho.deposit(
                _ground() / f"{content}.pdf",
                owner=Owner(owner),
                paper_type="khai-sinh",
                type_code="KQ.1",
                title="Giấy khai sinh",
                code=f"code {self.codes}",
                actor=CLERK,
                number=number,
                supersede=supersede,
                basis=LAW,
            )
        except RecordConflict:
            assert same[0].status != "active" if same else rival and not supersede
            return
        if same:
            assert (record.id, record.version) == (same[0].id, same[0].version)
            return
        if rival:
            assert supersede
            assert (record.id, record.version) == (rival[0].id, rival[0].version + 1)
            rival[0].status = "superseded"
        self.held.append(Held(record.id, record.version, owner, content, number))

    @rule(data=st.data())
    def revoke(self, data: st.DataObject) -> None:
        ids = dict.fromkeys(h.id for h in self.held)  # in the order they came: ids are random
        chosen = data.draw(st.sampled_from([*ids, "0" * 26]))
        in_force = [h for h in self.held if h.id == chosen and h.status == "active"]
        try:
            record = self.kho.revoke(chosen, "cấp sai", CLERK)
        except (NotInForce, RecordNotFound):
            assert not in_force
            return
        assert record.version == in_force[0].version
        in_force[0].status = "revoked"

    @rule(data=st.data())
    def erase(self, data: st.DataObject) -> None:
        if not self.held:
            return
        chosen = data.draw(st.sampled_from([h.id for h in self.held]))
        self.kho.erase(chosen, "theo yêu cầu", CLERK)
        self.held = [h for h in self.held if h.id != chosen]

    @invariant()
    def what_is_found_is_what_was_put_in(self) -> None:
        for owner in OWNERS:
            found = self.kho.find(owner, status="any")
            known = [h for h in self.held if h.owner == owner]
            key = lambda r: (r.id, r.version, r.number, r.status)  # noqa: E731
            assert sorted(map(key, found)) == sorted(map(key, known))
            active = self.kho.find(owner)
            assert len({r.id for r in active}) == len(active)
            numbered = [r.number for r in active if r.number]
            assert len(set(numbered)) == len(numbered)

    def active(self, owner: str) -> list[Held]:
        return [h for h in self.held if h.owner == owner and h.status == "active"]

    def teardown(self) -> None:
        # check() also replays each record's history and compares it with what find() says.
        report = self.kho.check()
        self.stack.close()
        assert report.ok, [str(fault) for fault in (*report.faults, *report.audit.faults)]


_grounds: list[Path] = []


def _ground() -> Path:
    """Papers and an empty warehouse to copy: made once, for making one takes longest."""
    if not _grounds:
        ground = Path(tempfile.mkdtemp())
        for content in CONTENTS:
            with pikepdf.new() as new:
                new.add_blank_page()
                new.Root.Said = pikepdf.Stream(new, str(content).encode())
                new.save(ground / f"{content}.pdf")
        with open_warehouse(ground / "kho"):
            pass
        _grounds.append(ground)
    return _grounds[0]


TestWalk = Walk.TestCase
TestWalk.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
