"""A page in another language is told by its words' missing marks."""

import pytest

from ocr.language import in_vietnamese
from ocr.words import Word

VIETNAMESE = """Trên địa bàn huyện đã tập trung vào giải pháp đẩy mạnh đổi mới, tăng cường ứng dụng
công nghệ thông tin trong công tác quản lý nhà nước, nhất là trong việc giải quyết thủ tục"""
ENGLISH = """This is to certify that the above named person was born on the date shown and that
the record of birth has been filed in the office of the registrar of Phú Yên"""
FRENCH = """Le présent certificat atteste que la personne susmentionnée est née à la date indiquée
et que son acte de naissance a été enregistré auprès du service de l'état civil"""


def words(text: str, confidence: float = 93.0) -> list[Word]:
    return [Word(part, 0, 0, 10, 10, confidence, (0,)) for part in text.split()]


@pytest.mark.parametrize("text", [VIETNAMESE, VIETNAMESE.upper()])
def test_vietnamese_is_told(text):
    assert in_vietnamese(words(text)) is True


@pytest.mark.parametrize("text", [ENGLISH, FRENCH, ENGLISH.upper()])
def test_other_languages_are_told(text):
    assert in_vietnamese(words(text)) is False


def test_a_form_in_both_languages_counts_as_vietnamese():
    assert in_vietnamese(words(VIETNAMESE + " " + ENGLISH[:90])) is True


def test_few_words_figures_and_doubtful_words_tell_nothing():
    assert in_vietnamese([]) is None
    assert in_vietnamese(words("Payment due in thirty days")) is None
    assert in_vietnamese(words("1.254.730 218.400 12/08/2021 A4 " * 20)) is None
    assert in_vietnamese(words(ENGLISH, confidence=40.0)) is None
