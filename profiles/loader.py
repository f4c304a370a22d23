"""Find, read and check profiles.

Looked up first in the user's folder (``SOHOA_PROFILES``, else ``profiles`` under
sohoa's home), then among those shipped: an office overrides a paper by a file of
the same name.
"""

import os
import tomllib
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TypeVar, cast

from pydantic import ValidationError

from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_, _
from foundation.places import home
from foundation.reasons import reason_of_check, reason_of_toml
from profiles.base import Dated
from profiles.exchange import ComponentForm
from profiles.schema import LegalBasis, Notice, Office, Paper, Procedure

_SHIPPED = Path(__file__).resolve().parent
_FOLDERS: dict[type[Dated], str] = {
    Paper: "papers",
    Procedure: "procedures",
    Office: "offices",
    LegalBasis: "bases",
    Notice: "notices",
    ComponentForm: "forms",
}
#: A key that only profiles of one kind have, for files that lie in no profile folder.
_TOLD_BY: dict[str, type[Dated]] = {
    "components": Procedure,
    "agency": Office,
    "rule": LegalBasis,
    "text_en": Notice,
    "names": ComponentForm,
}
P = TypeVar("P", bound=Dated)


class UnknownProfile(SohoaError):
    """No profile of that name in any folder."""

    exit_code = ExitCode.USAGE
    message = N_("There is no profile “{name}”. Profiles here: {known}.")


class BadProfile(SohoaError):
    """A profile file that is not TOML or not what the schema asks for."""

    exit_code = ExitCode.SETUP
    message = N_("{file}: {key}: {expected} Mend the file, then run: sohoa profile check {file}")


def profile_folders() -> list[Path]:
    """The folders profiles are looked for in, the user's first."""
    named = os.environ.get("SOHOA_PROFILES")
    return [Path(named) if named else home() / "profiles", _SHIPPED]


def load_paper(name: str) -> Paper:
    """The paper type ``name`` (its file name, code or one of its aliases).

    Raises:
        UnknownProfile: nothing by that name.
        BadProfile: the file is not a valid profile.
    """
    try:
        return _load(Paper, name)
    except UnknownProfile:
        for paper in all_of(Paper):
            if name == paper.code or name in paper.aliases:
                return paper
        raise


def load_procedure(name: str) -> Procedure:
    """The procedure ``name`` (its file name or code). Raises as :func:`load_paper`."""
    try:
        return _load(Procedure, name)
    except UnknownProfile:
        for procedure in all_of(Procedure):
            if name == procedure.code:
                return procedure
        raise


def load_office(name: str = "") -> Office:
    """The office ``name``; without a name ``SOHOA_OFFICE``, else ``office``."""
    return _load(Office, name or os.environ.get("SOHOA_OFFICE", "office"))


def load_basis(name: str) -> LegalBasis:
    """The legal basis ``name``. Raises as :func:`load_paper`."""
    return _load(LegalBasis, name)


def load_notice(name: str) -> Notice:
    """The notice ``name``. Raises as :func:`load_paper`."""
    return _load(Notice, name)


def load_form(name: str) -> ComponentForm:
    """The form of component records ``name``. Raises as :func:`load_paper`."""
    return _load(ComponentForm, name)


def load_any(name: str) -> Dated:
    """The profile of any kind called ``name``. Raises :class:`UnknownProfile`."""
    for load in (load_paper, load_procedure, load_basis, load_notice, load_form):
        try:
            return load(name)
        except UnknownProfile:
            continue
    return load_office(name)


def all_of(kind: type[P]) -> Iterator[P]:
    """Every profile of a kind, by name; the user's file stands before the shipped one."""
    for name in _names(kind):
        yield _load(kind, name)


def check_file(path: Path) -> Dated:
    """Read one profile file of any kind, and see that the profiles it names are there.

    Raises:
        BadProfile: naming key and fault.
        OSError: the file cannot be read.
    """
    kinds = {folder: kind for kind, folder in _FOLDERS.items()}
    kind = kinds.get(path.resolve().parent.name)
    if kind is None:
        content = _read_toml(path)
        kind = next((kind for key, kind in _TOLD_BY.items() if key in content), Paper)
    profile = _parse(kind, path)
    for key, load, name in _named_in(profile):
        try:
            load(name)
        except UnknownProfile as unknown:
            raise BadProfile(file=path, key=key, expected=str(unknown)) from unknown
    return profile


def _named_in(profile: Dated) -> Iterator[tuple[str, Callable[[str], Dated], str]]:
    """The profiles that a profile names: under which key, how they are loaded, their name."""
    if isinstance(profile, Procedure):
        for number, component in enumerate(profile.components):
            yield f"components.{number}.paper", load_paper, component.paper
    if isinstance(profile, Procedure | Paper):
        yield "basis", load_basis, profile.basis
    if isinstance(profile, Office):
        yield "notice", load_notice, profile.notice
        yield "component_form", load_form, profile.component_form


def _names(kind: type[Dated]) -> list[str]:
    found = (folder / _FOLDERS[kind] for folder in profile_folders())
    return sorted({path.stem for folder in found for path in folder.glob("*.toml")})


def _load(kind: type[P], name: str) -> P:
    if name == Path(name).name:  # a name, never a path out of the folders
        for folder in profile_folders():
            path = folder / _FOLDERS[kind] / f"{name}.toml"
            if path.is_file():
                return _parse(kind, path)
    raise UnknownProfile(name=name, known=", ".join(_names(kind)))


def _read_toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadProfile(file=path, key="TOML", expected=f"{reason_of_toml(error)}.") from error


def _parse(kind: type[P], path: Path) -> P:
    file = path.stat()
    return cast(P, _parsed(kind, path, (file.st_ino, file.st_size, file.st_mtime_ns)))


@lru_cache(maxsize=512)
def _parsed(kind: type[Dated], path: Path, _version: tuple[int, ...]) -> Dated:
    """The profile in a version of a file. A backlog asks for the same ones at every step."""
    try:
        profile = kind.model_validate(_read_toml(path))
    except ValidationError as error:
        # A key that is not known comes first: it may be the misspelt name of one that is missing.
        first = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
        key = ".".join(str(part) for part in first["loc"]) or "file"
        raise BadProfile(file=path, key=key, expected=f"{reason_of_check(first)}.") from error
    if profile.name != path.stem:  # what is saved under its name must be found by it again
        expected = _("the file is called “{file}”, so the name must be “{file}”.")
        raise BadProfile(file=path, key="name", expected=expected.format(file=path.stem))
    return profile
