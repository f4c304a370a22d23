"""``sohoa sign``: which key, which text, which files, and where the PIN comes from."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import TYPE_CHECKING

from dossier.desk import NoSigner, signing_request
from dossier.looking import looked_at_ahead
from dossier.shelf import keep_out_of_store
from dossier.waiting import lift_of, lift_waiting, put_on_list, settle
from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_
from profiles import Office, SignatureRules
from signing.pins import PinFromDescriptor, PinPrompt, PinSource

if TYPE_CHECKING:
    from signing import SignResult
    from signing.jobs import Level

Advance = Callable[[int, str], None]


class OneTarget(SohoaError):
    """Many files were to be signed into one."""

    exit_code = ExitCode.USAGE
    message = N_("{count} files cannot be signed into one: name a folder with -o.")


class NothingNamed(SohoaError):
    """Neither files to sign nor a place for them were named."""

    exit_code = ExitCode.USAGE
    message = N_(
        "Name the PDF files to sign, and with -o where the signed ones go. "
        "Only --upgrade does without: it lifts what waits, or files where they lie."
    )


class SameNames(SohoaError):
    """Two files would be signed into the same file."""

    exit_code = ExitCode.USAGE
    message = N_("Two of the files are called {name}: sign them into different folders.")


def pin_source(descriptor: int | None) -> PinSource:
    """The PIN from an open file descriptor, else from the person at the terminal."""
    return PinPrompt() if descriptor is None else PinFromDescriptor(descriptor)


def sign_documents(  # noqa: PLR0913  what the verb's options say
    office: Office,
    signer_name: str,
    files: Sequence[Path],
    out: Path | None,
    *,
    level: str = "",
    offline: bool = False,
    kind: str = "SAO Y",
    pin_fd: int | None = None,
    last_try: bool = False,
    advance: Advance | None = None,
) -> "list[SignResult]":
    """Sign files with one of the office's keys; one PIN for all.

    Args:
        offline: do not ask the services: sign at B-B and put the files on the list of those to
            be lifted. Without it that is done where none answers and the profile allows it.

    Raises:
        NothingNamed: no files, or no place for them.
        NoSigner: the office profile names no such key.
        OneTarget, SameNames: the files have no place each to go to.
    """
    from signing import SignJob, sign_files

    if not files or out is None:
        raise NothingNamed()
    signer = office.signers.get(signer_name)
    if signer is None:
        raise NoSigner(role=signer_name)
    rules = next(
        (rules for rules in office.signatures if rules.role == signer.role),
        SignatureRules(role=signer.role),
    )
    request = replace(signing_request(office, signer, rules, kind, level), allow_last_try=last_try)
    if offline:
        request = replace(request, offline=True, on_waiting=put_on_list(request.level))
    keep_out_of_store(out)
    jobs = [SignJob(source, target) for source, target in _targets(files, out)]
    with looked_at_ahead(files) as look:
        return sign_files(
            jobs,
            replace(request, look=look),
            pin_source(pin_fd),
            on_progress=(lambda done, _all, job: advance(done, job.source.name))
            if advance
            else None,
        )


def lift_documents(
    office: Office,
    files: Sequence[Path],
    out: Path | None,
    level: "Level | None" = None,
    advance: Advance | None = None,
) -> "list[SignResult]":
    """Lift signed files to a higher level; what needs nothing is kept.

    Args:
        files: files, and folders of which all signed PDFs are lifted, those of folders in them
            too; none: what is on the list of files signed without a network.
        out: where they go; None: they are replaced where they lie, each whole or not at all.
        level: what they shall reach; without one B-LTA, and for those on the list their own.

    Raises:
        OneTarget, SameNames: the files have no place each to go to.
        NoTimestampService, BadTrustFile: what the office profile lacks.
    """
    from signing import SignJob
    from signing.lifting import lift_files

    tell = (lambda done, _total, job: advance(done, job.source.name)) if advance else None
    if not files:
        return lift_waiting(office, level, tell)
    keep_out_of_store(*(out,) if out else files)
    jobs = [SignJob(source, target) for source, target in _lifted_to(files, out)]
    return settle(lift_files(jobs, lift_of(office, level or "b-lta"), tell))


def _lifted_to(files: Sequence[Path], out: Path | None) -> list[tuple[Path, Path]]:
    """Where each lifted file goes; those of a folder keep their place in it."""
    folders = [folder for folder in files if folder.is_dir()]
    single = [file for file in files if not file.is_dir()]
    if out is None:
        named = [*single, *(pdf for folder in folders for pdf in _signed_in(folder))]
        return [(file, file) for file in dict.fromkeys(named)]
    pairs = [
        (pdf, out / pdf.relative_to(folder)) for folder in folders for pdf in _signed_in(folder)
    ]
    pairs += _targets(single, out) if single else []
    targets = [target for _source, target in pairs]
    if twice := next((one.name for one, count in Counter(targets).items() if count > 1), ""):
        raise SameNames(name=twice)
    return pairs


def _signed_in(folder: Path) -> list[Path]:
    """The PDFs below a folder that somebody has signed."""
    found = (path for path in folder.rglob("*") if path.suffix.lower() == ".pdf")
    return sorted(path for path in found if path.is_file() and is_signed(path))


def is_signed(path: Path) -> bool:
    """Whether a file has the mark of a signature: cheap, to be asked of very many."""
    if path.stat().st_size == 0:
        return False
    with path.open("rb") as stream, mmap(stream.fileno(), 0, access=ACCESS_READ) as content:
        return content.find(b"/ByteRange") >= 0


def _targets(files: Sequence[Path], out: Path) -> list[tuple[Path, Path]]:
    """Where each file goes: one file to the file named, or into a folder; many into a folder."""
    looks_like_file = out.suffix.lower() == ".pdf" or out.is_file()
    if looks_like_file and not out.is_dir():
        if len(files) > 1:
            raise OneTarget(count=len(files))
        return [(files[0], out)]
    names = Counter(file.name for file in files)
    if twice := next((name for name, count in names.items() if count > 1), ""):
        raise SameNames(name=twice)
    return [(file, out / file.name) for file in files]
