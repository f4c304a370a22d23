"""One sheet in, one finished page out: what a worker of the pool does.

Pure but for the files it leaves in the work folder; it knows nothing of other pages.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from digitize import quality
from digitize.blank import FEW, faint_writing, is_blank
from digitize.borders import cut_sides
from digitize.clean import clean
from digitize.ink import Marks, find_marks
from digitize.layer_file import SUFFIX, save_layers
from digitize.layers import guard, split
from digitize.light import look_at_light
from digitize.photo import flatten_photo
from digitize.quality import Look
from digitize.reading import Reading, read_page, reads_mirrored
from digitize.sharpness import look_at_print
from digitize.sheet import Finding, FinishedPage, Sheet
from digitize.sources import assumed_dpi, jpeg_bytes_if_untouched, load_pixels
from digitize.turning import to_gray
from digitize.upright import guess_turn
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


def finish_page(sheet: Sheet, settings: PageSettings) -> FinishedPage:
    """Clean, recognise and encode one sheet.

    Raises:
        BrokenSheet: the file cannot be decoded.
        RecogniserFailed, RecogniserMissing: see :func:`ocr.engine.recognise`.
    """
    pixels, known_dpi = load_pixels(sheet)
    dpi = known_dpi or sheet.dpi or assumed_dpi(pixels.shape[1], pixels.shape[0])
    # A scanner has no angle to look from, and a telephone's resolution is of no paper.
    photo = flatten_photo(pixels) if not sheet.device else None
    if photo and photo.found == "flattened":
        pixels = photo.pixels
        dpi = photo.dpi or assumed_dpi(pixels.shape[1], pixels.shape[0])
    marks = find_marks(to_gray(pixels), dpi)
    light = look_at_light(pixels, marks)
    dark = light.brightness < settings.rules.min_brightness
    faint = None
    if not dark and is_blank(marks):
        if (faint := faint_writing(pixels, marks)) is None:
            return _blank_page(sheet, settings, pixels, dpi)
        if settings.recognise and _shines_through(pixels, dpi, faint, settings.rules):
            return _blank_page(sheet, settings, pixels, dpi)
        marks = faint
    if settings.recognise:
        reading = read_page(pixels, dpi, marks, settings.rules.ocr_language)
    else:
        guess = guess_turn(marks)
        reading = Reading(clean(pixels, dpi, marks, guess.degrees), [], guess.sure)
    cleaned = reading.cleaned
    words = list(in_one_spelling(reading.words, settings.rules.tone_marks))
    confidence = 0.0 if marks.are_noise else mean_confidence(words)
    upright = marks.turned((360 - cleaned.rotation) % 360)
    look = Look(light)
    if not marks.are_noise:
        look = Look(light, look_at_print(upright), cut_sides(upright))
    flags = quality.judge(dpi, confidence, settings.rules, look)
    if not settings.recognise:
        flags = (*flags, "not-recognised")
    elif not reading.turn_sure and not dark:
        flags = (*flags, "turn-unsure")
    if photo and photo.found == "unsure":
        flags = (*flags, "photo-unsure")
    flags += _language_flags(words, settings.rules)
    finding = Finding(
        index=sheet.index,
        source=sheet.label,
        rotation=cleaned.rotation,
        skew=cleaned.skew,
        dpi=round(dpi, 1),
        confidence=None if confidence is None else round(confidence, 1),
        words=len(words),
        flags=flags,
    )
    touched = cleaned.touched or (photo is not None and photo.found == "flattened")
    return _finished(sheet, settings, finding, cleaned.pixels, touched, dpi, tuple(words))


def _shines_through(pixels: NDArray[np.uint8], dpi: float, faint: Marks, rules: PageRules) -> bool:
    """Whether a page of faint marks is the other side's print; a few marks are a note."""
    return len(faint.letters) >= FEW and reads_mirrored(pixels, dpi, faint, rules.ocr_language)


def _language_flags(words: list[Word], rules: PageRules) -> tuple[str, ...]:
    """Advice on a page that was read as Vietnamese and is not."""
    foreign = rules.ocr_language == "vie" and in_vietnamese(words) is False
    return ("other-language",) if foreign else ()


def _blank_page(
    sheet: Sheet, settings: PageSettings, pixels: NDArray[np.uint8], dpi: float
) -> FinishedPage:
    finding = Finding(
        sheet.index, sheet.label, kept=settings.keep_blank, blank=True, dpi=round(dpi, 1)
    )
    return _finished(sheet, settings, finding, pixels, False, dpi, ())


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
