"""A package with a trusted signature: each of its papers is judged for itself."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest

from dossier.checking import Reliance
from dossier.importing import import_package
from dossier.shelf import deposit_file, open_store
from profiles import load_office
from profiles.schema import SignatureRules
from signing.detached import open_sealer
from signing.pades import SigningRequest, SignJob, sign_file
from signing.validation_policy import default_policy
from warehouse.exchange import Component, Package, Part, Sender, write_package
from warehouse.exchange.manifest import Holder
from warehouse.exchange.packing import digest
from warehouse.receipts import issue, store_signer
from warehouse.values import new_id

OWNER = "001087000084"


@pytest.fixture
def request_for(pki, place):
    def build(role: str) -> SigningRequest:
        rules = SignatureRules(role=role, visible=False)
        chain = (pki.certificates,)
        return SigningRequest(
            pki.signers[role], rules, "", "UBND", "b-b", trust=(pki.root_pem,), chain=chain
        )

    return build


@pytest.fixture
def relied(pki) -> Reliance:
    policy = default_policy().offline()
    return Reliance(trust=(pki.root_pem,), known=(pki.certificates,), policy=policy)


def page(path: Path) -> Path:
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(420, 595))
        pdf.Root.Said = pikepdf.String(path.stem)
        pdf.save(path)
    return path


class Packer:
    """Another office that packs what it likes, and signs it."""

    def __init__(self, folder: Path, pki, request_for) -> None:
        self.folder, self.pki, self.request = folder, pki, request_for("agency")
        self.components: list[Component] = []
        self.parts: dict[str, bytes | Path] = {}
        (folder / "elsewhere").mkdir()
        self.signer = store_signer(folder / "elsewhere")

    def add(self, pdf: Path, *, national: bytes = b"", receipt: str = "", **changes) -> str:
        record = new_id()
        sha256, release = digest(pdf, "sha256"), new_id()
        said = {"record": record, "version": 1, "sha256": sha256, "release": release}
        files: dict[str, bytes | Path] = {
            f"{record}-v1.pdf": pdf,
            f"{record}-v1.json": national or json.dumps({"HashTepTin": sha256}).encode(),
            f"{record}-v1.receipt.jws": (
                receipt or issue("release-receipt", said, self.signer)
            ).encode(),
        }
        listed = [
            Part(
                name=name,
                size=len(data) if isinstance(data, bytes) else data.stat().st_size,
                sha256=digest(data, "sha256"),
            )
            for name, data in files.items()
        ]
        given = {
            "record": record,
            "version": 1,
            "code": f"{OWNER}.KQ.{record[-6:]}",
            "paper": "khai-sinh",
            "type_code": "KQ.G15.000031",
            "title": "Giấy khai sinh",
            "owner": Holder(identifier=OWNER, name="Trần Văn Hải"),
            "deposited_at": datetime(2026, 11, 24, tzinfo=UTC),
            "office": "Một cửa",
            "release": release,
            "basis": "NĐ 45/2020/NĐ-CP Điều 16",
            "document": listed[0],
            "national": listed[1],
            "receipt": listed[2],
        }
        self.components.append(Component(**(given | changes)))
        self.parts |= files
        return record

    def pack(self) -> Path:
        sender = Sender(code="H88", office="Một cửa", agency="UBND", system="x", operator="Bình")
        now = datetime(2026, 11, 24, tzinfo=UTC)
        package = Package(
            id=new_id(), packed_at=now, packed_by=sender, procedure="1.004222",
            components=tuple(self.components),
        )  # fmt: skip
        out = self.folder / "package.asice"
        with open_sealer(self.request, self.pki.pin_source("agency")) as seal:
            write_package(out, "asic", package, self.parts, seal)
        return out


@pytest.fixture
def packer(tmp_path, pki, request_for) -> Packer:
    return Packer(tmp_path, pki, request_for)


def test_sound_papers_are_stored_and_each_bad_one_is_refused_for_its_cause(
    tmp_path, pki, packer, relied, request_for
) -> None:
    good = page(tmp_path / "good.pdf")
    signed = tmp_path / "signed.pdf"
    sign_file(SignJob(good, signed), request_for("clerk"), pki.pin_source("clerk"))
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(signed.read_bytes().replace(b"420", b"421", 1))
    packer.add(signed, valid_until=None, number="12/2020", fields={"ho_ten": "Hải"})
    wanted = {
        packer.add(broken): "invalid-signature",
        packer.add(page(tmp_path / "a.pdf"), type_code="X.9", paper="x9"): "unknown-profile",
        packer.add(page(tmp_path / "b.pdf"), type_code="can-cuoc", paper="can-cuoc"): "not-kept",
        packer.add(page(tmp_path / "c.pdf"), receipt="a.b.c"): "receipt-differs",
        packer.add(page(tmp_path / "d.pdf"), national=b"[1"): "national-differs",
        packer.add(page(tmp_path / "e.pdf"), national=b'{"x": 1}'): "national-differs",
        packer.add(page(tmp_path / "f.pdf"), owner=Holder(identifier="12")): "bad-owner",
    }
    unasked = packer.add(page(tmp_path / "g.pdf"), type_code="giay-to", paper="giay-to")
    wanted[unasked] = "no-basis"
    (tmp_path / "h.pdf").write_bytes(b"%PDF-1.7 and no more")
    wanted[packer.add(tmp_path / "h.pdf")] = "invalid-signature"
    file = packer.pack()
    checked = import_package(file, relied, only_check=True)
    assert not (tmp_path / "home" / "warehouse").exists()
    done = import_package(file, relied)
    for arrivals in (checked.arrivals, done.arrivals):
        found = {
            one.component.record: one.error.message_id if one.error else "" for one in arrivals[1:]
        }
        if arrivals is checked.arrivals:  # on what ground it is kept is asked at the door
            assert found[unasked] == ""
            found[unasked] = "no-basis"
        assert found == wanted
    first = done.arrivals[0].record
    assert first is not None
    assert (first.number, first.fields, first.owner.name) == (
        "12/2020", {"ho_ten": "Hải"}, "Trần Văn Hải",
    )  # fmt: skip
    assert (first.origin["office"], first.origin["signer"]) == ("H88", done.signer)
    with open_store() as store:
        assert store.read(first) == signed.read_bytes()
        assert len(store.find(OWNER)) == 1
        assert store.check().ok


def test_a_code_that_another_paper_has_here_is_not_taken_from_it(tmp_path, packer, relied) -> None:
    held = deposit_file(page(tmp_path / "mine.pdf"), OWNER, "khai-sinh")
    packer.add(page(tmp_path / "theirs.pdf"), code=held.code)
    file = packer.pack()
    (arrival,) = import_package(file, relied).arrivals
    assert arrival.record is not None
    assert arrival.record.code != held.code
    assert arrival.record.origin["code"] == held.code
    (again,) = import_package(file, relied).arrivals
    assert again.outcome == "known"
    assert again.record == arrival.record


def test_a_paper_of_nobody_known_stays_one_until_it_is_bound(tmp_path, packer, relied) -> None:
    packer.add(page(tmp_path / "a.pdf"), owner=Holder(identifier=""))
    (arrival,) = import_package(packer.pack(), relied).arrivals
    assert arrival.record is not None
    assert arrival.record.owners == ()


def test_a_conflict_is_for_a_person_who_may_let_the_new_one_replace_the_old(
    tmp_path, packer, relied
) -> None:
    held = deposit_file(page(tmp_path / "mine.pdf"), OWNER, "khai-sinh", number="1")
    packer.add(page(tmp_path / "theirs.pdf"), number="1")
    file = packer.pack()
    (arrival,) = import_package(file, relied).arrivals
    assert arrival.error is not None
    assert arrival.error.message_id == "record-conflict"
    (arrival,) = import_package(file, relied, supersede=True).arrivals
    assert arrival.record is not None
    assert (arrival.record.id, arrival.record.version) == (held.id, 2)


def test_the_office_of_the_test_lists_no_senders(place) -> None:
    assert load_office().senders == ()
