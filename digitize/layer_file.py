"""A page in layers as one file, between the worker that makes it and the writer of the PDF.

A ZIP archive, stored: ``mask.g4``, ``paper.jpg``, ``ink.jpg`` and ``page.json`` with the
mask's width and height in pixels and its dots per inch.
"""

import json
import zipfile
from pathlib import Path

import cv2
import numpy as np

from digitize.layers import Layers, recompose
from digitize.turning import Pixels
from ocr.background import u8

SUFFIX = ".layers"
_MASK, _PAPER, _INK, _PAGE = "mask.g4", "paper.jpg", "ink.jpg", "page.json"


def save_layers(layers: Layers, path: Path) -> None:
    """Write a page in layers; ``path`` should end in :data:`SUFFIX`."""
    page = {"width": layers.width, "height": layers.height, "dpi": layers.dpi}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(_MASK, layers.mask_g4)
        archive.writestr(_PAPER, layers.paper_jpeg)
        archive.writestr(_INK, layers.ink_jpeg)
        archive.writestr(_PAGE, json.dumps(page))


def load_layers(path: Path) -> Layers:
    """Read what :func:`save_layers` wrote; nothing is decoded yet."""
    with zipfile.ZipFile(path) as archive:
        page = json.loads(archive.read(_PAGE))
        return Layers(
            dpi=page["dpi"],
            width=page["width"],
            height=page["height"],
            mask_g4=archive.read(_MASK),
            paper_jpeg=archive.read(_PAPER),
            ink_jpeg=archive.read(_INK),
        )


def load_shown(picture: Path) -> Pixels:
    """The pixels of a finished page's picture, a JPEG or layers: H×W or H×W×3 (BGR) uint8."""
    if picture.suffix == SUFFIX:
        return recompose(load_layers(picture))
    return u8(cv2.imdecode(np.frombuffer(picture.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED))
