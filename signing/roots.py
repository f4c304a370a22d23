"""The roots this machine trusts: two lists, the state's and the public ones.

Nothing is trusted unless added, and nothing is added unless its SHA-256 fingerprint was
compared with the one its owner published.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from asn1crypto import pem

from foundation.errors import ExitCode, SohoaError
from foundation.files import atomic_path
from foundation.messages import N_
from foundation.places import home
from foundation.times import iso_utc
from signing.certificates import may_issue
from signing.errors import (
    AmbiguousRoot,
    NotOneRoot,
    RootNotConfirmed,
    UnknownRoot,
    WrongFingerprint,
)
from signing.trust import Anchor, load_anchors

#: ``state``: the roots of the state's own service (chuyên dùng công vụ); ``public``: the others.
RootList = Literal["state", "public"]
LISTS: tuple[RootList, ...] = get_args(RootList)
#: Digits of a fingerprint that name a root: fewer could be met by chance or on purpose.
_NAMING_DIGITS = 8


class NoIssuer(SohoaError):
    """A certificate was to be trusted as a root that may not issue any."""

    exit_code = ExitCode.INPUT
    message = N_(
        "{file} is the certificate of a signer ({name}), not of an authority that issues "
        "certificates. Trust the authority's root instead."
    )


@dataclass(frozen=True)
class TrustedRoot:
    """A root and the list it stands on."""

    list_name: RootList
    anchor: Anchor

    def as_dict(self) -> dict[str, Any]:
        """As it stands in ``trust list --json``."""
        return {
            "list": self.list_name,
            "name": self.anchor.name,
            "fingerprint": self.anchor.fingerprint,
            "valid_until": iso_utc(self.anchor.not_after),
            "file": str(self.anchor.source),
        }


def trusted_roots() -> tuple[TrustedRoot, ...]:
    """All roots that were added, the state's first.

    Raises:
        BadTrustFile: one of the files was damaged.
    """
    return tuple(
        TrustedRoot(name, anchor) for name in LISTS for anchor in load_anchors(_files(name))
    )


def root_files() -> tuple[Path, ...]:
    """The files of all roots that were added."""
    return tuple(file for name in LISTS for file in _files(name))


def read_root(file: Path) -> Anchor:
    """The one certificate in ``file``, for its fingerprint to be compared.

    Raises:
        BadTrustFile, NotOneRoot: there is none, or more than one.
    """
    anchors = load_anchors([file])
    if len(anchors) != 1 or file.is_dir():
        raise NotOneRoot(file=file, count=len(anchors))
    return anchors[0]


def add_root(file: Path, list_name: RootList, confirmed: str) -> TrustedRoot:
    """Trust the root in ``file``.

    Args:
        file: PEM or DER, one certificate.
        list_name: the list to put it on.
        confirmed: its SHA-256 fingerprint as its owner published it; colons, spaces and
            letter case do not matter.

    Raises:
        RootNotConfirmed: no fingerprint was given.
        WrongFingerprint: it is another certificate's.
        BadTrustFile, NotOneRoot: see :func:`read_root`.
        NoIssuer: it may not issue certificates.
    """
    anchor = read_root(file)
    if not may_issue(anchor.certificate):
        raise NoIssuer(file=file, name=anchor.name)
    if not confirmed:
        raise RootNotConfirmed(name=anchor.name, fingerprint=anchor.fingerprint)
    if _bare(confirmed) != _bare(anchor.fingerprint):
        raise WrongFingerprint(file=file, fingerprint=anchor.fingerprint)
    folder = _folder(list_name)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{_bare(anchor.fingerprint)}.pem"
    with atomic_path(target) as part:
        part.write_bytes(pem.armor("CERTIFICATE", anchor.certificate.dump()))
    return TrustedRoot(list_name, read_root(target))


def remove_root(fingerprint: str) -> TrustedRoot:
    """Trust a root no longer.

    Args:
        fingerprint: its fingerprint, or at least the first eight digits of it.

    Raises:
        UnknownRoot, AmbiguousRoot: no root begins so, or several do.
    """
    wanted = _bare(fingerprint)
    if len(wanted) < _NAMING_DIGITS:
        raise UnknownRoot(fingerprint=fingerprint)
    found = [one for one in trusted_roots() if _bare(one.anchor.fingerprint).startswith(wanted)]
    if not found:
        raise UnknownRoot(fingerprint=fingerprint)
    if len({one.anchor.fingerprint for one in found}) > 1:
        raise AmbiguousRoot(fingerprint=fingerprint)
    for one in found:  # it may stand on both lists
        one.anchor.source.unlink()
    return found[0]


def _folder(list_name: RootList) -> Path:
    return home() / "trust" / list_name


def _files(list_name: RootList) -> list[Path]:
    return sorted(_folder(list_name).glob("*.pem"))


def _bare(fingerprint: str) -> str:
    return fingerprint.replace(":", "").replace(" ", "").strip().lower()
