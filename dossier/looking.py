"""What stands on the first pages of files that are about to be signed, seen ahead."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from signing.placing import Taken

#: Files looked at ahead of the one being signed; each is kept as 240 KB.
_AHEAD = 3


@dataclass(frozen=True)
class Looks:
    """Looks at the first pages of ``files`` in a thread, a little ahead of who asks.

    One thread: pdfium must not be entered twice. It and OpenCV leave Python alone meanwhile.
    """

    files: Sequence[Path]
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    _seen: "dict[Path, Future[Taken | None]]" = field(default_factory=dict)

    def __call__(self, path: Path) -> "Taken | None":
        """Where something stands on page 1, see :data:`signing.placing.Taken`; None: unseen."""
        start = self.files.index(path) if path in self.files else 0
        for file in [path, *self.files[start + 1 : start + 1 + _AHEAD]]:
            if file not in self._seen:
                self._seen[file] = self._thread.submit(_look, file)
        return self._seen.pop(path).result()

    def close(self) -> None:
        """Stop looking ahead."""
        self._thread.shutdown(cancel_futures=True)


def _look(path: Path) -> "Taken | None":
    import pypdfium2

    from digitize.seal import taken_spots

    try:
        return taken_spots(path)
    except (pypdfium2.PdfiumError, OSError):
        return None  # signing says what is wrong with the file
