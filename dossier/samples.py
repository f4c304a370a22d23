"""A fictional dossier, drawn as a scanner would deliver it: for the demo, for training, for tests.

    sheets = write_sample_dossier(Path("feeder"))      # 001.jpg, 002.jpg, ... in feeding order
    sheets[0].paper, sheets[0].side                    # 'khai-sinh', 'front'
    sheets[0].fields["ho_ten"]                         # what a reader should find there
    write_text_sheets(Path("backlog"), 200, seed=7)    # plain letter pages, for load

The folder gets pictures only; the truth about them is what the functions return.
Nobody in them exists (:mod:`dossier.sample_people`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from random import Random
from typing import Literal

from dossier import sample_card as card
from dossier import sample_forms as forms
from dossier.sample_paper import Draft
from dossier.sample_people import Family, invent_family
from dossier.sample_wear import Wear, scanned, write_jpeg

Drawn = Callable[[Family, int], tuple[Draft, forms.Facts]]
IVORY, ROSE, GREY = (252, 249, 240), (253, 243, 240), (243, 244, 246)


@dataclass(frozen=True)
class SampleSheet:
    """One side as the feeder delivers it, and the truth about it.

    Attributes:
        path: A4 colour JPEG, 300 dpi.
        paper: the profile it belongs to; None for papers without one.
        side: which side of the physical sheet.
        text: the print on it, NFC, a line for each line of print, read left to right and
            top to bottom; without seals and pen strokes.
        rotation: degrees clockwise by which it was fed turned (0 or 180).
        skew: tilt in degrees counter-clockwise, after turning.
        blank: nothing is printed on it.
        fields: facts by the profile's field names, as printed.
        qr: what its QR code says, if it has one.
    """

    path: Path
    paper: str | None
    side: Literal["front", "back"]
    text: str
    rotation: int = 0
    skew: float = 0.0
    blank: bool = False
    fields: dict[str, str] = field(default_factory=dict)
    qr: str | None = None


@dataclass(frozen=True)
class _Leaf:
    """A physical sheet: what is drawn on its sides, and how it was fed."""

    paper: str | None
    front: Drawn
    back: Drawn | None
    wear: Wear
    qr: Callable[[Family], str] | None = None


_DOSSIER = (
    _Leaf("khai-sinh", forms.birth_certificate, None, Wear(ROSE, dirt=14)),
    _Leaf(
        "ket-hon",
        forms.marriage_certificate,
        forms.marriage_notes,
        Wear(ROSE, shade=0.08, upside_down=True, streak=True),
    ),
    _Leaf("ket-hon", forms.certification, None, Wear(IVORY, dirt=9)),
    _Leaf("can-cuoc", card.card_front, card.card_back, Wear(GREY, skew=3.0), card.issued_qr),
)
_APPLICATION = (_Leaf(None, forms.application, forms.application_notes, Wear(IVORY)),)
_DECISION = (_Leaf("quyet-dinh", forms.decision, None, Wear(IVORY, skew=-0.7)),)


def write_sample_dossier(folder: Path, *, seed: int = 1) -> tuple[SampleSheet, ...]:
    """The papers of "thuong-tru-cho-con" as one duplex stack: eight sides, two of them blank.

    A birth certificate with a blank back; a certified copy of the parents' marriage
    certificate, its first sheet fed upside down, its second with a blank back; a copy of
    the father's ID card, fed 3° askew (so its back leans the other way). The same seed
    gives the same bytes with the same libraries.

    Raises:
        FontMissing: Debian's fonts-croscore is not installed.
    """
    return _write(folder, _DOSSIER, seed)


def write_sample_application(folder: Path, *, seed: int = 1) -> tuple[SampleSheet, ...]:
    """One sheet, two sides: a residence form with number boxes and a ruled table."""
    return _write(folder, _APPLICATION, seed)


def write_sample_decision(folder: Path, *, seed: int = 1) -> tuple[SampleSheet, ...]:
    """One sheet: a decision of the commune (profile "quyet-dinh"), its back blank."""
    return _write(folder, _DECISION, seed)


def write_text_sheets(
    folder: Path, number: int, *, seed: int = 1, worn: bool = True
) -> tuple[SampleSheet, ...]:
    """``number`` sides of running prose; ``worn`` tilts, turns and soils some of them."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = Random(f"letters {seed}")  # noqa: S311  a game, not a secret
    sheets = []
    for page in range(1, number + 1):
        draft, facts = forms.letter_page(chance, page)
        side = _Side("front", draft, facts, _some_wear(chance) if worn else Wear())
        sheet = SampleSheet(folder / f"{page:03d}.jpg", None, "front", draft.text)
        sheets.append(_scan(sheet, side, seed * 1000 + page))
    return tuple(sheets)


def _write(folder: Path, leaves: tuple[_Leaf, ...], seed: int) -> tuple[SampleSheet, ...]:
    folder.mkdir(parents=True, exist_ok=True)
    family, places = invent_family(seed), count(1)
    sheets: list[SampleSheet] = []
    for leaf in leaves:
        for side in _sides(leaf, family, seed):
            place = next(places)
            sheet = SampleSheet(
                folder / f"{place:03d}.jpg",
                leaf.paper,
                side.name,
                side.draft.text,
                blank=not side.draft.text,
                fields=side.facts,
                qr=side.qr,
            )
            sheets.append(_scan(sheet, side, seed * 1000 + place))
    return tuple(sheets)


@dataclass(frozen=True)
class _Side:
    """What is drawn on one side of a leaf, and what the scanner makes of it."""

    name: Literal["front", "back"]
    draft: Draft
    facts: forms.Facts
    wear: Wear
    qr: str | None = None
    behind: Draft | None = None


def _sides(leaf: _Leaf, family: Family, seed: int) -> tuple[_Side, _Side]:
    """Front and back. A sheet tilted one way shows its back tilted the other way."""
    wear = leaf.wear
    front = _Side("front", *leaf.front(family, seed), wear, leaf.qr(family) if leaf.qr else None)
    wear = replace(wear, skew=-wear.skew or 0.0)
    if leaf.back:
        return front, _Side("back", *leaf.back(family, seed), wear)
    return front, _Side("back", Draft(), {}, wear, behind=front.draft)


def _scan(sheet: SampleSheet, side: _Side, seed: int) -> SampleSheet:
    behind = side.behind.picture if side.behind else None
    write_jpeg(sheet.path, scanned(side.draft.picture, side.wear, seed, behind))
    return replace(sheet, rotation=180 if side.wear.upside_down else 0, skew=side.wear.skew)


def _some_wear(chance: Random) -> Wear:
    """One sheet in three tilted, one in eight upside down, on papers of several tints."""
    return Wear(
        tint=chance.choice((IVORY, ROSE, GREY, (238, 234, 220))),
        shade=chance.uniform(0.02, 0.2),
        skew=round(chance.uniform(-3, 3), 2) if chance.random() < 0.33 else 0.0,
        upside_down=chance.random() < 0.125,
        dirt=chance.randrange(20),
        streak=chance.random() < 0.2,
    )
