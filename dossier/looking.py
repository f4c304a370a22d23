"""What stands on the first pages of files that are about to be signed, seen ahead."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from foundation.aside import Aside, answered_aside

if TYPE_CHECKING:
    from signing.placing import Taken

#: Files looked at ahead of the one being signed.
_AHEAD = 3
#: Files from which a process is worth its start, which takes as long as 30 looks.
_MANY = 30
#: A quarter of the cells of :func:`digitize.seal.taken_spots`, which finding a place takes
#: as many times less for: 25 dpi, or 1 mm.
_POOLED = 2


@contextmanager
def looked_at_ahead(files: Sequence[Path]) -> "Iterator[Callable[[Path], Taken | None]]":
    """Where something stands on page 1 of a file, see :data:`signing.placing.Taken`.

    None: it cannot be seen. Where there are many files, their pages are looked at in a process
    of its own, a little ahead of who asks: signing fills one by itself.
    """
    if len(files) < _MANY:
        yield look_at_page
        return
    with answered_aside(look_at_page, needs=("digitize.seal",)) as aside:
        yield _Ahead(files, aside, {file: number for number, file in enumerate(files)}).look


@dataclass(frozen=True)
class _Ahead:
    files: Sequence[Path]
    aside: "Aside[Path, Taken | None]"
    places: Mapping[Path, int]
    tickets: dict[Path, int] = field(default_factory=dict)

    def look(self, path: Path) -> "Taken | None":
        start = self.places.get(path, 0)
        for file in [path, *self.files[start + 1 : start + 1 + _AHEAD]]:
            if file not in self.tickets:
                self.tickets[file] = self.aside.put(file)
        return self.aside.take(self.tickets.pop(path))


def look_at_page(path: Path) -> "Taken | None":
    """Where something stands on page 1; None: it cannot be seen."""
    import cv2
    import numpy as np
    import pypdfium2

    from digitize.seal import taken_spots

    try:
        taken = taken_spots(path)
    except (pypdfium2.PdfiumError, OSError):
        return None  # signing says what is wrong with the file
    rows, columns = (side // _POOLED for side in taken.shape)
    share = cv2.resize(taken.astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(share > 0, dtype=np.bool_)
