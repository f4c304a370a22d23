"""A paper's way through the HTTP API: deposited, found, handed out, accounted for, withdrawn."""

import base64
import hashlib
import json

import pikepdf
import pypdfium2
import pytest
from fpdf import FPDF

from dossier.shelf import deposit_file
from foundation import SohoaError
from warehouse import Actor
from warehouse.account import verify_excerpt
from warehouse.receipts import check, known_keys

from .conftest import AN, BINH, PROCEDURE

WITNESS = {"kind": "witness", "reference": "Trần Thị Bình"}
TINOS = "/usr/share/fonts/truetype/croscore/Tinos-Regular.ttf"


def test_a_paper_handed_in_once_is_found_planned_handed_out_and_accounted_for(
    world, folder
) -> None:
    clerk, authority = world.issuer.of("clerk"), world.issuer.of("authority")
    client, pdf = world.client, world.paper("khai sinh").read_bytes()
    made = world.deposit(world.made[0], clerk, fields={"ho_ten": "Nguyễn Văn An"})
    assert made.status_code == 201, made.text
    record = made.json()
    assert record["sha256"] == hashlib.sha256(pdf).hexdigest()
    assert AN not in made.text

    about = {"owner": {"number": AN}}
    found = client.post("/v1/records/find", json=about, headers=clerk).json()
    assert [one["id"] for one in found] == [record["id"]]
    ask = about | {"procedure": "thuong-tru-cho-con"}
    planned = client.post("/v1/plans", json=ask, headers=authority).json()
    assert planned[0]["record"] == record["id"]
    assert [one["record"] for one in planned[1:]] == [None, None]

    address = f"/v1/records/{record['id']}/releases"
    given = client.post(address, json={"procedure": PROCEDURE}, headers=authority)
    assert given.status_code == 201, given.text
    release = given.json()
    said = check(release["receipt"], known_keys(folder), "release-receipt").said
    assert (said["sha256"], said["released_to"]["role"]) == (record["sha256"], "authority")
    assert release["prefill"]["fields"][0]["value"] == "Nguyễn Văn An"
    fetched = client.get(release["document"], headers=authority)
    assert fetched.content == pdf
    digest = base64.b64encode(hashlib.sha256(pdf).digest()).decode()
    assert fetched.headers["repr-digest"] == f"sha-256=:{digest}:"
    assert fetched.headers["content-length"] == str(len(pdf))

    owner = world.issuer.of("owner")
    told = client.post("/v1/account", json=about, headers=owner).json()
    actions = ["deposit", "look-up", "look-up", "release", "account"]
    assert [one["action"] for one in told] == actions
    assert told[3]["title"] == "Giấy khai sinh"
    later = client.post("/v1/account", json=about | {"after": 4, "limit": 1}, headers=owner)
    assert [one["number"] for one in later.json()] == [5]
    excerpt = client.post("/v1/account/excerpt", json=about, headers=owner)
    assert verify_excerpt(excerpt.text, known_keys(folder)).ok

    supervisor = world.issuer.of("supervisor")
    address = f"/v1/records/{record['id']}/revoke"
    assert client.post(address, json={"reason": "cấp sai"}, headers=supervisor).status_code == 200
    shown = client.get(f"/v1/records/{record['id']}/status", headers=authority).json()
    assert shown["status"] == "revoked"
    refused = client.get(release["document"], headers=authority)
    assert refused.json()["type"] == "urn:sohoa:problem:record-revoked"

    auditor = world.issuer.of("auditor")
    point = client.get("/v1/audit/checkpoint", headers=auditor).json()["statement"]
    ask = {"witnesses": [point, release["receipt"]]}
    report = client.post("/v1/audit/verify", json=ask, headers=auditor).json()
    assert (report["ok"], report["faults"]) == (True, [])
    checked = client.post("/v1/check", json={}, headers=auditor).json()
    assert (checked["ok"], checked["records"]) == (True, 1)
    assert client.get("/v1/check", headers=auditor).json()["ended_at"]


def test_a_component_is_kept_and_handed_out_on_consent_until_it_is_taken_back(world) -> None:
    clerk, client = world.issuer.of("clerk"), world.client
    pdf = world.paper("giấy tờ")
    lacking = world.deposit(pdf, clerk, type="giay-to")
    assert (lacking.status_code, lacking.json()["type"]) == (409, "urn:sohoa:problem:no-basis")
    ask = {"owner": {"number": AN}, "papers": ["giay-to"], "evidence": WITNESS}
    consent = client.post("/v1/consents", json=ask, headers=clerk).json()
    record = world.deposit(pdf, clerk, type="giay-to", consent=consent["consent"]).json()
    address = f"/v1/records/{record['id']}/releases"
    ask = {"procedure": "1.004194", "reason": "theo yêu cầu"}
    assert client.post(address, json=ask, headers=clerk).status_code == 201
    owner = world.issuer.of("owner")
    address = f"/v1/consents/{consent['consent']}/withdraw"
    done = client.post(address, json={"evidence": WITNESS}, headers=owner).json()
    assert (done["state"], done["ended"]) == ("withdrawn", [record["id"]])
    gone = client.get(f"/v1/records/{record['id']}/status", headers=clerk).json()
    assert gone["status"] == "erased"
    shown = client.post("/v1/consents/find", json={"owner": {"number": AN}}, headers=owner).json()
    assert [one["state"] for one in shown] == ["withdrawn"]


def test_a_paper_handed_out_on_consent_is_not_fetched_once_it_was_taken_back(world) -> None:
    clerk, client = world.issuer.of("clerk"), world.client
    ask = {"owner": {"number": AN}, "papers": ["khai-sinh"], "evidence": WITNESS}
    consent = client.post("/v1/consents", json=ask, headers=clerk).json()["consent"]
    made = world.deposit(world.paper("a"), clerk, component=True)
    address = f"/v1/records/{made.json()['id']}/releases"
    release = client.post(address, json={"procedure": PROCEDURE}, headers=clerk).json()
    assert client.get(release["document"], headers=clerk).status_code == 200
    done = client.post(
        f"/v1/consents/{consent}/withdraw", json={"evidence": WITNESS}, headers=clerk
    ).json()
    assert done["kept"] == [made.json()["id"]]  # a law keeps it, for other procedures
    assert client.get(release["document"], headers=clerk).status_code == 404


def test_a_released_paper_is_fetched_by_who_asked_and_by_nobody_else(world) -> None:
    clerk, authority = world.issuer.of("clerk"), world.issuer.of("authority")
    record = world.deposit(world.paper("a"), clerk).json()["id"]
    address = f"/v1/records/{record}/releases"
    release = world.client.post(address, json={"procedure": PROCEDURE}, headers=authority).json()
    others = (clerk, world.issuer.of("authority", sub="another"))
    for other in others:
        assert world.client.get(release["document"], headers=other).status_code == 404


def test_a_paper_deposited_with_its_owner_unknown_is_bound_later(world) -> None:
    clerk = world.issuer.of("clerk")
    record = world.deposit(world.paper("a"), clerk, owner=None).json()
    assert record["owner"] == ""
    address = f"/v1/records/{record['id']}/bind"
    body = {"owner": {"number": AN}, "co_owners": [{"number": BINH}]}
    bound = world.client.post(address, json=body, headers=clerk).json()
    assert (bound["owner"], bound["co_owners"]) == ("001*******84", ["079*******34"])
    assert [[one.id for one in world.kho.find(number)] for number in (AN, BINH)] == [
        [record["id"]]
    ] * 2


def test_master_images_are_kept_with_the_paper(world) -> None:
    clerk, pdf = world.issuer.of("clerk"), world.paper("a")
    paper = {"type": "khai-sinh", "owner": {"number": AN}}
    files = [
        ("file", ("x.pdf", pdf.read_bytes(), "application/pdf")),
        ("master", ("scan of 001087000084.jpg", b"first", "image/jpeg")),
        ("master", ("2.png", b"second", "image/png")),
    ]
    send = {"data": {"paper": json.dumps(paper)}, "headers": clerk}
    made = world.client.post("/v1/records", files=files, **send)
    assert made.status_code == 201, made.text
    record = world.kho.get(made.json()["id"])
    assert record.masters == ("0001.jpg", "0002.png")
    assert world.kho.read_master(record, "0002.png") == b"second"
    files[1] = ("master", ("1.gif", b"?", "image/gif"))
    assert world.client.post("/v1/records", files=files, **send).status_code == 422


def secret(path, mark="MẬT") -> None:
    page = FPDF()
    page.add_font("Tinos", fname=TINOS)
    page.set_font("Tinos", size=14)
    page.add_page()
    page.cell(text=mark)
    page.output(str(path))


def scanned_secret(path) -> None:
    """The same as a scan that nobody has recognised: a picture."""
    secret(path, "TUYỆT MẬT")
    with pypdfium2.PdfDocument(path) as pdf:
        picture = pdf[0].render(scale=200 / 72).to_pil()
    picture.save(path, "PDF", resolution=200)


def locked(path) -> None:
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.save(path, encryption=pikepdf.Encryption(owner="x", user="y"))


def forged(path) -> None:
    """A field that says it is signed, with nothing in it that could be checked."""
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        value = pikepdf.Dictionary(
            Type=pikepdf.Name.Sig,
            Filter=pikepdf.Name("/Adobe.PPKLite"),
            SubFilter=pikepdf.Name("/ETSI.CAdES.detached"),
            Contents=b"\x30\x03\x02\x01\x01",
            ByteRange=[0, 10, 20, 10],
        )
        field = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.Widget,
            FT=pikepdf.Name.Sig,
            T="Signature",
            Rect=[0, 0, 0, 0],
            V=pdf.make_indirect(value),
        )
        field = pdf.make_indirect(field)
        pdf.pages[0].Annots = pikepdf.Array([field])
        pdf.Root.AcroForm = pikepdf.Dictionary(Fields=[field], SigFlags=3)
        pdf.save(path)


@pytest.mark.on_disk
@pytest.mark.parametrize(
    "spoil",
    [
        secret,
        lambda path: secret(path, "| T Ố I  M Ậ T |"),
        scanned_secret,
        locked,
        forged,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"GIF89a"),
        lambda path: path.write_bytes(path.read_bytes()[:-80]),
    ],
    ids=["secret", "stamped", "scanned", "locked", "forged", "empty", "no PDF", "cut short"],
)
def test_a_paper_unfit_to_be_kept_is_refused_as_the_command_refuses_it(world, spoil) -> None:
    paper = world.paper("a")
    spoil(paper)
    with pytest.raises(SohoaError) as caught:
        deposit_file(paper, AN, "khai-sinh")
    for role in ("clerk", "postal-agent"):
        refused = world.deposit(paper, world.issuer.of(role))
        told = refused.json()
        assert refused.status_code in (409, 422), told
        assert told["type"] == f"urn:sohoa:problem:{caught.value.message_id}"
        assert str(world.kho.folder.parent) not in told["detail"]
    assert world.kho.find(AN, status="any") == []


@pytest.mark.on_disk
def test_the_same_paper_again_is_the_same_record_and_another_a_conflict(world) -> None:
    clerk, pdf = world.issuer.of("clerk"), world.paper("a")
    first, again = (world.deposit(pdf, clerk, number="12") for _time in range(2))
    assert first.json()["id"] == again.json()["id"]
    other = world.deposit(world.paper("b"), clerk, number="12")
    assert other.status_code == 409
    assert other.json()["record"] == first.json()["id"]
    newer = world.deposit(world.made[-1], clerk, number="12", supersede=True).json()
    assert (newer["id"], newer["version"]) == (first.json()["id"], 2)
    address = f"/v1/records/{newer['id']}/document"
    old = world.client.get(address, params={"version": 1}, headers=clerk)
    assert old.content == pdf.read_bytes()
    assert world.client.get(address, params={"version": 3}, headers=clerk).status_code == 404


@pytest.mark.on_disk
def test_a_damaged_paper_never_leaves_whole(world, store, damaged) -> None:
    clerk = world.issuer.of("clerk")
    record = world.deposit(world.paper("a"), clerk).json()["id"]
    (stored,) = store.papers()
    store.write(stored, damaged(store.read(stored)))
    answer = world.client.get(f"/v1/records/{record}/document", headers=clerk)
    assert (answer.status_code, answer.json()["type"][-14:]) == (503, "damaged-object")


@pytest.mark.on_disk
def test_the_verification_page_stands_beside_it_and_needs_no_token(world) -> None:
    record = world.deposit(world.paper("a"), world.issuer.of("clerk")).json()["id"]
    start = world.client.get("/v")
    assert (start.status_code, start.headers["content-type"][:9]) == (200, "text/html")
    shown = world.client.get(f"/v/{record}", headers={"Accept-Language": "en"})
    assert shown.status_code == 200
    assert "Giấy khai sinh" in shown.text
    assert AN not in shown.text
    assert 'route="/v/{code:path}"' in world.client.get("/metrics").text


@pytest.mark.on_disk
def test_the_code_on_a_paper_whose_owner_was_bound_later_still_leads_to_its_page(world) -> None:
    clerk = world.issuer.of("clerk")
    record = world.deposit(world.paper("a"), clerk, owner=None).json()["id"]
    printed = world.kho.lookups.check_code(world.kho.get(record).code)
    body = {"owner": {"number": AN}}
    before = world.client.get(f"/v/{printed}", headers={"Accept-Language": "en"}).text
    world.client.post(f"/v1/records/{record}/bind", json=body, headers=clerk)
    after = world.client.get(f"/v/{printed}", headers={"Accept-Language": "en"}).text
    assert "In force" in before or "in force" in before
    assert "Giấy khai sinh" in after
    assert "001*******84" in after
    world.kho.erase(record, "theo yêu cầu", Actor("Lò Thị Hạnh", "supervisor", ""))
    gone = world.client.get(f"/v/{printed}", headers={"Accept-Language": "en"}).text
    assert "Giấy khai sinh" not in gone
