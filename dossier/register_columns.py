"""Which column of a register holds what: by its heading, in Vietnamese or English."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dossier.legacy_text import ENCODINGS, to_unicode
from dossier.register_file import Cell, Row
from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_
from ocr.labels import bare

#: Lines at the top in which the headings are looked for: letterhead and title come first.
HEADER_LINES = 40
#: Headings by field, bare of marks and spaces; the first ones are the commonest.
_WRITTEN = {
    "number": (
        "so sohieu sokyhieu sovakyhieu sovanban sogiayto sogiay sohoso sodangky soquyetdinh "
        "sovaoso sovaosocapgcn socongvan sochungnhan sogcn soseri soseriegcn soketqua maso mahoso "
        "maketqua soso number no docno documentnumber"
    ),
    "date": (
        "ngay ngaythang ngaythangnam ngaycap ngayky ngaybanhanh ngaydangky ngayvanban "
        "ngayquyetdinh ngayvaoso ngaygiayto ngaylap thoigian date issuedate issued"
    ),
    "owner_name": (
        "hoten hovaten hovatenchu hotenchu hotenchugiayto tenchugiayto chugiayto chuhoso chuho "
        "tenchuho chusohuu tenchusohuu chusudung tenchusudung chusudungdat nguoiduoccap "
        "hochudemten hochudemvaten hotennguoiduoccap hotennguoiduockhaisinh nguoiduockhaisinh "
        "tencanhantochuc tentochuccanhan tochuccanhan canhantochuc tentochuc tencoquantochuc "
        "hotencongdan hotenong ten owner ownername name fullname"
    ),
    "owner_id": (
        "sodinhdanh sodinhdanhcanhan madinhdanh madinhdanhcanhan sodinhdanhcanhancccd cccd socccd "
        "socccdcmnd socmndcccd cmndcccd cccdcmnd cmnd socmnd cancuoc thecancuoc socancuoc "
        "socancuoccongdan socmt cmt sogiaytotuythan giaytotuythan masothue mst masodoanhnghiep "
        "ownerid idnumber personalnumber taxcode"
    ),
    "born": (
        "ngaysinh ngaythangnamsinh namsinh sinhngay ngaythangsinh birthdate dateofbirth born "
        "yearofbirth"
    ),
    "type": (
        "loaigiayto loai loaivanban loaihoso loaitailieu tengiayto tenloai tenloaivanban "
        "tenloaigiayto loaiketqua type documenttype papertype"
    ),
    "pages_expected": "sotrang tongsotrang soluongtrang sotrangdukien trang pages pagecount",
    "place": (
        "kyhieukho kho hop hopso sohop vitri vitriluu vitriluutru noiluu noiluutru gia ke giake "
        "capso cap hopcap khogiahop diachiluutru place box shelf location"
    ),
    "file": "tep tentep taptin tentaptin duongdan file filename path",
}
HEADINGS = {name: tuple(words.split()) for name, words in _WRITTEN.items()}
FIELDS = tuple(HEADINGS)
_FIELD_OF = {heading: name for name, headings in HEADINGS.items() for heading in headings}
#: A heading that begins with one of these, and goes on, is that one; the longest wins.
_BEGINNINGS = sorted((one for one in _FIELD_OF if len(one) >= 6), key=len, reverse=True)
#: Headings that are of no use here, though they begin like others.
_IGNORED = frozenset({"stt", "sott", "tt", "sothutu", "thutu", "soto", "ghichu", "noisinh"})


class ColumnsUnknown(SohoaError):
    """No row of headings was found, or the number's column is not among them."""

    exit_code = ExitCode.INPUT
    message = N_(
        "{file}: no column with the papers' numbers was found (headings read: {headings}). "
        "Name the columns, such as: --column number=3 --column owner_name=5"
    )


class ColumnWish(SohoaError):
    """A column was named that cannot be."""

    exit_code = ExitCode.USAGE
    message = N_(
        "--column {wish}: give FIELD=HEADING or FIELD=NUMBER of the column, FIELD one of {fields}."
    )


class ColumnAway(SohoaError):
    """A column was named that the register does not have."""

    exit_code = ExitCode.USAGE
    message = N_(
        "--column {field}={column}: {file} has no such column. It has {count}, with the headings: "
        "{headings}"
    )


@dataclass(frozen=True)
class Header:
    """Where the headings stand and what they say.

    Attributes:
        line: the last line of the headings; 0 where there are none.
        columns: place (from 0) of each field's column.
        unused: headings nobody asks for.
        twice: headings that name a field another column has already.
    """

    line: int
    columns: Mapping[str, int]
    unused: tuple[str, ...] = ()
    twice: tuple[str, ...] = ()


def parse_wishes(wishes: Iterable[str]) -> dict[str, str]:
    """FIELD=COLUMN pairs of the command line. Raises ColumnWish."""
    found = {}
    for wish in wishes:
        name, sign, column = (part.strip() for part in wish.partition("="))
        nowhere = column.isdecimal() and int(column) == 0
        if name not in FIELDS or not sign or not column or nowhere:
            raise ColumnWish(wish=wish, fields=", ".join(FIELDS))
        found[name] = column
    return found


def find_header(rows: Sequence[Row], wishes: Mapping[str, str]) -> Header | None:
    """The headings among the first rows of a table; None when the number's column is not found.

    A heading may take two rows: "Chủ giấy tờ" over "Họ tên" and "Số định danh".
    """
    best: Header | None = None
    most = (0, False)
    for place, (line, cells) in enumerate(rows[:HEADER_LINES]):
        below = rows[place + 1] if place + 1 < len(rows) else None
        single = _header(line, [_text(cell) for cell in cells], wishes)
        double = _header(below[0], _joined(cells, below[1]), wishes) if below else single
        for one in (single, double):
            worth = (len(one.columns), one is single)
            if worth > most:
                best, most = one, worth
    if best and "number" in best.columns and (len(best.columns) > 1 or wishes):
        return best
    if wishes and all(column.isdecimal() for column in wishes.values()) and "number" in wishes:
        return Header(0, {name: int(column) - 1 for name, column in wishes.items()})
    return None


def wish_not_met(
    rows: Sequence[Row], header: Header, wishes: Mapping[str, str]
) -> tuple[str, int] | None:
    """The first field whose column is not in the table, and how many columns it has."""
    wide = max((len(cells) for _line, cells in rows), default=0)
    for name in wishes:
        if header.columns.get(name, wide) >= wide:
            return name, wide
    return None


def field_of(heading: str) -> str | None:
    """The field a heading names, however it is encoded; None when it names none.

    >>> field_of("Số định danh cá nhân"), field_of("Hä vµ tªn"), field_of("Số TT")
    ('owner_id', 'owner_name', None)
    """
    for encoding in ENCODINGS:
        plain = bare(re.sub(r"\(.*?\)", "", to_unicode(heading, encoding)))
        if plain in _IGNORED:
            return None
        if plain in _FIELD_OF:
            return _FIELD_OF[plain]
        for beginning in _BEGINNINGS:
            if plain.startswith(beginning):
                return _FIELD_OF[beginning]
    return None


def headings_seen(rows: Sequence[Row]) -> list[str]:
    """The texts of the fullest of the first rows: what a message shows of unknown headings."""
    texts = [
        [text for cell in cells if (text := _text(cell))] for _line, cells in rows[:HEADER_LINES]
    ]
    return max(texts, key=len, default=[])


def _header(line: int, headings: Sequence[str], wishes: Mapping[str, str]) -> Header:
    columns: dict[str, int] = {}
    twice, unused = [], []
    for name, wish in wishes.items():
        place = _wished(headings, wish)
        if place is not None:
            columns[name] = place
    taken = set(columns.values())
    exact = [bare(heading) in _FIELD_OF for heading in headings]
    # Headings that are just a field's name go before those that only begin like one.
    for place in sorted(range(len(headings)), key=lambda place: not exact[place]):
        heading = headings[place]
        if place in taken or not heading:
            continue
        known = field_of(heading)
        if known is None or (known in wishes and known not in columns):
            unused.append(heading)
        elif known in columns:
            twice.append(heading)
        else:
            columns[known] = place
    return Header(line, columns, tuple(unused), tuple(twice))


def _wished(headings: Sequence[str], wish: str) -> int | None:
    if wish.isdecimal():
        return int(wish) - 1
    return next((n for n, heading in enumerate(headings) if bare(heading) == bare(wish)), None)


def _joined(above: Sequence[Cell], below: Sequence[Cell]) -> list[str]:
    """Headings of two rows: the lower one, with what it stands under where it says too little."""
    found, over = [], ""
    for place in range(max(len(above), len(below))):
        upper = _text(above[place]) if place < len(above) else ""
        lower = _text(below[place]) if place < len(below) else ""
        over = upper or (over if lower else "")
        both = f"{over} {lower}".strip()
        alone = field_of(lower) is not None or bare(lower) in _IGNORED
        found.append(both if not lower or (not alone and field_of(both)) else lower)
    return found


def _text(cell: Cell) -> str:
    return " ".join(cell.split()) if isinstance(cell, str) else ""
