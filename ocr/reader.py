"""A second reader: lines of print to words through a small neural network.

The model is the Vietnamese line recogniser that the PyPI package ``asterocr`` 1.0.2 (MIT)
carries as ONNX. Only that file is used, and only when its digest is the one known here;
none of the package's code is run, for it can download and report. It reads short print
better than Tesseract and prose less well, and is slow (about 0.1 ms a pixel of width at
32 pixels' height), so it is asked where Tesseract is weak: cells of tables, and lines
that were read with little confidence. Where the extra ``reader`` is not installed,
Tesseract reads alone.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata, util
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.background import Gray, u8

_PACKAGE = "asterocr"
_MODEL = "asterocr/assets/asternet.onnx"
#: SHA-256 of the only model used: the one that was measured.
_DIGEST = "10c96b533e1f64031d73edfddafd7d4b13595544f11891f0531bcd72cb29be80"
#: The model's letters in the order of its classes, blank left out: lower case with every
#: tone of a vowel, capitals likewise, figures, signs.
_LETTERS_FILE = "asterocr/assets/vocab.json"
_LETTERS_DIGEST = "82c6df018ceca8c10876947e0f7df798ed321825276ed7f3bb12ae3ed6dc647b"
#: Height of a line as the model takes it, pixels; it gives one answer every 4 columns.
_HEIGHT, _STEP = 32, 4
#: Widest line the model was trained on, and the narrowest, pixels at that height.
MOST, _LEAST = 1024, 32
#: Columns of one run, all lines together. On 60 lines 512, 1024, 2048 and 4096 took the same time,
#: and 182, 234, 429 and 477 MB at their peak.
_RUN = 512


@dataclass(frozen=True)
class Piece:
    """One word of a line.

    Attributes:
        left, right: pixels of the line's picture.
        confidence: 0-100, that of its least sure letter.
    """

    text: str
    left: float
    right: float
    confidence: float


@dataclass(frozen=True)
class _Reader:
    session: Any
    letters: Sequence[str]


def installed() -> bool:
    """Whether the second reader can be used: its model is there, whole, and so is its engine."""
    return _files() is not None


def load() -> None:
    """Load the model before processes are forked, so that its 77 MB lie in memory once."""
    _reader()


def read_lines(lines: Sequence[Gray]) -> list[list[Piece]]:
    """The words on each of the lines.

    Args:
        lines: H×W uint8 each, dark on white, cut close around one line of print.

    Returns:
        For every line its words from left to right; none where nothing was read, and
        none at all where the reader is not installed.
    """
    reader = _reader()
    if reader is None:
        return [[] for _ in lines]
    pictures = [_scaled(line) for line in lines]
    found: list[list[Piece]] = [[] for _ in lines]
    for batch in _batches([picture.shape[1] for picture in pictures]):
        width = max(pictures[n].shape[1] for n in batch)
        stack = np.ones((len(batch), 1, _HEIGHT, width), np.float32)
        for row, n in enumerate(batch):
            stack[row, 0, :, : pictures[n].shape[1]] = pictures[n] / 127.5 - 1
        (logs,) = reader.session.run(None, {"images": stack.repeat(3, axis=1)})
        for row, n in enumerate(batch):
            steps = pictures[n].shape[1] // _STEP
            scale = lines[n].shape[1] / steps
            found[n] = list(_pieces(logs[:steps, row], reader.letters, scale))
    return found


def _batches(widths: Sequence[int]) -> Iterator[list[int]]:
    """Lines that run together: of like width, so that little of the work goes to padding."""
    batch: list[int] = []
    for n in sorted(range(len(widths)), key=lambda n: widths[n]):
        if batch and (widths[n] * (len(batch) + 1) > _RUN or widths[n] > 1.2 * widths[batch[0]]):
            yield batch
            batch = []
        batch.append(n)
    if batch:
        yield batch


def _scaled(line: Gray) -> Gray:
    height, width = line.shape
    wide = min(MOST, max(_LEAST, _STEP * round(width * _HEIGHT / height / _STEP)))
    method = cv2.INTER_AREA if height > _HEIGHT else cv2.INTER_CUBIC
    return u8(cv2.resize(line, (wide, _HEIGHT), interpolation=method))


def _pieces(logs: NDArray[np.float32], letters: Sequence[str], scale: float) -> Iterator[Piece]:
    """Words out of the classes' log probabilities, steps × classes: class 0 parts letters."""
    best = logs.argmax(axis=1)
    word: list[tuple[str, int, int, float]] = []
    start = 0
    for end in range(1, len(best) + 1):
        if end < len(best) and best[end] == best[start]:
            continue
        letter = letters[best[start]]
        if letter == " ":
            if word:
                yield _piece(word, scale)
            word = []
        elif best[start]:
            word.append((letter, start, end, float(logs[start:end, best[start]].max())))
        start = end
    if word:
        yield _piece(word, scale)


def _piece(word: Sequence[tuple[str, int, int, float]], scale: float) -> Piece:
    text = "".join(letter for letter, _start, _end, _log in word)
    sure = 100 * float(np.exp(min(log for _letter, _start, _end, log in word)))
    # A letter answers near its middle, so a word reaches half a letter further either way.
    return Piece(text, (word[0][1] - 0.5) * scale, (word[-1][2] + 0.5) * scale, sure)


@cache
def _reader() -> _Reader | None:
    """The model, loaded once and run on one thread: pages are what runs side by side.

    Without an arena of its own: that grew by 256 MB a process over lines of many widths, and
    saved no time that could be measured.
    """
    files = _files()
    if files is None:
        return None
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # else it reports to its maker, since 1.29
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = options.enable_mem_pattern = False
    model, letters = files
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    return _Reader(session, json.loads(letters.read_text(encoding="utf-8"))["chars"])


@cache
def _files() -> tuple[Path, Path] | None:
    """The model and its letters, found without importing the package and checked by digest."""
    if util.find_spec("onnxruntime") is None:
        return None
    try:
        place = metadata.distribution(_PACKAGE)
    except metadata.PackageNotFoundError:
        return None
    model, letters = (
        Path(str(place.locate_file(_MODEL))),
        Path(str(place.locate_file(_LETTERS_FILE))),
    )
    for path, digest in ((model, _DIGEST), (letters, _LETTERS_DIGEST)):
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            return None
    return model, letters
