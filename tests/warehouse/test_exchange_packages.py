"""What comes from strangers: whatever is wrong with a package, it is refused for that cause."""

import io
import json
import os
import random
import stat
import struct
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import bagit
import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from profiles import load_form
from warehouse.exchange import Component, Package, Part, Sender, open_package, write_package
from warehouse.exchange import errors as refusals
from warehouse.exchange.asic import SIGNATURE, SIGNED
from warehouse.exchange.manifest import MANIFEST, Holder
from warehouse.exchange.national import national_record, national_schema
from warehouse.exchange.packing import digest
from warehouse.exchange.unpacking import Bounds, unpack
from warehouse.values import new_id

ROOT = Path(__file__).resolve().parents[2]
FORMS = [
    ("asic", "p.asice"),
    ("bagit", "bag"),
    ("bagit", "bag.zip"),
    ("json", "folder"),
    ("json", "folder.zip"),
]


def seal(data: bytes) -> bytes:
    """Stands in for a signature: who signed is judged elsewhere."""
    return b"signature of " + data[:8]


@pytest.fixture(scope="module")
def parts() -> dict[str, bytes]:
    record = new_id()
    return {
        f"{record}-v1.pdf": b"%PDF-1.7\n" + bytes(range(256)) * 40,
        f"{record}-v1.json": b'{"MaKetQua": "x"}\n' * 40,
        f"{record}-v1.receipt.jws": b"a.b.c\n",
    }


@pytest.fixture(scope="module")
def package(parts: dict[str, bytes]) -> Package:
    listed = [
        Part(name=name, size=len(data), sha256=digest(data, "sha256"))
        for name, data in parts.items()
    ]
    component = Component(
        record=listed[0].name[:26],
        version=1,
        code="001087000084.KQ.1",
        paper="khai-sinh",
        type_code="KQ.G15.000031",
        title="Giấy khai sinh",
        owner=Holder(identifier="001087000084", name="Nguyễn Văn An"),
        deposited_at=datetime(2026, 11, 24, tzinfo=UTC),
        office="H99.01",
        release=new_id(),
        basis="NĐ 45/2020/NĐ-CP Điều 16",
        document=listed[0],
        national=listed[1],
        receipt=listed[2],
    )
    sender = Sender(code="H99.01", office="Một cửa", agency="UBND", system="sohoa", operator="Bình")
    now = datetime(2026, 11, 24, 5, 6, 7, tzinfo=UTC)
    return Package(
        id=new_id(), packed_at=now, packed_by=sender, procedure="1.004222", components=(component,)
    )


@pytest.fixture
def opened(tmp_path: Path) -> Callable[[Path], object]:
    def run(path: Path, bounds: Bounds | None = None):
        scratch = tmp_path / f"scratch-{new_id()}"
        scratch.mkdir()
        return open_package(path, scratch, bounds)

    return run


def entries(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewrite(path: Path, content: dict[str, bytes], **changed: int) -> Path:
    """The same container with other content; ``changed``: attributes of the last entry."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o100600 << 16
            if name == list(content)[-1]:
                for key, value in changed.items():
                    setattr(info, key, value)
            archive.writestr(info, data)
    return path


@pytest.fixture
def asic(tmp_path: Path, package: Package, parts: dict[str, bytes]) -> Path:
    write_package(tmp_path / "p.asice", "asic", package, parts, seal)
    return tmp_path / "p.asice"


@pytest.mark.parametrize(("form", "name"), FORMS)
def test_what_was_packed_is_what_is_opened(tmp_path, package, parts, opened, form, name) -> None:
    target = tmp_path / name
    write_package(target, form, package, parts, seal)
    found = opened(target)
    assert (found.form, found.package) == (form, package)
    assert {key: path.read_bytes() for key, path in found.files.items()} == parts
    assert found.signature == seal(found.signed)
    modes = {path.stat().st_mode & 0o077 for path in [target, *target.rglob("*")]}
    assert modes == {0}


def test_the_library_of_congress_accepts_the_bag(tmp_path, package, parts) -> None:
    write_package(tmp_path / "bag", "bagit", package, parts, seal)
    bag = bagit.Bag(str(tmp_path / "bag"))
    bag.validate()
    assert (bag.version_info, sorted(bag.algorithms)) == ((1, 0), ["sha256", "sha512"])
    assert bag.info["External-Identifier"] == package.id


def test_a_container_begins_with_its_type_where_programs_look_for_it(asic) -> None:
    head = asic.read_bytes()[:80]
    assert head[30:38] == b"mimetype"
    assert head[38:69] == b"application/vnd.etsi.asic-e+zip"
    assert entries(asic).keys() >= {SIGNED, SIGNATURE, MANIFEST}


@pytest.mark.parametrize(("form", "name"), FORMS)
def test_no_byte_can_be_changed_unseen(tmp_path, package, parts, opened, form, name) -> None:
    """The signature itself stands in here; its own bytes are for those who judge it."""
    chance = random.Random(5)  # noqa: S311  which bytes, no secret
    target = tmp_path / name
    write_package(target, form, package, parts, seal)
    signed = opened(target).signed
    files = [target] if target.is_file() else [p for p in target.rglob("*") if p.is_file()]
    for file in files:
        whole = file.read_bytes()
        for place in chance.sample(range(len(whole)), min(60, len(whole))):
            bent = bytearray(whole)
            bent[place] ^= 1 << chance.randrange(8)
            file.write_bytes(bent)
            try:
                found = opened(target)
            except refusals.PackageRefused:
                continue
            if found.signed != signed:
                continue  # the signature is none of this
            # What is free: the signature's own bytes, a ZIP entry's date, the case of a digest.
            assert found.package == package
            assert {key: path.read_bytes() for key, path in found.files.items()} == parts
        file.write_bytes(whole)


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("../../evil.pdf", refusals.UnsafeName),
        ("/etc/passwd", refusals.UnsafeName),
        ("a/../../b", refusals.UnsafeName),
        ("C:\\evil.pdf", refusals.UnsafeName),
        ("dir\\file", refusals.UnsafeName),
        (".hidden", refusals.UnsafeName),
        ("giấy.pdf", refusals.UnsafeName),
        ("a" * 200, refusals.UnsafeName),
        ("META-INF/", refusals.NotARegularFile),
        ("PACKAGE.JSON", refusals.NamedTwice),
        ("META-INF/manifest.xml", refusals.StrangeFile),
        ("more.pdf", refusals.StrangeFile),
    ],
)
def test_strange_names_are_refused_by_what_is_wrong_with_them(
    asic, opened, tmp_path, name, refused
) -> None:
    rewrite(asic, {**entries(asic), name: b"x"})
    with pytest.raises(refused):
        opened(asic)
    assert not list(tmp_path.parent.rglob("evil.pdf"))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_one_name_twice_is_refused(asic, opened) -> None:
    with zipfile.ZipFile(asic, "a") as archive:
        archive.writestr(zipfile.ZipInfo(MANIFEST), b"{}")
    with pytest.raises(refusals.NamedTwice):
        opened(asic)


def test_links_and_devices_are_refused(asic, opened, tmp_path, package, parts) -> None:
    link = (stat.S_IFLNK | 0o777) << 16
    rewrite(asic, {**entries(asic), "link.pdf": b"/etc/passwd"}, external_attr=link)
    with pytest.raises(refusals.NotARegularFile):
        opened(asic)
    write_package(tmp_path / "folder", "json", package, parts, seal)
    (tmp_path / "folder" / "link.pdf").symlink_to("/etc/passwd")
    with pytest.raises(refusals.NotARegularFile):
        opened(tmp_path / "folder")
    (tmp_path / "folder" / "link.pdf").unlink()
    os.mkfifo(tmp_path / "folder" / "pipe.pdf")
    with pytest.raises(refusals.NotARegularFile):
        opened(tmp_path / "folder")


def test_an_encrypted_entry_is_refused(asic, opened) -> None:
    data = bytearray(asic.read_bytes())
    data[data.rfind(b"PK\x01\x02") + 8] |= 1  # the flag in the directory
    asic.write_bytes(data)
    with pytest.raises(refusals.PackageEncrypted):
        opened(asic)


def test_bombs_are_refused_before_they_are_unpacked(asic, opened, tmp_path) -> None:
    bomb = {**entries(asic), "bomb.json": bytes(64 << 20)}
    rewrite(asic, bomb, compress_type=zipfile.ZIP_DEFLATED)
    with pytest.raises(refusals.PackageTooLarge):
        opened(asic)
    assert not any(path.stat().st_size > 1 << 20 for path in tmp_path.rglob("scratch-*/*"))
    rewrite(asic, entries(asic) | {"bomb.json": b"x"})
    for few in (Bounds(files=3), Bounds(all=1000), Bounds(file=1000)):
        with pytest.raises(refusals.PackageTooLarge):
            opened(asic, few)


def test_an_entry_that_gives_more_than_it_says_is_refused(asic, opened) -> None:
    """The size in both headers halved: what a reader that trusts the stream would unpack."""
    with zipfile.ZipFile(asic, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", bytes(1000))
    data = asic.read_bytes().replace(struct.pack("<L", 1000), struct.pack("<L", 500))
    asic.write_bytes(data)
    with pytest.raises(refusals.PackageDamaged):
        opened(asic)


@pytest.mark.parametrize("where", ["before", "between", "after", "comment", "cut"])
def test_nothing_hides_in_a_zip_file(asic, opened, where) -> None:
    data = asic.read_bytes()
    second = data.find(b"PK\x03\x04", 4)
    end = data.rfind(b"PK\x05\x06")
    altered = {
        "before": b"MZ" + data,
        "between": data[:second] + b"hidden" + data[second:],
        "after": data + b"hidden",
        "comment": data[:-2] + b"\x06\x00hidden",
        "cut": data[: end - 5],
    }[where]
    asic.write_bytes(altered)
    with pytest.raises((refusals.PackageDamaged, refusals.NotAPackage)):
        opened(asic)


def test_headers_that_name_two_things_are_refused(asic, opened) -> None:
    data = bytearray(asic.read_bytes())
    data[30:38] = b"mimetypf"  # the local name; the directory's stays
    asic.write_bytes(data)
    with pytest.raises(refusals.PackageDamaged):
        opened(asic)


def test_a_wrong_late_or_packed_mimetype_is_refused(asic, opened) -> None:
    good = entries(asic)
    rewrite(asic, good | {"mimetype": b"application/vnd.etsi.asic-s+zip"})
    with pytest.raises(refusals.WrongMimetype):
        opened(asic)
    late = {name: data for name, data in good.items() if name != "mimetype"}
    rewrite(asic, late | {"mimetype": good["mimetype"]})
    with pytest.raises(refusals.WrongMimetype):
        opened(asic)
    with zipfile.ZipFile(asic, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in good.items():
            archive.writestr(name, data)
    with pytest.raises(refusals.WrongMimetype):
        opened(asic)


@pytest.mark.parametrize("gone", [SIGNED, SIGNATURE, MANIFEST, "pdf"])
def test_what_must_be_there_is_missed(asic, opened, gone) -> None:
    kept = {name: data for name, data in entries(asic).items() if not name.endswith(gone)}
    rewrite(asic, kept)
    with pytest.raises(refusals.PartMissing, match=gone.split("/")[-1]):
        opened(asic)


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"<a/>",
        b"not xml",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<asic:ASiCManifest xmlns:asic="http://uri.etsi.org/02918/v1.2.1#"/>',
        b"<a>" * 100_000,
    ],
)
def test_a_manifest_that_is_none_is_refused(asic, opened, xml) -> None:
    rewrite(asic, entries(asic) | {SIGNED: xml})
    with pytest.raises(refusals.ManifestFaulty):
        opened(asic)


def json_folder(tmp_path: Path, package: Package, parts: dict[str, bytes]) -> Path:
    target = tmp_path / f"folder-{new_id()}"
    write_package(target, "json", package, parts, seal)
    return target


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"format": "sohoa-package"}',
        b"[" * 100_000,
        b"\xff\xfe",
        b'{"id": NaN}',
    ],
)
def test_json_that_says_nothing_is_refused(tmp_path, package, parts, opened, text) -> None:
    folder = json_folder(tmp_path, package, parts)
    (folder / MANIFEST).write_bytes(text)
    with pytest.raises(refusals.ManifestFaulty):
        opened(folder)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("record", "../../etc"),
        ("version", 0),
        ("code", "01M87D6DJWWNSDPA6SCT9BRNSY"),
        ("document", {"name": "../x.pdf", "size": 1, "sha256": "0" * 64}),
        ("document", {"name": "package.json", "size": 1, "sha256": "0" * 64}),
        ("deposited_at", "yesterday"),
        ("surprise", 1),
    ],
)
def test_what_a_component_cannot_say_is_refused(
    tmp_path, package, parts, opened, key, value
) -> None:
    folder = json_folder(tmp_path, package, parts)
    said = json.loads((folder / MANIFEST).read_bytes())
    said["components"][0][key] = value
    (folder / MANIFEST).write_text(json.dumps(said))
    with pytest.raises(refusals.ManifestFaulty):
        opened(folder)
    twice = json.dumps(said)[:-1] + ', "id": "01M87D6DJWWNSDPA6SCT9BRNSY"}'
    (folder / MANIFEST).write_text(twice)
    with pytest.raises(refusals.ManifestFaulty):
        opened(folder)


def test_a_bag_is_held_against_each_of_its_lists(tmp_path, package, parts, opened) -> None:
    bag = tmp_path / "bag"
    write_package(bag, "bagit", package, parts, seal)
    lists = [f"{tag}manifest-{kind}.txt" for tag in ("", "tag") for kind in ("sha256", "sha512")]
    for name in [*lists, "bagit.txt", "bag-info.txt"]:
        whole = (bag / name).read_bytes()
        (bag / name).unlink()
        with pytest.raises((refusals.PartMissing, refusals.NotAPackage)):
            opened(bag)
        (bag / name).write_bytes(whole + b"more\n")
        with pytest.raises((refusals.ManifestFaulty, refusals.ContentAltered)):
            opened(bag)
        (bag / name).write_bytes(whole)
    (bag / "data" / "more.pdf").write_bytes(b"x")
    with pytest.raises(refusals.StrangeFile):
        opened(bag)
    (bag / "data" / "more.pdf").unlink()
    (bag / "fetch.txt").write_text("https://example.vn/x 1 data/x\n")  # RFC 8493, 2.2.3
    with pytest.raises(refusals.StrangeFile):
        opened(bag)


def test_what_is_no_package_at_all_is_said_to_be_none(tmp_path, opened) -> None:
    (tmp_path / "x.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "empty").mkdir()
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("a.txt", "a")
    (tmp_path / "y.zip").write_bytes(zipped.getvalue())
    for name in ("x.pdf", "empty", "y.zip"):
        with pytest.raises(refusals.NotAPackage):
            opened(tmp_path / name)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_becomes_of_a_zip_file_it_is_opened_whole_or_refused(tmp_path, asic, data) -> None:
    whole = asic.read_bytes()
    start = data.draw(st.integers(0, len(whole) - 1))
    length = data.draw(st.integers(0, 40))
    put_in = data.draw(st.binary(max_size=40))
    bent = tmp_path / "bent.asice"
    bent.write_bytes(whole[:start] + put_in + whole[start + length :])
    scratch = tmp_path / f"scratch-{new_id()}"
    scratch.mkdir()
    with suppress(refusals.PackageRefused):
        unpack(bent, scratch)


def test_the_published_schemas_are_those_of_the_code(package) -> None:
    from dossier.exporting import schema_of_packages

    published = (ROOT / "docs" / "schemas" / "package.schema.json").read_text("utf-8")
    assert published == schema_of_packages()
    jsonschema.validate(json.loads(package.to_json()), json.loads(published))
    form = load_form("thanh-phan-2026")
    component = json.loads((ROOT / "docs" / "schemas" / "component.schema.json").read_text("utf-8"))
    assert component == national_schema(form)


def test_a_national_record_has_the_names_of_its_form(put, pdf) -> None:
    form = load_form("thanh-phan-2026")
    record = put(pdf("a"))
    said = national_record(record, form, "x.pdf")
    jsonschema.validate(said, national_schema(form))
    assert said["HashTepTin"] == record.sha256
    assert said["MaThanhPhanHoSo"] == "KQ.G15.000031"
    names = form.names.model_copy(update={"title": "", "sha256": "Bam"})
    other = national_record(record, form.model_copy(update={"names": names}), "x.pdf")
    assert "TenGiayTo" not in other
    assert other["Bam"] == record.sha256
