"""Identity cards are read from their QR code, and what does not fit together is told."""

import io
from datetime import date

import cv2
import numpy as np
import pytest
import segno
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from zxingcpp import Binarizer

from ocr.codes import _codes, without_codes
from ocr.idcard import number_doubts, parse_payload, read_id_cards, read_qr_codes

PAYLOAD = "099091870835||Trần Văn Hải|08121991|Nam|thôn Trung, xã Hòa An, tỉnh Sông Lam|10032022"


def sheet(payload: str = PAYLOAD, module: int = 4, noise: float = 0.0) -> np.ndarray:
    """A4 at 200 dpi with a code on it."""
    stream = io.BytesIO()
    segno.make(payload, error="m", micro=False).save(stream, kind="png", scale=module, border=4)
    code = cv2.imdecode(np.frombuffer(stream.getvalue(), np.uint8), cv2.IMREAD_GRAYSCALE)
    page = np.full((2339, 1654), 245, np.uint8)
    page[300 : 300 + len(code), 900 : 900 + len(code)] = code
    grain = np.random.default_rng(0).normal(0, noise, page.shape)
    return np.clip(page + grain, 0, 255).astype(np.uint8)


def test_a_card_is_read_from_its_code():
    (card,) = read_id_cards(sheet())
    assert card.number == "099091870835"
    assert card.full_name == "Trần Văn Hải"
    assert (card.birth_date, card.issued) == (date(1991, 12, 8), date(2022, 3, 10))
    assert (card.sex, card.doubts) == ("Nam", ())


@pytest.mark.parametrize(("module", "noise"), [(2, 0.0), (3, 20.0), (8, 30.0)])
def test_small_and_noisy_codes_are_read_too(module, noise):
    assert read_qr_codes(sheet(module=module, noise=noise)) == [PAYLOAD]


@pytest.mark.parametrize(("blur", "contrast"), [(1.8, 1.0), (1.7, 0.3)])
def test_codes_in_soft_and_pale_copies_are_cut_out_and_sharpened(blur, contrast):
    page = sheet(module=3)
    for row in range(20):
        cv2.putText(page, "Ho va ten", (100, 900 + 40 * row), cv2.FONT_HERSHEY_PLAIN, 2, 30, 2)
    soft = cv2.GaussianBlur(page, (0, 0), blur).astype(float)
    grain = np.random.default_rng(1).normal(0, 2, page.shape)
    pale = np.clip((soft - 128) * contrast + 128 + grain, 0, 255).astype(np.uint8)
    assert not any(code.text == PAYLOAD for code in _codes(pale, 1.0, Binarizer.LocalAverage))
    assert read_qr_codes(pale) == [PAYLOAD]


def test_a_colour_picture_will_do():
    assert read_qr_codes(cv2.cvtColor(sheet(), cv2.COLOR_GRAY2BGR)) == [PAYLOAD]


def test_the_old_number_and_further_fields_are_tolerated():
    payload = PAYLOAD.replace("||", "|012345678|") + "|thêm|nữa"
    card = parse_payload(payload)
    assert card is not None
    assert card.full_name == "Trần Văn Hải"


@pytest.mark.parametrize(
    "text", ["", "https://example.org", "1|2|3|4|5|6", "099091870835||||Nam|x", PAYLOAD[1:]]
)
def test_other_codes_are_no_cards(text):
    assert parse_payload(text) is None


def test_a_number_that_contradicts_sex_or_birth_is_doubted():
    assert list(number_doubts("099091870835", "Nữ", date(1991, 12, 8))) == ["sex"]
    assert list(number_doubts("099091870835", "Nam", date(1992, 12, 8))) == ["birth-year"]
    assert list(number_doubts("099391870835", "Nữ", date(2091, 1, 1))) == []


@given(st.text())
def test_no_text_breaks_the_reader(text):
    parse_payload(text)


def test_codes_are_blanked_for_the_recogniser_and_print_is_not():
    page = sheet()
    cv2.putText(page, "So: 099", (900, 280), cv2.FONT_HERSHEY_SIMPLEX, 2, 30, 4)
    blanked = without_codes(page)
    assert (blanked[320:480, 920:1080] > 200).all()
    assert np.array_equal(blanked[:290], page[:290])


def test_a_table_taken_for_a_broken_code_that_says_something_keeps_its_print():
    page = _ruled_figures(np.random.default_rng(3898))
    qr = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    found = zxingcpp.read_barcodes(page, formats=qr, return_errors=True)
    assert any(code.text and not code.valid for code in found), "no longer taken for a code"
    assert np.array_equal(without_codes(page), page)


def _ruled_figures(chance: np.random.Generator) -> np.ndarray:
    """A ruled table of 23 rows and 4 columns that zxing-cpp misreads as a code with errors."""
    page = np.full((900, 1200), 255, np.uint8)
    rows, columns, weight = (int(chance.integers(*span)) for span in ((5, 24), (2, 6), (1, 4)))
    across = np.sort(chance.integers(60, 1140, columns + 1)).tolist()
    down = np.linspace(60, 840, rows + 1).astype(int).tolist()
    for x in across:
        cv2.line(page, (x, 60), (x, 840), 60, weight)
    for y in down:
        cv2.line(page, (across[0], y), (across[-1], y), 60, weight)
    for y in down[:-1]:
        for x in across[:-1]:
            text = "".join(chance.choice(list("abcdefgh 0123456789.")) for _ in range(6))
            cv2.putText(page, text, (x + 8, y + 22), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 60, 1)
    return page


def test_a_page_without_a_code_is_left_alone():
    page = np.full((400, 300), 240, np.uint8)
    assert without_codes(page) is page
