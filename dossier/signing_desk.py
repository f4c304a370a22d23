"""``sohoa sign``: which key, which text, which files, and where the PIN comes from."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dossier.desk import NoSigner, signing_request
from dossier.looking import Looks
from dossier.shelf import keep_out_of_store
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
    out: Path,
    *,
    level: str = "",
    kind: str = "SAO Y",
    pin_fd: int | None = None,
    last_try: bool = False,
    advance: Advance | None = None,
) -> "list[SignResult]":
    """Sign files with one of the office's keys; one PIN for all.

    Raises:
        NoSigner: the office profile names no such key.
        OneTarget, SameNames: the files have no place each to go to.
    """
    from signing import SignJob, sign_files

    signer = office.signers.get(signer_name)
    if signer is None:
        raise NoSigner(role=signer_name)
    rules = next(
        (rules for rules in office.signatures if rules.role == signer.role),
        SignatureRules(role=signer.role),
    )
    request = replace(signing_request(office, signer, rules, kind, level), allow_last_try=last_try)
    keep_out_of_store(out)
    jobs = [SignJob(source, target) for source, target in _targets(files, out)]
    with closing(Looks(files)) as look:
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
    out: Path,
    level: "Level",
    advance: Advance | None = None,
) -> "list[SignResult]":
    """Lift signed files, or those of folders, to a higher level; what needs nothing is kept.

    Raises:
        OneTarget, SameNames: the files have no place each to go to.
        NoTimestampService, BadTrustFile: what the office profile lacks.
    """
    from signing import SignJob
    from signing.lifting import Lift, lift_files

    keep_out_of_store(out)
    named = [
        pdf for file in files for pdf in (sorted(file.glob("*.pdf")) if file.is_dir() else [file])
    ]
    jobs = [SignJob(source, target) for source, target in _targets(named, out)]
    lift = Lift(level, office.timestamp_urls, tuple(map(Path, office.trust)))
    return lift_files(
        jobs,
        lift,
        (lambda done, _total, job: advance(done, job.source.name)) if advance else None,
    )


def _targets(files: Sequence[Path], out: Path) -> list[tuple[Path, Path]]:
    """Where each file goes: one file to the file named, or into a folder; many into a folder."""
    looks_like_file = out.suffix.lower() == ".pdf" or out.is_file()
    if looks_like_file and not out.is_dir():
        if len(files) > 1:
            raise OneTarget(count=len(files))
        return [(files[0], out)]
    names = [file.name for file in files]
    for name in names:
        if names.count(name) > 1:
            raise SameNames(name=name)
    return [(file, out / file.name) for file in files]
