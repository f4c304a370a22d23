"""Vietnamese text from before Unicode: TCVN3 (ABC), VNI, Windows-1258; told apart, turned to NFC.

These encodings put Vietnamese letters where Western ones stand, so such text arrives as
nonsense: "NguyÔn V¨n §øc" (TCVN3), "Nguyeãn Vaên Ñöùc" (VNI). It does so in files of bytes
and inside Unicode files alike, since a spreadsheet made with .VnTime or VNI-Times keeps the
letters' old numbers. Which one it is shows only in the words: the right reading gives
Vietnamese syllables, the others do not.

Tables: TCVN 5712:1993 as in GNU libiconv and glibc (TCVN5712-1); VNI Windows as in xvnkb's
``vni.h`` and the VNI Tan Ky fonts; Windows-1258 is Python's own.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Literal, get_args

Encoding = Literal["unicode", "tcvn3", "vni", "windows-1258"]
ENCODINGS: tuple[Encoding, ...] = get_args(Encoding)

#: 0xA1 to 0xFE of the standard's third set (VN3), which ABC fonts have: no capitals with tones,
#: those are drawn by a font of their own (.VnTimeH). "." where it has nothing.
_TCVN3 = (
    "ĂÂÊÔƠƯĐăâêôơưđ......àảãáạ.ằẳẵắ.......ặầẩẫấậè.ẻẽéẹềểễếệìỉ...ĩíịò.ỏõóọồổỗốộờởỡớợù.ủũúụừửữứựỳỷỹýỵ"
)
#: TCVN3 (ABC): letter by byte.
FROM_TCVN3 = {0xA1 + place: letter for place, letter in enumerate(_TCVN3) if letter != "."}
_ONLY_SMALL = frozenset(_TCVN3[7:])

_TONES = "\u0301\u0300\u0309\u0303\u0323"
#: VNI: what follows a letter, as its mark and tones together.
_VNI_MARKS = dict(
    [
        *zip("ùøûõï", _TONES, strict=True),
        ("â", "\u0302"),
        *zip("áàåãä", ("\u0302" + tone for tone in _TONES), strict=True),
        ("ê", "\u0306"),
        *zip("éèúüë", ("\u0306" + tone for tone in _TONES), strict=True),
    ]
)
#: VNI: letters that stand for themselves.
_VNI_LETTERS = {"ô": "ơ", "ö": "ư", "ñ": "đ", **dict(zip("íìæóòî", "íìỉĩịỵ", strict=True))}


def _vni_table() -> dict[str, str]:
    table = dict(_VNI_LETTERS)
    for letter, (sign, mark) in product("aeouyôö", _VNI_MARKS.items()):
        whole = unicodedata.normalize("NFC", _VNI_LETTERS.get(letter, letter) + mark)
        if len(whole) == 1:  # ă has no ô of its own: a breve only stands on a
            table[letter + sign] = whole
    capitals = {key.upper(): value.upper() for key, value in table.items()}
    mixed = {
        key[0].upper() + key[1:]: value.upper() for key, value in table.items() if len(key) == 2
    }
    return table | mixed | capitals


#: VNI: letter by what stands for it, one sign or two.
FROM_VNI = _vni_table()
_VNI = re.compile("|".join(sorted(map(re.escape, FROM_VNI), key=len, reverse=True)))

_ONSETS = "b|ch|c|d|đ|gh|gi|g|h|kh|k|l|m|ngh|ng|nh|n|ph|p|qu|r|s|th|tr|t|v|x"
#: What may follow the onset, without its tone.
_RHYMES = """
a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây
e ec em en eng eo ep et ê êch êm ên ênh êp êt êu i ia ich iêc iêm iên iêng iêp iêt iêu im in inh
ip it iu o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oc oe oen oeo
oet oi om on ong oong ooc op ot ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt u ua uân uâng uât uây uc
uê uêch uênh ui um un ung uôc uôi uôm uôn uông uôt uơ up ut uy uya uych uyên uyêt uynh uyp uyt uyu
ư ưa ưc ưi ưm ưn ưng ươc ươi ươm ươn ương ươp ươt ươu ưt ưu y yêm yên yêng yêt yêu yt ynh
"""
_SYLLABLE = re.compile(rf"(?:{_ONSETS})?(?:{'|'.join(_RHYMES.split())})")
_ABBREVIATION = re.compile("[A-ZĐƯ]{2,6}")
_STOPPED = re.compile(r"(?:c|ch|p|t)$")


@dataclass(frozen=True)
class Guess:
    """How a text is written.

    Attributes:
        confidence: 0-1: the share of its marked words that are Vietnamese in this encoding,
            less the share in the next best one. 1.0 where nothing is marked.
        marked: words that told.
    """

    encoding: Encoding
    confidence: float
    marked: int


def to_unicode(text: str, encoding: Encoding) -> str:
    """The text, NFC, from an encoding whose bytes stand in it as Windows-1252 shows them.

    >>> to_unicode("NguyÔn V¨n §øc", "tcvn3")
    'Nguyễn Văn Đức'
    >>> to_unicode("Nguyeãn Vaên Ñöùc", "vni")
    'Nguyễn Văn Đức'
    """
    if text.isascii():
        return text
    if encoding == "tcvn3":
        letters = as_bytes(text)
        found = "".join(
            sign if code is None else FROM_TCVN3.get(code, sign)
            for sign, code in zip(text, letters, strict=True)
        )
        text = _in_one_case(unicodedata.normalize("NFC", found))
    elif encoding == "vni":
        text = _VNI.sub(lambda match: FROM_VNI[match.group()], text)
    elif encoding == "windows-1258":
        letters = as_bytes(text)
        text = "".join(
            sign if code is None else bytes([code]).decode("cp1258", "replace")
            for sign, code in zip(text, letters, strict=True)
        )
    return unicodedata.normalize("NFC", text)


def guess_encoding(texts: Iterable[str]) -> Guess:
    """The encoding in which most marked words of the texts are Vietnamese; Unicode on a tie."""
    words = [word for text in texts if not text.isascii() for word in text.split()]
    marked = [word for word in words if not word.isascii()]
    if not marked:
        return Guess("unicode", 1.0, 0)
    shares = {one: _share(marked, one) for one in ENCODINGS}
    best = max(ENCODINGS, key=lambda one: shares[one])
    told = "".join(to_unicode(word, best) for word in marked)
    # Another encoding that reads the very same is no rival.
    rivals = [
        share
        for one, share in shares.items()
        if one != best and "".join(to_unicode(word, one) for word in marked) != told
    ]
    return Guess(best, round(shares[best] - max(rivals, default=0.0), 3), len(marked))


def is_vietnamese(word: str) -> bool:
    """Whether a word is built as Vietnamese syllables are, its tone where it may stand.

    >>> is_vietnamese("Nguyễn"), is_vietnamese("NguyÔn"), is_vietnamese("Nguyeãn")
    (True, False, False)
    """
    return _is_syllable(unicodedata.normalize("NFC", word).casefold())


def as_bytes(text: str) -> list[int | None]:
    """For each sign the byte that Windows-1252 shows as it; None where there is none."""
    return [_byte_of(sign) for sign in text]


@lru_cache(maxsize=1024)
def _byte_of(sign: str) -> int | None:
    if ord(sign) < 0x100:
        return ord(sign)
    try:
        return sign.encode("cp1252")[0]
    except UnicodeEncodeError:
        return None


def _share(words: list[str], encoding: Encoding) -> float:
    """Share of the words that are Vietnamese once turned."""
    good = 0
    for word in words:
        if encoding == "tcvn3" and any(
            code is None or (code >= 0x80 and code not in FROM_TCVN3) for code in as_bytes(word)
        ):
            continue
        pieces = re.findall(r"[^\W\d_]+", to_unicode(word, encoding))
        marked = [piece for piece in pieces if not piece.isascii()]
        good += bool(marked) and all(map(_may_be, pieces)) and _is_clean(word, encoding)
    return good / len(words)


def _may_be(piece: str) -> bool:
    """A syllable, or an abbreviation such as QĐ or ĐKKD."""
    return is_vietnamese(piece) or _ABBREVIATION.fullmatch(piece) is not None


def _is_clean(word: str, encoding: Encoding) -> bool:
    """Whether nothing but letters, digits and marks of writing is left in the turned word."""
    turned = to_unicode(word, encoding)
    return all(sign.isalnum() or ord(sign) < 0x7F or sign in "–—“”‘’…°ºª" for sign in turned)


@lru_cache(maxsize=65536)
def _is_syllable(word: str) -> bool:
    letters = unicodedata.normalize("NFD", word)
    tones = [sign for sign in letters if sign in _TONES]
    if len(tones) > 1:
        return False
    bare = unicodedata.normalize("NFC", "".join(sign for sign in letters if sign not in _TONES))
    if not _SYLLABLE.fullmatch(bare):
        return False
    # A syllable that ends in c, ch, p or t has the acute tone or the dot below.
    return not _STOPPED.search(bare) or not tones or tones[0] in "\u0301\u0323"


def _in_one_case(text: str) -> str:
    """Capitals that the font of small letters could not write: "NGUYễN Hà" is "NGUYỄN HÀ".

    A word is in capitals when two letters that have both forms say so, or when all of the text
    is; "Hà" alone stays as it is.
    """
    plain = [letter for letter in text if letter.isalpha() and letter not in _ONLY_SMALL]
    words = len(text.split())
    capital = len(plain) > words and all(letter.isupper() for letter in plain)

    def cased(match: re.Match[str]) -> str:
        rest = [letter for letter in match.group() if letter not in _ONLY_SMALL]
        shouted = len(rest) > 1 and all(letter.isupper() for letter in rest)
        return match.group().upper() if capital or shouted else match.group()

    return re.sub(r"[^\W\d_]+", cased, text)
