"""``sohoa print-copy``: the paper form of an electronic result."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pikepdf
import pypdfium2
import pytest
import zxingcpp
from fpdf import FPDF

from digitize.content import content_digest
from digitize.seal import read_seals, seal_pdf
from dossier.print_copy import NotToBePrinted
from foundation.times import utc_now
from profiles import SealRules
from signing.credential import SealClaims, issue, load_seal_key
from signing.rehearsal import Rehearsal

TINOS = "/usr/share/fonts/truetype/croscore/Tinos-Regular.ttf"
CODE = "001087000084.KQ.G15.000031.000123"
SIZES = {"a4": (210, 297), "a5": (148, 210), "across": (297, 210), "card": (85.6, 54)}
LETTER = "Kết quả giải quyết thủ tục hành chính"


def written(path: Path, *sizes: str, low: bool = False) -> Path:
    """A page of print for each size; ``low``: down to the very foot."""
    pdf = FPDF(unit="mm")
    pdf.add_font("Tinos", "", TINOS)
    pdf.set_auto_page_break(False)
    for name in sizes:
        width, height = SIZES[name]
        pdf.add_page(format=(width, height))
        pdf.set_font("Tinos", "", 9)
        for y in range(40 if height > 100 else 10, int(height - (4 if low else 60)), 6):
            pdf.text(12, y, f"{LETTER} {y}")
    path.write_bytes(bytes(pdf.output()))
    return path


@pytest.fixture
def result_of(pki: Rehearsal, tmp_path: Path, counter: Any) -> Callable[..., Path]:
    """Seal and sign a PDF as an agency does."""

    def make(plain: Path, turned: int = 0) -> Path:
        sealed, signed = tmp_path / "sealed.pdf", tmp_path / f"result-{turned}.pdf"
        with pikepdf.open(plain, allow_overwriting_input=True) as pdf:
            for page in pdf.pages:
                page.rotate(turned, relative=False)
            pdf.save(plain)
        fields = {"record_code": CODE, "paper_name": "Giấy khai sinh"}
        claims = SealClaims(fields, utc_now(), content_digest(plain))
        key = load_seal_key(pki.seal_key, pki.seal_pem)
        seal_pdf(plain, sealed, issue(claims, key), SealRules(), keep_free=(72, 20))
        done = counter.run("sign", sealed, "-o", signed, "--level", "b-b", "--pin-fd")
        assert done.returncode == 0, done.stderr
        return signed

    return make


def picture(path: Path, page: int = 0, dpi: int = 100) -> "np.ndarray[Any, Any]":
    with pypdfium2.PdfDocument(path) as document:
        document.init_forms()
        drawn = document[page].render(scale=dpi / 72, grayscale=True).to_numpy()
        return np.asarray(drawn).reshape(drawn.shape[:2]).copy()


def words(path: Path) -> str:
    done = subprocess.run(
        ["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True
    )
    return " ".join(done.stdout.split())


@pytest.mark.parametrize(("turned", "low"), [(0, False), (90, True), (180, False), (270, True)])
def test_pages_stand_upright_over_a_strip_that_says_what_the_decree_asks(
    turned: int, low: bool, counter: Any, result_of: Callable[..., Path]
) -> None:
    source = result_of(written(counter.folder / "w.pdf", "a4", "a5", "across", low=low), turned)
    made = counter.run(
        "print-copy", source, "-o", "paper.pdf", "--operator", "Lò Thị Hạnh", lang="vi"
    )
    assert made.returncode == 0, made.stderr
    assert CODE[:12] not in made.stdout  # the number stands on the paper alone
    copy = counter.folder / "paper.pdf"
    said = words(copy)
    for word in ("Mã tra cứu", CODE, "Lò Thị Hạnh", "+07:00", "sohoa", "Điều 18", "Trang 2/3"):
        assert word in said
    assert said.count("SAO Y") == 1  # the agency's signature stays, as it looks
    with pikepdf.open(copy) as printed:
        assert "/AcroForm" not in printed.Root
        assert not any("/Annots" in page for page in printed.pages)
        for after, name in zip(printed.pages, ("a4", "a5", "across"), strict=True):
            sides = SIZES[name][::-1] if turned % 180 else SIZES[name]
            shown = [float(side) / 72 * 25.4 for side in after.mediabox[2:]]
            assert shown == pytest.approx(sides, abs=0.1)  # also where the seal made it taller
            assert "/Rotate" not in after
    for page in range(3):
        old, new, sharp = (
            picture(source, page, 40),
            picture(copy, page, 40),
            picture(copy, page, 200),
        )
        foot = np.ascontiguousarray(sharp[sharp.shape[0] * 3 // 4 :])
        assert [code.text for code in zxingcpp.read_barcodes(foot)] == read_seals(source)
        assert likeness(old, new[: int(new.shape[0] * 0.75)]) > 0.75


def likeness(old: "np.ndarray[Any, Any]", shown: "np.ndarray[Any, Any]") -> float:
    """How well the upper part of the copy is found in the original, at its best size."""
    best = 0.0
    for scale in np.linspace(0.6, 1.0, 41):
        small = cv2.resize(old, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        high = int(min(shown.shape[0], small.shape[0]) * 0.8)
        wide = small.shape[1] - 4
        part = small[2:high, 2:wide]
        if part.shape[0] > shown.shape[0] or part.shape[1] > shown.shape[1]:
            continue
        found = cv2.matchTemplate(
            cv2.GaussianBlur(shown, (0, 0), 1),
            cv2.GaussianBlur(part, (0, 0), 1),
            cv2.TM_CCOEFF_NORMED,
        )
        best = max(best, float(found.max()))
    return best


def test_a_card_is_printed_at_its_size_on_a4(counter: Any, result_of: Callable[..., Path]) -> None:
    source = result_of(written(counter.folder / "w.pdf", "card"))
    assert counter.run("print-copy", source, "-o", "paper.pdf").returncode == 0
    with pikepdf.open(counter.folder / "paper.pdf") as printed:
        assert [float(x) for x in printed.pages[0].mediabox] == pytest.approx(
            [0, 0, 595.28, 841.89], abs=0.1
        )


def test_nothing_is_printed_of_what_does_not_hold(
    counter: Any, complains: Any, result_of: Callable[..., Path]
) -> None:
    plain = written(counter.folder / "w.pdf", "a4")
    complains(
        counter.run("print-copy", plain, "-o", "p.pdf", "--code", "X"), 8, "w.pdf", "not valid"
    )
    source = result_of(plain)
    with pikepdf.open(source, allow_overwriting_input=True) as pdf:
        pdf.pages[0].contents_add(b"1 0 0 rg 100 100 50 50 re f")
        pdf.save(source)
    complains(counter.run("print-copy", source, "-o", "p.pdf"), 8, "not valid", "sohoa verify")
    complains(counter.run("print-copy", counter.folder / "no.pdf", "-o", "p.pdf"), 3, "no.pdf")
    assert NotToBePrinted.exit_code == 8
    assert not (counter.folder / "p.pdf").exists()
    assert not counter.leftovers()


def test_a_code_is_needed_and_the_original_is_never_replaced(
    counter: Any, complains: Any, pki: Rehearsal
) -> None:
    plain = written(counter.folder / "w.pdf", "a4")
    assert (
        counter.run("sign", plain, "-o", "signed.pdf", "--signer", "clerk", "--pin-fd").returncode
        == 0
    )
    complains(counter.run("print-copy", "signed.pdf", "-o", "p.pdf"), 2, "--code")
    complains(counter.run("print-copy", "signed.pdf", "-o", "signed.pdf"), 2, "-o")
    for code in ("x" * 3000, "A1\nDigital signatures: forged"):
        odd = counter.run("print-copy", "signed.pdf", "-o", "p.pdf", "--code", code)
        complains(odd, 2, "look-up code")
    (counter.folder / "t.pdf").write_text("no PDF")
    text = counter.run("print-copy", "t.pdf", "-o", "p.pdf", "--code", "A1")
    complains(text, 3, "t.pdf cannot be read")  # by its name, not that of the copy looked at
    made = counter.run("print-copy", "signed.pdf", "-o", "p.pdf", "--code", "TRA-CUU-1", "--json")
    assert made.returncode == 0, made.stderr
    assert '"code": "TRA-CUU-1"' in made.stdout
    assert "TRA-CUU-1" in words(counter.folder / "p.pdf")
