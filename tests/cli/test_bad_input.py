"""Bad input through the real command: the table's exit code, one line, nothing left behind."""

import json
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

PDF = "out.pdf"
SOHOA = str(Path(sys.executable).with_name("sohoa"))


def _png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + header + body + chunk(b"IEND", b"")


@pytest.fixture
def bad(tmp_path: Path, papers: dict[str, Path]) -> Path:
    """A folder of everything that must be refused."""
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "empty.jpg").touch()
    whole = folder / "whole.jpg"
    with Image.open(papers["quyet-dinh"]) as picture:
        picture.save(whole, "JPEG")
    (folder / "cut.jpg").write_bytes(whole.read_bytes()[:-5000])
    (folder / "text.pdf").write_text("not a PDF at all")
    pdf = pikepdf.new()
    pdf.add_blank_page()
    pdf.save(folder / "locked.pdf", encryption=pikepdf.Encryption(user="x", owner="y"))
    (folder / "huge.png").write_bytes(_png_header(50_000, 50_000))
    (folder / "001087000084.jpg").touch()
    return folder


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("empty.jpg", "empty"),
        ("cut.jpg", "cut short"),
        ("text.pdf", "not a picture"),
        ("locked.pdf", "password"),
        ("huge.png", "million pixels"),
        ("missing.jpg", "no such file"),
        ("001087000084.jpg", "001*******84.jpg"),
    ],
)
def test_a_bad_file_is_refused_in_one_line_and_nothing_is_written(
    counter, complains, bad: Path, name: str, says: str
) -> None:
    arguments = (
        "digitize",
        bad / name,
        "-o",
        PDF,
        "--report",
        "r.json",
        "--text",
        "t.txt",
        "--fields",
        "f.json",
        "--hocr",
        "h.html",
        "--alto",
        "a.xml",
    )
    complains(counter.run(*arguments), 3, says)
    assert not any((counter.folder / made).exists() for made in (PDF, "r.json", "t.txt"))
    assert not counter.leftovers()


def test_the_same_is_said_in_vietnamese_and_as_json(counter, complains, bad: Path) -> None:
    arguments = ("digitize", bad / "empty.jpg", "-o", PDF)
    assert "tệp" in complains(counter.run(*arguments, lang="vi"), 3)
    by_option = counter.run(*arguments, "--lang", "vi", lang="en")
    assert "tệp" in complains(by_option, 3)
    result = counter.run(*arguments, "--json")
    complains(result, 3)
    answer = json.loads(result.stdout)
    assert (answer["error"], answer["exit_code"]) == ("empty-file", 3)
    assert result.stderr == f"sohoa: {answer['message']}\n"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("digitize", "x.jpg", "-o", PDF, "--profile", "no-such"), 2, "no profile “no-such”"),
        (("digitize", "x.jpg", "-o", PDF, "--no-such"), 2, "--no-such"),
        (("digitize", "x.jpg"), 2, "--out"),
        (("find", "--owner", "00108700008"), 2, "001******08"),
        (("intake", "--owner", "001087000084"), 2, "--profile"),
        (("intake", "-p", "no-such", "--owner", "001087000084"), 2, "hai-giay"),
        (("intake", "-p", "hai-giay", "--owner", "001087000084", "--sheets", "x"), 2, "PAPER=FILE"),
        (("intake", "-p", "hai-giay", "--owner", "001087000084"), 2, "--scanner"),
        (("scan", "-o", "pages"), 5, "sohoa devices"),
        (("digitize", "scanner:", "-o", PDF), 5, "No scanner"),
        (("digitize", "scanner:", "x.jpg", "-o", PDF), 2, "either a scanner or files"),
        (("sign", "missing.pdf", "-o", PDF, "--signer", "nobody"), 6, "signers.nobody"),
        (("verify", "missing.pdf"), 3, "missing.pdf"),
        (("deposit", "no.pdf", "--owner", "001087000084", "--type", "khai-sinh"), 3, "no.pdf"),
        (("reuse", "01M8299DVDW42SHQDRXYJC8M1G", "--for", "x", "-o", PDF), 3, "no record"),
        (("audit", "verify"), 10, "no store"),
        (("warehouse", "check"), 10, "no store"),
        (("profile", "check", "missing.toml"), 3, "no such file"),
        (("training-scanner", "missing"), 3, "missing"),
    ],
)  # fmt: skip
def test_what_is_wrong_has_its_exit_code_and_one_line(
    counter, complains, arguments: tuple[str, ...], code: int, says: str
) -> None:
    complains(counter.run(*arguments, "--quiet"), code, says)
    assert not (counter.folder / PDF).exists()
    assert not counter.leftovers()


def test_wrong_usage_is_json_too_where_json_was_asked_for(counter, complains) -> None:
    result = counter.run("find", "--json")
    complains(result, 2, "--owner")
    assert json.loads(result.stdout)["error"] == "misused"


def test_the_owner_s_number_never_stands_in_an_error_or_an_answer(counter, complains) -> None:
    number = "001087000084"
    for arguments in (
        ("find", "--owner", number, "--json"),
        ("find", "--owner", number + "1", "--json"),
        ("deposit", f"{number}.pdf", "--owner", number, "--type", "khai-sinh", "--json"),
        ("verify", f"/{number}/x.pdf", "--json"),
    ):
        result = counter.run(*arguments)
        assert number not in result.stdout + result.stderr
    by_input = counter.run("find", "--owner", "-", "--json", stdin=f"{number}\n")
    assert (by_input.returncode, json.loads(by_input.stdout)) == (0, [])
    complains(counter.run("find", "--owner", "-"), 2, "12 digits")


def test_a_bad_profile_is_named_with_its_key(counter, complains) -> None:
    text = counter.office.read_text().replace("size_mm = 24.0", "size_mm = 240.0")
    counter.office.write_text(text)
    for arguments in (("profile", "check", counter.office), ("digitize", "x.jpg", "-o", PDF)):
        line = complains(counter.run(*arguments), 6, "seal.size_mm", "sohoa profile check")
        assert str(counter.office) in line


def test_a_procedure_of_unknown_papers_and_a_misnamed_profile_do_not_pass(
    counter, complains
) -> None:
    procedure = counter.folder / "profiles" / "procedures" / "hai-giay.toml"
    text = procedure.read_text()
    procedure.write_text(text.replace('"khai-sinh"', '"no-such"'))
    complains(counter.run("profile", "check", procedure), 6, "components.1.paper", "no-such")
    other = procedure.with_name("ba-giay.toml")
    other.write_text(text)
    complains(counter.run("profile", "check", other), 6, "name", "ba-giay")


def test_without_tesseract_it_says_how_to_install_it(counter, complains, papers) -> None:
    result = counter.run("digitize", papers["quyet-dinh"], "-o", PDF, PATH="/nowhere")
    complains(result, 6, "apt-get install tesseract-ocr")
    assert not (counter.folder / PDF).exists()
    assert not counter.leftovers()
    doctor = counter.run("doctor", "--json", PATH="/nowhere")
    complains(doctor, 6, "Tesseract")
    checks = {check["name"]: check for check in json.loads(doctor.stdout)}
    assert "apt-get install tesseract-ocr" in checks["Tesseract"]["mend"]
    assert not counter.home.exists()  # it only looks


@pytest.mark.parametrize(
    ("out", "says"), [("a-file/out.pdf", "a file stands where"), (".", "is a folder")]
)
def test_a_place_that_cannot_be_written_is_refused_before_the_work(
    counter, complains, papers, out: str, says: str
) -> None:
    (counter.folder / "a-file").touch()
    for arguments in (("-o", out), ("-o", PDF, "--report", out), ("-o", PDF, "--text", out)):
        complains(counter.run("digitize", papers["quyet-dinh"], *arguments), 3, says)
        assert not (counter.folder / PDF).exists()
    assert not counter.leftovers()


def test_a_document_never_takes_the_place_of_its_source(counter, complains, papers) -> None:
    folder = counter.folder / "sheets"
    folder.mkdir()
    source = folder / "a.png"
    source.write_bytes(papers["quyet-dinh"].read_bytes())
    complains(counter.run("digitize", source, "-o", source), 2, "one of the sources")
    complains(counter.run("digitize", folder, "-o", folder / PDF), 2, "one of the sources")
    complains(counter.run("digitize", source, "-o", PDF, "--text", PDF), 2, "two results")
    assert list(folder.iterdir()) == [source]


def test_blank_sheets_and_poor_ones_have_their_own_exit_code(counter, complains, papers) -> None:
    complains(counter.run("digitize", papers["blank"], "-o", PDF), 4, "--keep-blank")
    assert not (counter.folder / PDF).exists()
    complains(counter.run("digitize", papers["coarse"], "-o", PDF, "--json"), 4, "page 1", PDF)
    assert (counter.folder / PDF).exists()


def test_a_sheet_that_is_lost_is_told_of_and_the_rest_is_there(
    counter, complains, tmp_path
) -> None:
    frames = [Image.effect_noise((600, 800), 40).convert("L") for _ in range(2)]
    path = tmp_path / "two.tif"
    frames[0].save(
        path, save_all=True, append_images=frames[1:], compression="tiff_lzw", dpi=(200, 200)
    )
    data = bytearray(path.read_bytes())
    with Image.open(path) as picture:
        picture.seek(1)
        start = picture.tag_v2[273][0]
    data[start + 100 : start + 30_000] = bytes(29_900)
    path.write_bytes(data)
    result = counter.run("digitize", path, "-o", PDF, "--json", "--keep-blank")
    complains(result, 12, "1 of 2 pages", "two.tif#2")
    pages = json.loads(result.stdout)["pages"]
    assert [page["kept"] for page in pages] == [True, False]


def test_a_full_disk_is_said_and_leaves_nothing_half_written(
    counter, complains, papers, tmp_path: Path
) -> None:
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", place], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no right to mount a small disk")
    try:
        result = counter.run("digitize", papers["quyet-dinh"], "-o", place / PDF)
        complains(result, 6, "full")
        assert not list(place.iterdir())
        counter.environ["SOHOA_HOME"] = str(place / "home")
        complains(counter.run("digitize", papers["more"], papers["coarse"], "-o", PDF), 6, "full")
        assert not (counter.folder / PDF).exists()
    finally:
        subprocess.run(["umount", place], check=True)


def test_a_reader_that_leaves_and_a_full_output_are_no_fault(counter, complains) -> None:
    command = f"'{SOHOA}' profile list | head -1"
    result = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        env=counter.environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (result.returncode, result.stderr) == (0, "")
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [SOHOA, "profile", "list", "--lang", "en"],
            env=counter.environ, stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    complains(result, 6, "full")
    ascii_only = subprocess.run(
        [SOHOA, "profile", "list"],
        env=counter.environ | {"PYTHONIOENCODING": "ascii"}, capture_output=True, check=False,
    )  # fmt: skip
    assert (ascii_only.returncode, ascii_only.stderr) == (0, b"")
