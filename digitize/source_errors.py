"""What can be wrong with a file handed in, one class a cause (exit code 3 for all)."""

import re
from collections.abc import Iterable
from pathlib import Path

from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_
from foundation.privacy import mask_number


def file_label(path: Path) -> str:
    """A file's name as messages and provenance may show it: no folder, long numbers masked.

    People name scans after the number on the paper; any run of nine digits or more may
    hold one, also when a date or a counter is glued to it.
    """
    return re.sub(r"\d{9,}", lambda match: mask_number(match.group()), path.name)


def page_label(path: Path, frame: int) -> str:
    """The same for a page, from 0, of a file of several."""
    return f"{file_label(path)}#{frame + 1}"


def are_many_files(labels: Iterable[str]) -> bool:
    """Whether sheets of these labels come from more than one file."""
    return len({re.sub(r"#\d+$", "", label) for label in labels}) > 1


class InputRefused(SohoaError):
    """Base of everything that is refused before, or instead of, being digitised."""

    exit_code = ExitCode.INPUT
    message = N_("{file}: the file is refused.")


class SeveralRefused(InputRefused):
    """Several files are at fault."""

    message = N_("{count} files are refused. {faults}")


class NoSource(InputRefused):
    """Nothing was named."""

    message = N_("No source was named. Name picture files, PDF files or a folder that holds them.")


class MissingFile(InputRefused):
    """No such file or folder."""

    message = N_("{file}: there is no such file. Check the name and the folder, then try again.")


class EmptyFolder(InputRefused):
    """A folder without a picture or PDF file in it."""

    message = N_(
        "{file}: this folder holds no picture (JPEG, PNG, TIFF, BMP, WebP) and no PDF file."
        " Put the files in it, or name another folder."
    )


class OnlySubfolders(InputRefused):
    """A folder whose pages all lie in its subfolders: which belong together is not told."""

    message = N_(
        "{file}: the pages lie in subfolders of this folder ({folders}). Name the subfolders whose"
        " pages belong in this document, or use “sohoa batch” for one document each."
    )


class NotPermitted(InputRefused):
    """The file or folder may not be read by this user."""

    message = N_(
        "{file}: you are not permitted to read this file."
        " Ask its owner for permission, or for a copy."
    )


class EmptyFile(InputRefused):
    """A file of no bytes."""

    message = N_("{file}: the file is empty. Scan the paper or copy the file again.")


class NotAPicture(InputRefused):
    """The bytes are no picture or PDF that can be read, whatever the name says."""

    message = N_(
        "{file}: this is not a picture (JPEG, PNG, TIFF, BMP, WebP) or PDF file that can be read,"
        " whatever its name says. Save it as JPEG or PDF, or scan the paper."
    )


class ForeignKind(InputRefused):
    """A sound file of a kind that is not read, such as a telephone's HEIC picture."""

    message = N_(
        "{file}: files of the kind {kind} are not read. Save it as JPEG or PDF, or scan the paper."
    )


class DeepColours(InputRefused):
    """A picture of 32-bit or floating-point values: what is white in it cannot be told."""

    message = N_(
        "{file}: the picture stores its colours in a way scanners do not use (32 bits or floating"
        " point). Save it as an ordinary picture of 8 bits, or scan the paper."
    )


class CutShort(InputRefused):
    """The end of the file is missing."""

    message = N_(
        "{file}: the file is cut short, part of it is missing. Copy it or scan the paper again."
    )


class TooLarge(InputRefused):
    """More pixels than :data:`digitize.sources.MAX_PIXELS`."""

    message = N_(
        "{file}: the picture has more than {limit} million pixels, more than an A0 sheet at"
        " 300 dpi. Scan the paper again at a lower resolution."
    )


class TooSmall(InputRefused):
    """A picture too small to be a sheet of paper."""

    message = N_(
        "{file}: the picture is only {width} × {height} pixels, too small to be a sheet of paper."
        " Scan the paper again."
    )


class BrokenSheet(InputRefused):
    """One sheet of a file turned out to be damaged when it was read."""

    message = N_("{sheet}: this page is damaged and cannot be read. Scan this page again.")


class DamagedPdf(InputRefused):
    """A PDF whose structure is broken: pages could be missing without anyone noticing."""

    message = N_(
        "{file}: this PDF file is damaged; pages may be missing. Fetch it again from where it"
        " came, or scan the paper."
    )


class PdfWithoutPages(InputRefused):
    """A PDF that has no page."""

    message = N_("{file}: this PDF file has no pages. Fetch it again, or scan the paper.")


class PasswordProtected(InputRefused):
    """A PDF that asks for a password, to be opened or to be changed."""

    message = N_(
        "{file}: this PDF file is protected by a password. Save a copy without the password, then"
        " digitise the copy."
    )


class SignedInput(InputRefused):
    """A PDF that carries a digital signature, which any change would break."""

    message = N_(
        "{file}: this PDF file is signed already and must stay as it is. Check it with “sohoa"
        " verify”, keep it with “sohoa deposit”."
    )


class DynamicForm(InputRefused):
    """An XFA form: its pages exist only while Adobe's reader draws them."""

    message = N_(
        "{file}: this is a dynamic form (XFA) that only Adobe Reader can show. Open it there,"
        " print it to PDF, then digitise that file."
    )
