"""What stands on the first pages of files that are about to be signed, seen ahead."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from foundation.aside import answered_aside

if TYPE_CHECKING:
    from signing.placing import Taken

#: Files looked at ahead of the one being signed; each is kept as 240 KB.
_AHEAD = 3
#: Files from which a process is worth its start, which takes as long as 30 looks.
_MANY = 30


@contextmanager
def looked_at_ahead(files: Sequence[Path]) -> "Iterator[Callable[[Path], Taken | None]]":
    """Where something stands on page 1 of a file, see :data:`signing.placing.Taken`.

    None: it cannot be seen. Pages are looked at a little ahead of who asks: in a thread, and
    where there are many files in a process of their own, as signing them fills one by itself.
    """
    aside = answered_aside(_look) if len(files) >= _MANY else nullcontext(_look)
    with aside as look, ThreadPoolExecutor(1) as thread:  # pdfium must not be entered twice
        try:
            yield _Ahead(files, look, thread).look
        finally:
            thread.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True)
class _Ahead:
    files: Sequence[Path]
    see: "Callable[[Path], Taken | None]"
    thread: ThreadPoolExecutor
    seen: "dict[Path, Future[Taken | None]]" = field(default_factory=dict)

    def look(self, path: Path) -> "Taken | None":
        start = self.files.index(path) if path in self.files else 0
        for file in [path, *self.files[start + 1 : start + 1 + _AHEAD]]:
            if file not in self.seen:
                self.seen[file] = self.thread.submit(self.see, file)
        return self.seen.pop(path).result()


def _look(path: Path) -> "Taken | None":
    import pypdfium2

    from digitize.seal import taken_spots

    try:
        return taken_spots(path)
    except (pypdfium2.PdfiumError, OSError):
        return None  # signing says what is wrong with the file
