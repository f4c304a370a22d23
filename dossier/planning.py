"""What a folder holds as documents to be made: a file each, or a subfolder each."""

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from digitize.source_errors import ForeignKind, InputRefused, file_label
from digitize.sources import ENDINGS, check_sources, left_out, natural
from dossier.fate import SourceAway
from foundation.errors import ExitCode, SohoaError
from foundation.files import real
from foundation.messages import N_
from foundation.privacy import mask_text
from foundation.reasons import reason_of


class NothingToPlan(SohoaError):
    """A folder holds nothing that could be made into a document."""

    exit_code = ExitCode.INPUT
    message = N_(
        "{folder} holds no pictures, PDF files or folders of them. A file, or a folder of the "
        "pages of one paper, is one document."
    )


class Unreadable(SohoaError):
    """The system refused to let a file or folder be read."""

    exit_code = ExitCode.INPUT
    message = N_("{file} cannot be read: {detail}.")


class SubfolderBeside(SohoaError):
    """A subfolder lies among the pages of a document or a stack."""

    exit_code = ExitCode.INPUT
    message = N_(
        "{file} is a subfolder of {folder}: its pages are not taken. Lay them beside the others; "
        "if they are a paper of their own, move the subfolder out of {folder}. Then plan again."
    )


@dataclass(frozen=True)
class Trouble:
    """Something that will not work, found before the first sheet: where, and why."""

    place: str
    error: SohoaError

    def as_dict(self) -> dict[str, str]:
        """For ``--json``."""
        return {
            "source": self.place,
            "error": self.error.message_id,
            "message": str(self.error),
        }


def passed_over(folder: Path, *, of_documents: bool = False) -> Iterator[Trouble]:
    """What lies in a folder of pages, or one whose subfolders are documents, and is not taken."""
    for one in left_out([folder]):
        name = file_label(one)
        if not one.is_dir():
            yield Trouble(name, ForeignKind(file=name, kind=one.suffix[1:].upper()))
        elif not of_documents:
            above = file_label(folder.absolute())
            yield Trouble(f"{above}/{name}", SubfolderBeside(file=name, folder=above))


def entries(folder: Path) -> list[Path]:
    """The files and folders in a folder that may be documents, in natural order of their names.

    Raises:
        SourceAway: it is not there.
        OSError: it may not be read.
    """
    try:
        found = [one for one in folder.iterdir() if not one.name.startswith(".")]
    except FileNotFoundError as error:
        raise SourceAway(folder=folder) from error
    wanted = (
        one
        for one in found
        if one.is_dir() or one.suffix.lower() in ENDINGS or (one.is_symlink() and not one.exists())
    )
    return sorted(wanted, key=natural)


def fault_of(source: Path) -> SohoaError | None:
    """Why a file or folder cannot be a document; None where it can."""
    if source.is_symlink() and real(source.parent).is_relative_to(real(source)):
        circle = OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        return Unreadable(file=mask_text(source.name), detail=reason_of(circle))
    try:
        check_sources([source])
    except InputRefused as error:
        return error
    except OSError as error:
        return Unreadable(file=mask_text(source.name), detail=reason_of(error))
    return None


def look_through(folder: Path) -> Iterator[Path | Trouble]:
    """Each document in a folder; what cannot be one comes as its trouble.

    Raises:
        NothingToPlan, SourceAway, OSError.
    """
    found = entries(folder)
    if not found:
        raise NothingToPlan(folder=folder)
    for one in found:
        fault = fault_of(one)
        yield Trouble(mask_text(one.name), fault) if fault else one.absolute()
