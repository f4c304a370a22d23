"""Every role, every verb, own and foreign: what is allowed is done, all else refused and logged."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from profiles import load_office
from warehouse import Actor, Owner
from warehouse.access import ROLES, RULES
from warehouse.grounds import Agreement, Basis, Evidence, Told

from .conftest import AN, BINH, OTHER_PROCEDURE, PROCEDURE, World

STAFF = {"clerk", "postal-agent", "supervisor"}
#: Written down apart from the table: who may, with what is their own and with what is foreign.
#: An office's own: what came in there. An owner's: what is about them. An authority's: what
#: serves a procedure of theirs.
MAY: dict[str, tuple[set[str], set[str]]] = {
    "deposit": (STAFF, {"clerk", "supervisor"}),
    "find": (STAFF | {"owner"}, {"clerk", "supervisor"}),
    "status": (set(ROLES), {"clerk", "supervisor", "authority", "auditor"}),
    "metadata": (STAFF | {"owner"}, {"clerk", "supervisor"}),
    "document": (STAFF | {"owner"}, set()),
    "plan": (STAFF | {"authority", "owner"}, STAFF),
    "reuse": ({"clerk", "supervisor", "authority"}, {"clerk", "supervisor"}),
    "revoke": ({"clerk", "supervisor"}, {"supervisor"}),
    "bind": (STAFF, {"supervisor"}),
    "erase": ({"supervisor"}, {"supervisor"}),
    "consent-grant": (STAFF | {"owner"}, STAFF),
    "consent-withdraw": ({"clerk", "supervisor", "owner"}, {"clerk", "supervisor"}),
    "consent-show": ({"clerk", "supervisor", "owner"}, {"clerk", "supervisor"}),
    "account": ({"clerk", "supervisor", "owner"}, {"clerk", "supervisor"}),
    "excerpt": ({"clerk", "supervisor", "owner", "auditor"}, {"clerk", "supervisor", "auditor"}),
    "checkpoint": ({"supervisor", "auditor"}, {"supervisor", "auditor"}),
    "audit-verify": ({"supervisor", "auditor"}, {"supervisor", "auditor"}),
    "check": ({"supervisor", "auditor"}, {"supervisor", "auditor"}),
}
LAW = Basis("law", "ket-qua", "NĐ 45/2020/NĐ-CP Điều 16")
WITNESS = {"kind": "witness", "reference": "Trần Thị Bình"}
_serial = count(1)


@dataclass
class Question:
    """One call of a verb, about what is somebody's own or foreign to them."""

    world: World
    who: dict[str, str]
    own: bool

    @property
    def number(self) -> str:
        return AN if self.own else BINH

    @property
    def office(self) -> str:
        return load_office("office" if self.own else "kia").title

    def held(self, *, known: bool = True, **said: Any) -> Any:
        """A record in the store."""
        one = next(_serial)
        return self.world.kho.deposit(
            self.world.paper(f"{one}"),
            owner=Owner(self.number if known else ""),
            owner_unknown=not known,
            paper_type="khai-sinh",
            type_code="KQ.G15.000031",
            title="Giấy khai sinh",
            code=f"M.{one}",
            actor=Actor("Lò Thị Hạnh", "counter", self.office),
            basis=LAW,
            **said,
        )

    def consented(self) -> str:
        told = Told("luu-kho", "vi", "0" * 64)
        said = Agreement(Owner(self.number), ("giay-to",), told, Evidence(**WITNESS), "UBND")
        return self.world.kho.consents.grant(said, Actor("L", "counter", self.office)).id

    def ask(self, method: str, address: str, body: Any = None) -> Any:
        return self.world.client.request(method, f"/v1/{address}", json=body, headers=self.who)

    def about_owner(self, address: str, **more: Any) -> Any:
        return self.ask("POST", address, {"owner": {"number": self.number}} | more)

    def about_record(self, method: str, rest: str, body: Any = None) -> Any:
        return self.ask(method, f"records/{self.held().id}{rest}", body)

    def procedure(self) -> str:
        """An authority's own is told by the procedure; others may name any."""
        return PROCEDURE if self.own else OTHER_PROCEDURE

    def deposit(self) -> Any:
        """Own: a new paper. Foreign: one in the place of another office's."""
        number, one = "", next(_serial)
        if not self.own:
            number = self.held(number=f"N{one}").number
        said = {"owner": {"number": self.number}, "number": number, "supersede": not self.own}
        return self.world.deposit(self.world.paper(f"new {one}"), self.who, **said)

    def bind(self) -> Any:
        held = self.held(known=False)
        return self.ask("POST", f"records/{held.id}/bind", {"owner": {"number": self.number}})


ASK: dict[str, Callable[[Question], Any]] = {
    "deposit": Question.deposit,
    "find": lambda q: q.ask("POST", "records/find", {"code": q.held().code}),
    "status": lambda q: q.about_record("GET", "/status"),
    "metadata": lambda q: q.about_record("GET", ""),
    "document": lambda q: q.about_record("GET", "/document"),
    "plan": lambda q: q.about_owner("plans", procedure=q.procedure()),
    "reuse": lambda q: q.about_record("POST", "/releases", {"procedure": q.procedure()}),
    "revoke": lambda q: q.about_record("POST", "/revoke", {"reason": "cấp sai"}),
    "bind": Question.bind,
    "erase": lambda q: q.about_record("POST", "/erase", {"reason": "theo yêu cầu"}),
    "consent-grant": lambda q: q.about_owner("consents", papers=["giay-to"], evidence=WITNESS),
    "consent-withdraw": lambda q: q.ask(
        "POST", f"consents/{q.consented()}/withdraw", {"evidence": WITNESS}
    ),
    "consent-show": lambda q: q.ask("GET", f"consents/{q.consented()}"),
    "account": lambda q: q.about_owner("account"),
    "excerpt": lambda q: q.about_owner("account/excerpt"),
    "checkpoint": lambda q: q.ask("GET", "audit/checkpoint"),
    "audit-verify": lambda q: q.ask("POST", "audit/verify", {}),
    "check": lambda q: q.ask("POST", "check", {"limit": 1}),
}


def test_the_questions_are_about_every_verb_there_is() -> None:
    assert set(ASK) == set(MAY) == set(RULES)


@pytest.mark.parametrize("own", [True, False], ids=["own", "foreign"])
@pytest.mark.parametrize("verb", MAY)
@pytest.mark.parametrize("role", ROLES)
def test_a_role_does_what_it_may_and_is_refused_all_else(
    shared_world: World, role: str, verb: str, own: bool
) -> None:
    question = Question(shared_world, shared_world.issuer.of(role), own)
    before = len(shared_world.actions())
    answer = ASK[verb](question)
    if role in MAY[verb][0 if own else 1]:
        assert answer.status_code in (200, 201), answer.text
        return
    assert answer.status_code == 403, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert json.loads(answer.text)["type"] == "urn:sohoa:problem:access-denied"
    theirs = [one for one in shared_world.actions()[before:] if one[1] == role]
    assert theirs == [("refusal", role, verb)]


def test_a_token_without_a_role_here_is_refused(shared_world: World) -> None:
    for claims, cause in (
        ({"roles": []}, "no-role"),
        ({"roles": ["mayor"]}, "no-role"),
        ({"office": "H99.77"}, "unknown-office"),
        ({"office": None}, "unknown-office"),
    ):
        who = shared_world.issuer.of("clerk", **claims)
        answer = shared_world.client.get("/v1/check", headers=who)
        assert (answer.status_code, answer.json()["type"]) == (403, f"urn:sohoa:problem:{cause}")


@pytest.mark.parametrize(
    ("tag", "words"),
    [("vi", "Đơn vị “H99.77” ghi trong mã truy cập"), ("en", "the office “H99.77”")],
)
def test_an_office_without_a_profile_is_named_in_the_language_asked_for(
    shared_world: World, tag: str, words: str
) -> None:
    who = shared_world.issuer.of("clerk", office="H99.77") | {"Accept-Language": tag}
    answer = shared_world.client.get("/v1/check", headers=who)
    assert words in answer.json()["detail"]


def test_an_owner_whose_token_says_no_number_owns_nothing(shared_world: World) -> None:
    who = shared_world.issuer.of("owner", owner=None)
    question = Question(shared_world, who, own=True)
    assert ASK["account"](question).status_code == 403
    held = question.held(known=False)
    answer = shared_world.client.get(f"/v1/records/{held.id}", headers=who)
    assert answer.status_code == 403


def test_a_clerk_who_is_an_owner_too_reads_their_own_papers_as_owner(shared_world: World) -> None:
    kho = shared_world.kho
    question = Question(shared_world, {}, own=False)
    held = question.held()  # came in at another office
    who = shared_world.issuer.of("clerk", roles=["clerk", "owner"], owner=BINH)
    answer = shared_world.client.get(f"/v1/records/{held.id}/document", headers=who)
    assert answer.status_code == 200
    assert kho.history(held.id)[-1].actor.role == "owner"


def test_a_postal_agent_finds_only_what_came_in_at_their_office(shared_world: World) -> None:
    own, foreign = (Question(shared_world, {}, here).held() for here in (True, False))
    who = shared_world.issuer.of("postal-agent")
    ask = {"owner": {"number": BINH}}
    found = shared_world.client.post("/v1/records/find", json=ask, headers=who).json()
    assert foreign.id not in {one["id"] for one in found}
    ask = {"owner": {"number": AN}}
    found = shared_world.client.post("/v1/records/find", json=ask, headers=who).json()
    assert own.id in {one["id"] for one in found}
    clerk = shared_world.issuer.of("clerk")
    ask = {"owner": {"number": BINH}}
    found = shared_world.client.post("/v1/records/find", json=ask, headers=clerk).json()
    assert foreign.id in {one["id"] for one in found}


def test_a_paper_of_a_co_owner_is_not_replaced_by_who_may_not_touch_it(
    shared_world: World,
) -> None:
    held = Question(shared_world, {}, own=False).held(number="S 7")
    said = {"number": "S  7", "supersede": True, "co_owners": [{"number": BINH}]}
    paper = shared_world.paper("in its place")
    agent, clerk = (shared_world.issuer.of(role) for role in ("postal-agent", "clerk"))
    assert shared_world.deposit(paper, agent, **said).status_code == 403
    assert shared_world.deposit(paper, clerk, **said).json()["id"] == held.id
    nobodys = said | {"owner": None, "co_owners": []}
    assert shared_world.deposit(paper, agent, **nobodys).status_code == 422
