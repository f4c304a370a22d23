"""A free place on page 1 for the visible text of a signature.

Signing never touches what is on the page, so the text must find room: in the corner that the
rules name, else in another that they allow, else on one line in the white along an edge; and
in smaller letters only when it fits nowhere at full size. What is taken is handed in as a
bitmap, for this room knows PDFs and bytes and never looks at pages.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from profiles.schema import Place, SignatureRules
from signing.appearance import TextBlock, lay_out
from signing.frames import Box, PageFrame

#: Where something stands on page 1 as it is shown: rows × columns, the first row at its top.
Taken = NDArray[np.bool_]
#: Smallest letters, in points: NĐ 30/2020 has 10; below 6 a printed copy cannot be read.
LEAST_POINTS = 6.0
#: White kept around the text and along the page's edges, in points: 1 mm and 5 mm.
_AROUND, _EDGE = 72 / 25.4, 5 * 72 / 25.4
#: How far from its edge of the page text may move, as a share of the page's height.
_REACH = 1 / 3


def find_place(
    text: str, rules: SignatureRules, frame: PageFrame, others: Sequence[Box], taken: Taken
) -> tuple[TextBlock, Box] | None:
    """The text laid out and where it stands, in user space; None where there is no room.

    Args:
        others: boxes of visible signatures on the page, in user space.
        taken: see :data:`Taken`; any resolution.
    """
    width, height = frame.size
    scale = taken.shape[1] / width
    mask = taken.copy()
    for other in others:
        x1, y1, x2, y2 = (max(0, int(edge * scale)) for edge in frame.from_user_space(other))
        mask[y1 : y2 + 1, x1 : x2 + 1] = True
    sums = np.pad(mask.astype(np.int32).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    for block in _layouts(text, rules, frame):
        if block.height > height * _REACH:
            continue
        for corner in (rules.place, *rules.also):
            spot = _free_spot(sums, scale, block, corner)
            if spot is not None:
                left, top = spot
                seen = (left, top, left + block.width, top + block.height)
                return block, frame.to_user_space(seen)
    return None


def _layouts(text: str, rules: SignatureRules, frame: PageFrame) -> Iterator[TextBlock]:
    """The text as the rules want it, then on one line, each in smaller and smaller letters."""
    one_line = " · ".join(text.splitlines())
    size = rules.font_size_pt
    while size >= min(LEAST_POINTS, rules.font_size_pt):
        smaller = rules.model_copy(update={"font_size_pt": size})
        yield lay_out(text, smaller, frame)
        wide = smaller.model_copy(update={"width_mm": frame.size[0]})
        if not rules.image:
            yield lay_out(one_line, wide, frame)
        size -= 1.0


def _free_spot(
    sums: NDArray[np.int32], scale: float, block: TextBlock, corner: Place
) -> tuple[float, float] | None:
    """Left and top in points of the free rectangle nearest the corner."""
    rows, columns = sums.shape[0] - 1, sums.shape[1] - 1
    around, edge = int(np.ceil(_AROUND * scale)), int(np.ceil(_EDGE * scale))
    wide = int(np.ceil(block.width * scale)) + 2 * around
    high = int(np.ceil(block.height * scale)) + 2 * around
    first = max(0, edge - around)
    if wide > columns - 2 * first or high > rows - 2 * first:
        return None
    filled = sums[high:, wide:] - sums[:-high, wide:] - sums[high:, :-wide] + sums[:-high, :-wide]
    free = filled == 0
    free[:first], free[:, :first] = False, False
    free[rows - high - first + 1 :], free[:, columns - wide - first + 1 :] = False, False
    down, across = (np.arange(count) for count in free.shape)
    if corner.startswith("bottom"):
        down = down[::-1]
    if corner.endswith("right"):
        across = across[::-1]
    free[down > rows * _REACH] = False
    if not free.any():
        return None
    # Down the page rather than across it: the text keeps its side.
    cost = np.where(free, down[:, None] + 3 * across[None, :], np.iinfo(np.int32).max)
    y, x = np.unravel_index(int(cost.argmin()), cost.shape)
    return (float(x) + around) / scale, (float(y) + around) / scale
