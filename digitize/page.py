"""One sheet in, one finished page out: what a worker of the pool does.

Pure but for the files it leaves in the work folder; it knows nothing of other pages.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from digitize import quality
from digitize.blank import FEW, faint_writing, is_blank
from digitize.borders import cut_sides
from digitize.ink import Marks, find_marks
from digitize.layer_file import SUFFIX, save_layers
from digitize.layers import guard, split
from digitize.light import Light, look_at_light
from digitize.photo import flatten_photo
from digitize.quality import Look
from digitize.reading import Reading, Upright, read_page, reads_mirrored, set_upright
from digitize.sharpness import look_at_print
from digitize.sheet import Finding, FinishedPage, Sheet
from digitize.sources import assumed_dpi, jpeg_bytes_if_untouched, load_measured
from digitize.turning import to_gray
from ocr.language import in_vietnamese
from ocr.spelling import in_one_spelling
from ocr.textlayer import text_layer
from ocr.words import Word, mean_confidence, reading_text
from profiles import PageRules


@dataclass(frozen=True)
class PageSettings:
    """What a worker needs to know besides the sheet."""

    rules: PageRules
    folder: Path
    keep_blank: bool = False
    recognise: bool = True


@dataclass(frozen=True)
class _Picture:
    """A sheet's pixels; a page that was photographed at an angle has been made flat."""

    pixels: NDArray[np.uint8]
    dpi: float
    photo: Literal["no", "flattened", "unsure"] = "no"


@dataclass(frozen=True)
class _Seen:
    """What is known of a written sheet before it is read. The pixels it came with are let go."""

    page: Upright
    photo: Literal["no", "flattened", "unsure"]
    light: Light


def finish_page(sheet: Sheet, settings: PageSettings) -> FinishedPage:
    """Clean, recognise and encode one sheet.

    Raises:
        BrokenSheet: the file cannot be decoded.
        RecogniserFailed, RecogniserMissing: see :func:`ocr.engine.recognise`.
    """
    seen, rules = _look_at(sheet, settings), settings.rules
    if isinstance(seen, _Picture):
        return _blank_page(sheet, settings, seen)
    page = seen.page
    if settings.recognise:
        reading = read_page(page, rules.ocr_language, lambda: _load(sheet).pixels)
    else:
        reading = Reading(page.cleaned, [], page.guess.sure)
    cleaned = reading.cleaned
    words = list(in_one_spelling(reading.words, rules.tone_marks))
    confidence = 0.0 if page.marks.are_noise else mean_confidence(words)
    finding = Finding(
        index=sheet.index,
        source=sheet.label,
        rotation=cleaned.rotation,
        skew=cleaned.skew,
        dpi=round(page.dpi, 1),
        confidence=None if confidence is None else round(confidence, 1),
        words=len(words),
        flags=_flags(seen, reading, confidence, settings) + _language_flags(words, rules),
    )
    touched = cleaned.touched or seen.photo == "flattened"
    return _finished(sheet, settings, finding, cleaned.pixels, touched, page.dpi, tuple(words))


def _load(sheet: Sheet) -> _Picture:
    pixels, dpi = load_measured(sheet)
    if sheet.device:  # a scanner has no angle to look from
        return _Picture(pixels, dpi)
    photo = flatten_photo(pixels)
    if photo.found == "flattened":  # a telephone's resolution is of no paper
        dpi = photo.dpi or assumed_dpi(photo.pixels.shape[1], photo.pixels.shape[0])
    return _Picture(photo.pixels, dpi, photo.found)


def _look_at(sheet: Sheet, settings: PageSettings) -> _Seen | _Picture:
    """A sheet set upright; its picture as it came where it is blank."""
    picture = _load(sheet)
    pixels, dpi = picture.pixels, picture.dpi
    marks = find_marks(to_gray(pixels), dpi)
    light = look_at_light(pixels, marks)
    if not _is_dark(light, settings) and is_blank(marks):
        faint = faint_writing(pixels, marks)
        if faint is None or (settings.recognise and _shines_through(pixels, dpi, faint, settings)):
            return picture
        marks = faint
    return _Seen(set_upright(pixels, dpi, marks), picture.photo, light)


def _is_dark(light: Light, settings: PageSettings) -> bool:
    return light.brightness < settings.rules.min_brightness


def _flags(
    seen: _Seen, reading: Reading, confidence: float | None, settings: PageSettings
) -> tuple[str, ...]:
    """What a person should know of the page, see :func:`digitize.quality.judge`."""
    look = Look(seen.light)
    if not seen.page.marks.are_noise:
        upright = seen.page.marks.turned((360 - reading.cleaned.rotation) % 360)
        look = Look(seen.light, look_at_print(upright), cut_sides(upright))
    flags = quality.judge(seen.page.dpi, confidence, settings.rules, look)
    if not settings.recognise:
        flags += ("not-recognised",)
    elif not reading.turn_sure and not _is_dark(seen.light, settings):
        flags += ("turn-unsure",)
    if seen.photo == "unsure":
        flags += ("photo-unsure",)
    return flags


def _shines_through(
    pixels: NDArray[np.uint8], dpi: float, faint: Marks, settings: PageSettings
) -> bool:
    """Whether a page of faint marks is the other side's print; a few marks are a note."""
    language = settings.rules.ocr_language
    return len(faint.letters) >= FEW and reads_mirrored(pixels, dpi, faint, language)


def _language_flags(words: list[Word], rules: PageRules) -> tuple[str, ...]:
    """Advice on a page that was read as Vietnamese and is not."""
    foreign = rules.ocr_language == "vie" and in_vietnamese(words) is False
    return ("other-language",) if foreign else ()


def _blank_page(sheet: Sheet, settings: PageSettings, picture: _Picture) -> FinishedPage:
    finding = Finding(
        sheet.index, sheet.label, kept=settings.keep_blank, blank=True, dpi=round(picture.dpi, 1)
    )
    return _finished(sheet, settings, finding, picture.pixels, False, picture.dpi, ())


def _finished(
    sheet: Sheet,
    settings: PageSettings,
    finding: Finding,
    pixels: NDArray[np.uint8],
    touched: bool,
    dpi: float,
    words: tuple[Word, ...],
) -> FinishedPage:
    height, width = pixels.shape[:2]
    picture = _picture(sheet, settings, pixels, touched, dpi) if finding.kept else None
    return FinishedPage(
        sheet=sheet,
        finding=finding,
        picture=picture,
        width_mm=width / dpi * 25.4,
        height_mm=height / dpi * 25.4,
        text_layer=text_layer(words, dpi, height),
        text=reading_text(words),
        words=words,
    )


def _picture(
    sheet: Sheet, settings: PageSettings, pixels: NDArray[np.uint8], touched: bool, dpi: float
) -> Path:
    """The page as a file: in layers where the rules ask for them and they look like it; else
    a JPEG, the sheet's own bytes where nothing was changed."""
    path = settings.folder / f"page-{sheet.index:06d}.jpg"
    if settings.rules.layers == "compact":
        layers = split(pixels, dpi)
        if layers is not None and guard(pixels, layers):
            save_layers(layers, path := path.with_suffix(SUFFIX))
            return path
    if not touched and (untouched := jpeg_bytes_if_untouched(sheet)):
        return untouched
    quality_option = [cv2.IMWRITE_JPEG_QUALITY, settings.rules.jpeg_quality]
    _coded, data = cv2.imencode(".jpg", pixels, quality_option)
    path.write_bytes(data.tobytes())
    return path
