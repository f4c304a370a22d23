"""PKCS#11 modules: which there are, and starting and stopping one.

A module is a shared library with global state of its own, started here without
locking (``C_Initialize(NULL)``), so one thread uses it at a time. :func:`driver` starts one
in this process: that is for the process made for it (:mod:`signing.driver_process`, which
everything that signs or lists goes through) and for a rehearsal's software token.
"""

import logging
import os
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from foundation.places import home
from signing.errors import BadDriverList, DriverFault, DriverMissing

if TYPE_CHECKING:
    from pkcs11._pkcs11 import lib

_log = logging.getLogger(__name__)
#: p11-kit's folders of configuration; a file hides those of the same name further down.
_P11_KIT = (
    Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "pkcs11/modules",
    Path("/etc/pkcs11/modules"),
    Path("/usr/share/p11-kit/modules"),
)
_LIBRARY_FOLDERS = ("/usr/lib/*/pkcs11", "/usr/lib/pkcs11", "/usr/lib64/pkcs11", "/usr/lib")
#: p11-kit's own modules: the system's CA list and a proxy, no tokens that sign.
_NOT_TOKENS = {"p11-kit-trust.so", "p11-kit-client.so", "p11-kit-proxy.so"}
_ONE_AT_A_TIME = threading.RLock()
_started: set[str] = set()


def known_modules() -> list[str]:
    """The drivers installed here: p11-kit's, then those of ``drivers.toml``, each once.

    Raises:
        BadDriverList: the edited list cannot be read.
    """
    found = [_locate(name) for name in [*_p11_kit_modules(), *_listed_modules()]]
    installed = [path for path in found if path is not None and path.name not in _NOT_TOKENS]
    return list(dict.fromkeys(map(str, installed)))


def find_module(module: str) -> str:
    """The real path of a driver given by path or bare name. Raises :class:`DriverMissing`."""
    path = _locate(module)
    if path is None:
        raise DriverMissing(module=module)
    return str(path)


@contextmanager
def driver(module: str) -> Iterator["lib"]:
    """Start a module for the block and stop it after, so that it forgets every login.

    Raises:
        DriverMissing: there is no such file.
        DriverFault: it is there and does not start.
    """
    import pkcs11

    path = find_module(module)
    with _ONE_AT_A_TIME:
        outermost = path not in _started
        try:
            library = pkcs11.lib(path)
        except pkcs11.PKCS11Error as error:
            detail = str(error) or type(error).__name__
            raise DriverFault(module=path, detail=detail) from error
        _started.add(path)
        try:
            yield library
        finally:
            if outermost:
                _started.discard(path)
                _stop(library)


def _stop(library: "lib") -> None:
    import pkcs11

    try:
        library.finalize()
    except pkcs11.PKCS11Error as error:  # a token pulled out: an error worth less than the first
        _log.debug("stopping a driver: %s", type(error).__name__)


def _p11_kit_modules() -> Iterator[str]:
    files: dict[str, Path] = {}
    for folder in _P11_KIT:
        for file in sorted(folder.glob("*.module")):
            files.setdefault(file.name, file)
    for file in files.values():
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _colon, value = line.partition(":")
            if key.strip() == "module" and value.strip():
                yield value.strip()


def _listed_modules() -> list[str]:
    edited = home() / "drivers.toml"
    file = edited if edited.is_file() else Path(__file__).with_name("drivers.toml")
    try:
        modules = tomllib.loads(file.read_text(encoding="utf-8")).get("modules")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise BadDriverList(file=file, detail=error) from error
    if not isinstance(modules, list) or not all(isinstance(name, str) for name in modules):
        raise BadDriverList(file=file, detail="modules")
    return modules


def _locate(module: str) -> Path | None:
    path = Path(module)
    if path.is_absolute():
        return path.resolve() if path.is_file() else None
    candidates = (
        folder / module for pattern in _LIBRARY_FOLDERS for folder in Path("/").glob(pattern[1:])
    )
    return next((path.resolve() for path in candidates if path.is_file()), None)
