"""Picture files as sheets of paper: what the training scanner's lamp sees."""

from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from digitize.escl import ScanJob
from foundation import N_, ExitCode, SohoaError

#: Files taken for sheets when a folder is given.
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff"})
#: A picture that does not say its resolution is taken for a sheet as long as A4 is high.
A4_LONG_INCHES = 297 / 25.4
#: Near-lossless, so that the scan is as sharp as the file.
QUALITY = 95


class NoTrainingSheets(SohoaError):
    """A folder without a single picture in it."""

    exit_code = ExitCode.INPUT
    message = N_("{folder}: no JPEG, PNG or TIFF files to serve. Put some in and try again.")


class TrainingSheetUnreadable(SohoaError):
    """A file that is no picture."""

    exit_code = ExitCode.INPUT
    message = N_("{file}: cannot be read as a picture. Take it out or replace it.")


@dataclass(frozen=True)
class TrainingSheet:
    """One side of paper: a page (from 0) of a picture file."""

    path: Path
    frame: int


def training_sheets(source: Path | Iterable[Path]) -> tuple[TrainingSheet, ...]:
    """The sheets in a folder (by name) or in files (in the order given).

    Each page of a multi-page TIFF is a sheet.

    Raises:
        NoTrainingSheets: the folder holds no pictures.
        TrainingSheetUnreadable: a file is no picture.
    """
    if isinstance(source, Path):
        paths = sorted(path for path in source.iterdir() if path.suffix.lower() in SUFFIXES)
        if not paths:
            raise NoTrainingSheets(folder=source)
    else:
        paths = list(source)
    return tuple(TrainingSheet(path, frame) for path in paths for frame in range(_frames(path)))


def render(sheet: TrainingSheet | None, job: ScanJob, *, fill_area: bool = True) -> bytes:
    """The JPEG a scanner would deliver for this sheet and job.

    The sheet lies in the top left corner. It is scaled from its own resolution and cut to
    the region; what the paper does not cover is white. With ``fill_area`` false the picture
    ends where the paper ends, as with feeders that measure the sheet. ``None`` is an empty
    glass.

    Raises:
        TrainingSheetUnreadable: the file went bad after it was loaded.
    """
    left, top, width, height = job.region
    size = (round(width * job.dpi / 300), round(height * job.dpi / 300))
    if sheet is None:
        return _jpeg(_canvas(size, job), job)
    try:
        with Image.open(sheet.path) as file:
            file.seek(sheet.frame)
            own = _resolution(file)
            if (left, top) == (0, 0) and _is_that_scan(file, size, job):
                return sheet.path.read_bytes()
            paper = _flat(ImageOps.exif_transpose(file), job)
    except (OSError, ValueError, EOFError) as error:
        raise TrainingSheetUnreadable(file=sheet.path.name) from error
    scale = (own[0] / 300, own[1] / 300)
    box = (
        min(left * scale[0], paper.width),
        min(top * scale[1], paper.height),
        min((left + width) * scale[0], paper.width),
        min((top + height) * scale[1], paper.height),
    )
    seen = (
        min(size[0], round((box[2] - box[0]) * job.dpi / own[0])),
        min(size[1], round((box[3] - box[1]) * job.dpi / own[1])),
    )
    canvas = _canvas(size if fill_area else (max(seen[0], 1), max(seen[1], 1)), job)
    if seen[0] and seen[1]:
        canvas.paste(paper.resize(seen, Image.Resampling.BICUBIC, box=box, reducing_gap=3))
    return _jpeg(canvas, job)


def _frames(path: Path) -> int:
    try:
        with Image.open(path) as file:
            # A phone's JPEG may hold previews as further frames: only TIFF has further sheets.
            return int(getattr(file, "n_frames", 1)) if file.format == "TIFF" else 1
    except (OSError, UnidentifiedImageError) as error:
        raise TrainingSheetUnreadable(file=path.name) from error


def _resolution(file: Image.Image) -> tuple[float, float]:
    """Dots per inch across and down, after turning by EXIF."""
    x, y = (float(value) for value in file.info.get("dpi", (0, 0)))
    if x < 10 or y < 10:  # absent, or a ratio given without a unit
        x = y = max(file.size) / A4_LONG_INCHES
    return (y, x) if file.getexif().get(0x0112, 1) >= 5 else (x, y)


def _is_that_scan(file: Image.Image, size: tuple[int, int], job: ScanJob) -> bool:
    """Whether the file already is what is asked: then it goes out as it is, without loss."""
    return (
        file.format == "JPEG"
        and file.size == size
        and file.mode == ("RGB" if job.mode == "color" else "L")
        and tuple(round(value) for value in file.info.get("dpi", (0, 0))) == (job.dpi, job.dpi)
        and file.getexif().get(0x0112, 1) == 1
    )


def _flat(picture: Image.Image, job: ScanJob) -> Image.Image:
    """Eight bits a channel in the job's mode; what is transparent shows white paper."""
    if picture.mode.startswith("I"):
        picture = picture.point(lambda value: value / 256).convert("L")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        paper = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(paper, picture)
    return picture.convert("RGB" if job.mode == "color" else "L")


def _canvas(size: tuple[int, int], job: ScanJob) -> Image.Image:
    return Image.new("RGB" if job.mode == "color" else "L", size, "white")


def _jpeg(picture: Image.Image, job: ScanJob) -> bytes:
    out = BytesIO()
    picture.save(out, "JPEG", quality=QUALITY, subsampling=0, dpi=(job.dpi, job.dpi))
    return out.getvalue()
