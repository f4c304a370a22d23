"""A document printed and scanned again: its seal is checked, and that it is the same paper."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pikepdf
import pypdfium2
import pytest
import segno

OWNER = "001087000084"
ORDER = ("intake", "-p", "hai-giay", "--owner", OWNER, "--level", "b-b", "--json", "--agreed")


@pytest.fixture
def document(counter, papers) -> Path:
    """A signed document with a signed seal, as intake makes it."""
    sheets = [f"--sheets={name}={papers[name]}" for name in ("quyet-dinh", "khai-sinh")]
    done = counter.run(*ORDER, *sheets, "--pin-fd")
    assert done.returncode == 0, done.stderr
    return Path(json.loads(done.stdout)["parts"][0]["file"])


def printed(document: Path, target: Path, dpi: float = 200.0) -> np.ndarray:
    """Page 1 as a scanner sees it on paper: a little tilted, soft and noisy."""
    with pypdfium2.PdfDocument(document) as pdf:
        page = pdf[0].render(scale=dpi / 72).to_numpy()[:, :, :3].copy()
    height, width = page.shape[:2]
    tilted = cv2.warpAffine(
        page,
        cv2.getRotationMatrix2D((width / 2, height / 2), 1.2, 1.0),
        (width, height),
        borderValue=(250, 250, 250),
    )
    soft = cv2.GaussianBlur(tilted, (0, 0), 0.6).astype(np.float64)
    noise = np.random.default_rng(1).normal(0, 6, soft.shape)
    scan = np.clip(soft * 0.96 + noise, 0, 255).astype(np.uint8)
    cv2.imwrite(str(target), scan, [cv2.IMWRITE_JPEG_QUALITY, 75])
    return scan


def photographed(page: np.ndarray, target: Path) -> None:
    """The paper on a dark table, seen from in front of it: the far side comes out narrower."""
    height, width = page.shape[:2]
    size = (int(width * 1.4), int(height * 1.25))
    corners = np.array(((0, 0), (width, 0), (width, height), (0, height)), np.float32)
    seen = np.array(((0.24, 0.12), (0.78, 0.1), (0.9, 0.93), (0.1, 0.91)), np.float32)
    matrix = cv2.getPerspectiveTransform(corners, seen * np.array(size, np.float32))
    photo = cv2.warpPerspective(page, matrix, size, flags=cv2.INTER_CUBIC, borderValue=(60, 70, 90))
    cv2.imwrite(str(target), photo, [cv2.IMWRITE_JPEG_QUALITY, 85])


def answer(done) -> dict:
    (one,) = json.loads(done.stdout)
    return one


def test_a_printed_document_is_known_again_and_another_paper_is_not(
    counter, complains, document
) -> None:
    scan = counter.folder / "scan.jpg"
    page = printed(document, scan)
    known = counter.run("verify", "--qr", scan, document, "--json")
    assert known.returncode == 0, known.stderr
    on_paper, in_file = json.loads(known.stdout)
    assert on_paper["paper"]["verdict"] == "matches"
    assert (in_file["verdict"], in_file["paper"]) == ("valid", None)  # the file itself, by digest
    assert OWNER not in json.dumps(on_paper["seal"]["owner"])
    assert on_paper["seal"]["signer"] == "DẤU QR XÃ HÒA AN"

    photo = counter.folder / "photo.jpg"
    photographed(page, photo)  # at an angle: it is made flat before it is read
    height = len(page)
    page[height // 3 :] = 250  # the seal on a paper whose text is gone
    cv2.imwrite(str(scan), page)
    refused = counter.run("verify", "--qr", scan, photo, "--json")
    assert refused.returncode == 8
    other_paper, same_paper = json.loads(refused.stdout)
    assert other_paper["paper"]["verdict"] != "matches"
    assert same_paper["paper"]["verdict"] == "matches", same_paper

    page[: height // 3] = 250
    cv2.imwrite(str(scan), page)
    complains(counter.run("verify", "--qr", scan, "--quiet"), 8, "no QR seal")


def test_a_seal_moved_to_another_document_is_found(counter, complains, document) -> None:
    assert answer(counter.run("verify", document, "--json"))["seal"]["verdict"] == "valid"
    changed = counter.folder / "changed.pdf"
    shutil.copy(document, changed)
    with pikepdf.open(changed, allow_overwriting_input=True) as pdf:
        pdf.pages[0].contents_add(b"0 0 20 20 re f")
        pdf.save(changed)
    done = counter.run("verify", changed, "--json")
    assert done.returncode == 8
    assert answer(done)["seal"]["cause"] == "other-content"


def test_an_office_without_a_seal_key_hears_of_it_before_anything_is_scanned(
    counter, complains, papers
) -> None:
    text = counter.office.read_text()
    counter.office.write_text(text[: text.index("[credential]")] + text[text.index("[signers") :])
    order = [f"--sheets={name}={papers[name]}" for name in ("quyet-dinh", "khai-sinh")]
    complains(counter.run(*ORDER, *order, "--pin-fd"), 6, "[credential]")
    assert not list(counter.home.glob("dossiers/*/parts"))


def test_one_unreadable_file_does_not_keep_the_others_from_their_verdicts(
    counter, document
) -> None:
    (counter.folder / "text.pdf").write_text("no PDF")
    done = counter.run("verify", "text.pdf", document, "missing.pdf", "--json")
    assert done.returncode == 8
    verdicts = [one["verdict"] for one in json.loads(done.stdout)]
    assert verdicts == ["indeterminate", "valid", "indeterminate"]


def test_a_code_that_is_an_address_is_shown_and_proves_nothing(counter) -> None:
    address = "https://tra-cuu.example.vn/001087000084.KQ.G15.000031.000123"
    segno.make(address, error="m").save(str(counter.folder / "page.png"), scale=8)
    done = counter.run("verify", "--qr", "page.png", "--json")
    assert done.returncode == 8
    one = answer(done)
    assert (one["verdict"], one["seal"]["form"]) == ("indeterminate", "url")
    assert one["seal"]["paper_name"] == address
