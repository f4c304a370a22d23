"""Who signed: the name printed under the signature, mostly at the lower right."""

from collections.abc import Iterable, Iterator, Sequence

from ocr.kinds import read_value
from ocr.labels import find_anywhere
from ocr.names import is_family_name
from ocr.rows import Piece, Row

#: White, in heights of the row, that parts the receivers on the left from the signer's column.
_COLUMN_GAP = 2.5
#: Words of a printed name. Titles before it ("ThS.") count.
_FEWEST, _MOST = 2, 6
#: Confidence, 0-100, below which a word before the name is the seal or the pen: they were read
#: with up to 25, names with 90.
_TRUSTED = 50.0
#: What pen strokes that touch a name are read as.
_MARKS = "-–—_./\\|'\"“”~"
#: What places, offices and paragraphs begin with; "Quản", "Cấn" and "Điêu" are family names.
_NO_PERSON = frozenset(
    (
        "xã",
        "phường",
        "thị",
        "huyện",
        "tỉnh",
        "quận",
        "thôn",
        "ủy",
        "uỷ",
        "sở",
        "phòng",
        "điều",
        "nơi",
        "căn",
        "cộng",
    )
)
#: How far below its title, in heights of the title, the name may stand: three lines for the
#: seal and the pen stroke, and then some.
_REACH = 14.0
#: Share of the page's height and of its width in which a name without a title is looked for.
_LOWER, _RIGHT = 0.45, 0.4


def signers_under(rows: Sequence[Row], titles: Iterable[str]) -> Iterator[Sequence[Piece]]:
    """Names printed under one of the titles, the lowest title first.

    Args:
        titles: bare, see :func:`ocr.labels.bare`: "chutich", "nguoikygiaykhaisinh" ...
    """
    names = [(number, part) for number, row in enumerate(rows) for part in _names(row)]
    spots = [spot for title in titles for spot in find_anywhere(rows, title)]
    for spot in sorted(spots, key=lambda spot: -spot.row):
        title = rows[spot.row].pieces[spot.start : spot.end]
        reach = rows[spot.row].bottom + _REACH * rows[spot.row].height
        for number, part in names:
            if number > spot.row and rows[number].top < reach and _overlap(part, title):
                yield part
                break


def names_alone(rows: Sequence[Row], titles: Iterable[str] = ()) -> Iterator[Sequence[Piece]]:
    """Names that stand alone at the lower right, the last first: a seal often hides the title.

    Where one of the titles can be read down there, a name in another column is another person's:
    a husband's, or that of who handed the paper in.
    """
    if not rows:
        return
    bottom = max(row.bottom for row in rows)
    left = min(row.pieces[0].left for row in rows)
    right = max(row.pieces[-1].right for row in rows)
    found = [spot for title in titles for spot in find_anywhere(rows, title)]
    seen = [rows[spot.row].pieces[spot.start : spot.end] for spot in found]
    seen = [title for title in seen if title[0].top > _LOWER * bottom]
    for row in reversed(rows):
        for part in _names(row):
            if seen and not any(_overlap(part, title) for title in seen):
                continue
            middle = (part[0].left + part[-1].right) / 2
            low = part[0].top > _LOWER * bottom
            if low and middle > left + _RIGHT * (right - left) and is_family_name(part[0].text):
                yield part


def _names(row: Row) -> Iterator[Sequence[Piece]]:
    """Stretches of a row, between wide gaps, that read like a person's name and nothing else."""
    start = 0
    for place in range(1, len(row.pieces) + 1):
        if row.gap(place) < _COLUMN_GAP:
            continue
        part = _within_marks(row.pieces[start:place])
        start = place
        words = [piece.text for piece in part]
        text = " ".join(words)
        if not _FEWEST <= len(words) <= _MOST or text.isupper():
            continue
        starts = (word.lstrip(_MARKS)[:1] for word in words)
        if words[0].casefold() in _NO_PERSON:
            continue
        if all(start.isupper() for start in starts) and not read_value("name", text).fault:
            yield part


def _within_marks(part: Sequence[Piece]) -> Sequence[Piece]:
    """The part without the rest of a seal and of pen strokes around it: marks, single letters,
    and what was read without trust."""
    kept = list(part)
    while kept and (len(kept[0].bare) < 2 or kept[0].confidence < _TRUSTED):
        kept.pop(0)
    while kept and (not kept[-1].bare or kept[-1].confidence < _TRUSTED / 2):
        kept.pop()
    return kept


def _overlap(one: Sequence[Piece], other: Sequence[Piece]) -> bool:
    """Whether one stands under the other: their middles within the wider of both."""
    widest = max(one[-1].right - one[0].left, other[-1].right - other[0].left)
    middles = [(part[0].left + part[-1].right) / 2 for part in (one, other)]
    return abs(middles[0] - middles[1]) <= widest / 2
