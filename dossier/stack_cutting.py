"""A document's pages cut out of a stack as files of their own, nothing compressed anew."""

import re
import shutil
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from digitize.sheet import Sheet
from digitize.slips import separator_text
from dossier.separation import Parted
from foundation.files import sync_file
from foundation.privacy import mask_text

#: A digest without figures: nobody takes a run of them for a personal number and masks it.
_LETTERS = str.maketrans("0123456789", "ghijklmnop")


def cut(stacks: Path, sheets: Sequence[Sheet], parted: Parted) -> Path:
    """The pages of one document as files of their own in a folder, whole or not at all."""
    folder = stacks / _name_of(sheets, parted)
    if folder.exists():
        return folder
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True, mode=0o700)
    for number, index in enumerate(parted.sides, 1):
        sheet = sheets[index]
        _cut_out(sheet, part / f"{number:05d}")
    sync_file(part)
    part.rename(folder)
    sync_file(folder.parent)
    return folder


def _cut_out(sheet: Sheet, stem: Path) -> None:
    """One sheet as a file: the file itself where it holds nothing else."""
    if "#" not in sheet.label:
        target = stem.with_suffix(sheet.path.suffix.lower())
        shutil.copyfile(sheet.path, target)
    elif sheet.kind == "image":
        from PIL import Image

        target = stem.with_suffix(".png")
        with Image.open(sheet.path) as picture:
            picture.seek(sheet.frame)
            dpi = sheet.dpi or picture.info.get("dpi", (72, 72))[0]
            picture.save(target, dpi=(dpi, dpi))
    else:
        import pikepdf

        target = stem.with_suffix(".pdf")
        with pikepdf.open(sheet.path) as whole, pikepdf.new() as single:
            single.pages.append(whole.pages[sheet.frame])
            single.save(target)
    sync_file(target)


def _name_of(sheets: Sequence[Sheet], parted: Parted) -> str:
    """Where it begins, and its content: another stack in the same folder makes other documents."""
    pages = (f"{sheets[index].sha256} {sheets[index].frame}" for index in parted.sides)
    slip = separator_text(parted.slip) if parted.slip else ""
    digest = sha256("\n".join([slip, *pages]).encode()).hexdigest()
    first = re.sub(r"[^A-Za-z0-9.]+", "-", mask_text(sheets[parted.sides[0]].label))
    return f"{first}-{digest[:16].translate(_LETTERS)}"
