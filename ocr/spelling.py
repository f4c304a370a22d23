"""Where the tone mark stands: *hòa* or *hoà*, one way throughout a text.

Both ways are taught and printed, often in one document, so a search for either misses the
other. They differ in open syllables that end in *oa*, *oe* or *uy* alone: the old way puts
the mark on the first vowel, as state documents and place names do (CỘNG HÒA, Ủy ban), the
new way on the second (hoà, uỷ). *Quý* has its mark on *y* either way: its u is of the *qu*.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Literal

from ocr.words import Word

ToneMarks = Literal["old", "new", "as-printed"]
#: Grave, acute, hook above, tilde, dot below: the tones, as combining marks.
_TONES = "\u0300\u0301\u0309\u0303\u0323"
#: What a Vietnamese syllable may begin with, but for "q", which takes the u along.
_ONSETS = "ngh|ng|nh|n|gh|gi|g|kh|k|ch|c|ph|p|th|tr|t|b|d|đ|h|l|m|r|s|v|x|"
#: A syllable in decomposed letters: onset, first vowel, its tone, second vowel, its tone.
_OPEN = re.compile(
    rf"({_ONSETS})(?:(o)([{_TONES}]?)([ae])([{_TONES}]?)|(u)([{_TONES}]?)(y)([{_TONES}]?))",
    re.IGNORECASE,
)
#: What may follow, its marks left out.
_RIMES = """
a ac ach ai am an ang anh ao ap at au ay e ec em en eng enh eo ep et eu ech i ia ich iec iem ien
ieng iep iet ieu im in inh ip it iu o oa oac oach oai oam oan oang oanh oao oap oat oay oc oe oen
oeo oet oi om on ong ooc oong op ot u ua uan uang uat uay uc ue uech uenh ui um un ung uo uoc uoi
uom uon uong uop uot uou up ut uu uy uya uych uyen uyet uynh uyt uyu y yem yen yeng yet yeu
"""
_BARE_SYLLABLE = re.compile(rf"(?:qu|{_ONSETS})(?:{'|'.join(_RIMES.split())})")
#: Sounds of the lips have no rounded glide behind them.
_NO_SYLLABLE = re.compile(r"(?:b|m|v|ph)(?:oa.|oe|uan|uang|uat|uay|ue|uy).*")
_LETTERS = re.compile(r"[^\W\d_]+")


def in_one_spelling(words: Iterable[Word], marks: ToneMarks = "old") -> Iterator[Word]:
    """The words with their tone marks placed one way; ``as-printed`` leaves them."""
    for word in words:
        text = word.text if marks == "as-printed" else with_tone_marks(word.text, marks)
        yield word if text == word.text else replace(word, text=text)


def with_tone_marks(text: str, marks: Literal["old", "new"]) -> str:
    """The text, NFC, with the tone marks of its Vietnamese syllables placed one way.

    Codes, addresses of the net and what is no Vietnamese syllable stay as they are.

    >>> with_tone_marks("Trung tâm Văn hoá xã Hoà Thuỷ, Quý I", "old")
    'Trung tâm Văn hóa xã Hòa Thủy, Quý I'
    """
    plain = unicodedata.normalize("NFC", text)
    return re.sub(r"\S+", lambda found: _token(found.group(), marks), plain)


def is_syllable(word: str) -> bool:
    """Whether a word in small letters without marks may be a Vietnamese syllable.

    >>> is_syllable("trinh"), is_syllable("trlnh"), is_syllable("nguyem")
    (True, False, False)
    """
    return bool(_BARE_SYLLABLE.fullmatch(word)) and not _NO_SYLLABLE.fullmatch(word)


def _token(token: str, marks: Literal["old", "new"]) -> str:
    if any(c.isdigit() for c in token) or "@" in token or "://" in token or "www." in token:
        return token
    return _LETTERS.sub(lambda found: _syllable(found.group(), marks), token)


def _syllable(letters: str, marks: Literal["old", "new"]) -> str:
    if not (letters.islower() or letters.isupper() or letters.istitle()):
        return letters
    found = _OPEN.fullmatch(unicodedata.normalize("NFD", letters))
    if found is None:
        return letters
    onset, *parts = (part or "" for part in found.groups())
    first, tone, second, other = parts[:4] if parts[0] else parts[4:]
    if bool(tone) == bool(other):  # no tone, or two: not to be told
        return letters
    mark = tone + other
    placed = first + mark + second if marks == "old" else first + second + mark
    return unicodedata.normalize("NFC", onset + placed)
