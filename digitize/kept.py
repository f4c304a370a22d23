"""Finished pages of a run that has not come to its end, so that the same run can go on from them.

    shelf = Shelf(home() / "work" / "kept", made_by=versions)
    shelf.keep(page, settings)                      # as soon as a page is finished
    shelf.take(sheet, settings, folder)             # the next run: there already?
    shelf.forget(sheets, settings)                  # the document is written

A page is found again by all that made it what it is: its sheet's bytes and place in the
file, the settings, and the programs that worked on it. So the order of the sheets, the
names of the files and the document they go into may change. Every page is checked when it
is taken: one that a power cut left in part is made anew.
"""

import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from digitize.page import PageSettings
from digitize.sheet import FinishedPage, Sheet
from foundation.files import sha256_file

#: Days after which pages nobody came back for are removed: a week with its week-end, and a bit.
DAYS = 8
_NOTE = ".json"


class _Note(BaseModel):
    """What is written down of a page.

    Attributes:
        picture: where the page's picture is: beside the note, in the sheet's own file, nowhere.
        suffix: of the picture's file.
        sha256: of the picture beside the note.
    """

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64", extra="forbid")

    page: FinishedPage
    picture: Literal["beside", "sheet", "none"]
    suffix: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class Shelf:
    """Where finished pages are kept.

    Attributes:
        folder: private to its user; made when the first page comes.
        made_by: versions of the programs that work on pages.
    """

    folder: Path
    made_by: Mapping[str, str] = field(default_factory=dict)

    def keep(self, page: FinishedPage, settings: PageSettings) -> None:
        """Put a page on the shelf; its picture file may go afterwards.

        A page that could not be recognised is not kept: the next run may have more luck.

        Raises:
            OSError: the disk refuses it.
        """
        if "not-recognised" in page.finding.flags:
            return
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        place, picture = self._place(page.sheet, settings), page.picture
        if picture is None:
            note = _Note(page=_nameless(page), picture="none")
        elif picture == page.sheet.path:
            note = _Note(page=_nameless(page), picture="sheet")
        else:
            _link(picture, place.with_suffix(picture.suffix))
            note = _Note(
                page=_nameless(page),
                picture="beside",
                suffix=picture.suffix,
                sha256=sha256_file(picture),
            )
        part = self.folder / f".{secrets.token_hex(8)}.part"
        part.write_text(note.model_dump_json(), encoding="utf-8")
        part.replace(place.with_suffix(_NOTE))

    def take(self, sheet: Sheet, settings: PageSettings, folder: Path) -> FinishedPage | None:
        """The page of a sheet if it is on the shelf whole, its picture in ``folder``."""
        place = self._place(sheet, settings)
        try:
            note = _Note.model_validate_json(place.with_suffix(_NOTE).read_bytes())
            picture = None
            if note.picture == "sheet":
                picture = sheet.path
            elif note.picture == "beside":
                picture = folder / f"page-{sheet.index:06d}{note.suffix}"
                _link(place.with_suffix(note.suffix), picture)
                if sha256_file(picture) != note.sha256:
                    picture.unlink()
                    return None
        except (OSError, ValidationError):
            return None
        finding = replace(note.page.finding, index=sheet.index, source=sheet.label)
        return replace(note.page, sheet=sheet, finding=finding, picture=picture)

    def holds(self, sheet: Sheet, settings: PageSettings) -> bool:
        """Whether a page of the sheet is on the shelf."""
        return self._place(sheet, settings).with_suffix(_NOTE).exists()

    def forget(self, sheets: Iterable[Sheet], settings: PageSettings) -> None:
        """Take pages off the shelf; it goes when it is empty."""
        for sheet in sheets:
            for file in self.folder.glob(f"{self._place(sheet, settings).name}.*"):
                file.unlink(missing_ok=True)
        with suppress(OSError):  # it holds other pages, or there is none
            self.folder.rmdir()

    def sweep(self, now: float | None = None) -> None:
        """Remove what has lain here for more than :data:`DAYS` days."""
        before = (now or time.time()) - DAYS * 86400
        for file in self.folder.glob("*"):
            with suppress(FileNotFoundError):  # another run sweeps too
                if file.lstat().st_mtime < before:
                    file.unlink()

    def _place(self, sheet: Sheet, settings: PageSettings) -> Path:
        """Where a page's files are, but for their endings."""
        dpi = None if sheet.dpi is None else round(float(sheet.dpi), 1)
        rules = repr(replace(settings, folder=Path()))
        made_of = [sheet.sha256, sheet.frame, sheet.kind, dpi, rules, dict(self.made_by)]
        key = json.dumps(made_of, sort_keys=True).encode()
        return self.folder / hashlib.sha256(key).hexdigest()[:32]


def _nameless(page: FinishedPage) -> FinishedPage:
    """The page without the names of files, which belong to the run and may name people."""
    sheet = replace(page.sheet, path=Path(), label="")
    return replace(page, sheet=sheet, finding=replace(page.finding, source=""), picture=None)


def _link(file: Path, place: Path) -> None:
    """The file under a second name; a copy where the disk knows no such thing."""
    place.unlink(missing_ok=True)
    try:
        os.link(file, place)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(file, place)
