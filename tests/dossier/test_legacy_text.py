"""Vietnamese from before Unicode is told apart and comes out letter for letter."""

import shutil
import subprocess
import unicodedata

import pytest

from benchmarks.matching import encoded
from dossier.legacy_text import FROM_TCVN3, guess_encoding, is_vietnamese, to_unicode

TONES = "\u0301\u0300\u0309\u0303\u0323"
VOWELS = "aăâeêioôơuưy"
ALPHABET = [
    *"abcdđeghiklmnopqrstuvxy",
    *VOWELS,
    *(unicodedata.normalize("NFC", vowel + tone) for vowel in VOWELS for tone in TONES),
]
NAMES = [
    "Nguyễn Văn Đức",
    "TRẦN THỊ MỸ HẠNH",
    "Lê Thuỳ Dương",
    "Đỗ Ngọc Ẩn",
    "Phạm Quỹ",
    "Bùi Lĩnh",
]


def as_western(text: str, encoding: str) -> str:
    """The bytes of a legacy encoding as a Western spreadsheet shows them."""
    return encoded(text, {"windows-1258": "cp1258"}.get(encoding, encoding)).decode("latin-1")


def test_the_alphabet_has_all_its_letters():
    assert len(set(ALPHABET)) == 23 + 12 + 60 - len(set("aeiouyđ") & set(ALPHABET)) + 1


@pytest.mark.parametrize("encoding", ["tcvn3", "vni", "windows-1258"])
def test_every_letter_of_the_alphabet_comes_back_in_both_cases(encoding: str):
    for letter in ALPHABET:
        small, capital = f"b{letter}n", f"B{letter.upper()}N"
        assert to_unicode(as_western(small, encoding), encoding) == small
        assert to_unicode(as_western(capital, encoding), encoding) == capital


@pytest.mark.skipif(not shutil.which("iconv"), reason="glibc's converter is not here")
def test_the_table_of_tcvn3_is_glibc_s():
    codes = bytes(FROM_TCVN3)
    command = ["iconv", "-f", "TCVN5712-1", "-t", "UTF-8"]
    told = subprocess.run(command, input=codes, capture_output=True, check=True).stdout.decode()
    assert unicodedata.normalize("NFC", told) == "".join(FROM_TCVN3.values())


@pytest.mark.parametrize("encoding", ["tcvn3", "vni", "windows-1258"])
def test_the_encoding_shows_in_the_words(encoding: str):
    guess = guess_encoding([as_western(name, encoding) for name in NAMES])
    assert guess.encoding == encoding
    assert guess.confidence > 0.5
    turned = [to_unicode(as_western(name, encoding), guess.encoding) for name in NAMES]
    assert turned == NAMES


def test_unicode_and_foreign_words_are_left_alone():
    for text in (*NAMES, "Müller", "café à la crème", "15/2005", "Hà Lan"):
        assert guess_encoding([text]).encoding == "unicode"
    decomposed = unicodedata.normalize("NFD", NAMES[0])
    assert to_unicode(decomposed, "unicode") == NAMES[0]


def test_words_that_no_vietnamese_mouth_says_are_no_vietnamese():
    assert all(is_vietnamese(word) for word in ["nghiêng", "khuyếch", "quỳnh", "giếng", "ươm", "Ỷ"])
    assert not any(is_vietnamese(word) for word in ["blá", "nàct", "hảch", "strế"])
