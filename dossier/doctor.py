"""What is installed, what is missing, and the command that mends it."""

import ctypes.util
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dossier.accounting import verify_audit
from dossier.lettering import tinos
from dossier.shelf import store_exists
from foundation.errors import SohoaError
from foundation.messages import _
from foundation.places import home
from profiles import Office, Paper, Procedure, Signer, all_of, load_office

#: Free space under which a counter will soon stand still: a day's sheets, 1,000 at 1 MB.
_ENOUGH = 1_000_000_000


@dataclass(frozen=True)
class Check:
    """One thing looked at. ``mend`` is a command or a word on what to do; empty when fine.

    ``needed`` is False for what only a part of the work needs.
    """

    name: str
    fine: bool
    found: str
    mend: str = ""
    needed: bool = True

    @property
    def ok(self) -> bool:
        """Whether nothing has to be done before work can begin."""
        return self.fine or not self.needed

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return asdict(self) | {"ok": self.ok}


def examine() -> list[Check]:
    """Look at everything sohoa stands on; nothing is set up and no PIN is asked for."""
    return [check for look in _LOOKS for check in look()]


def _apt(*packages: str) -> str:
    return "sudo apt-get install " + " ".join(packages)


def _python() -> Iterator[Check]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    fine = sys.version_info >= (3, 11)
    yield Check("Python", fine, version, "" if fine else _apt("python3.11"))


def _recogniser() -> Iterator[Check]:
    from ocr.engine import require, version

    try:
        found = version()
        require("vie")
    except SohoaError as error:
        yield Check("Tesseract", False, str(error), _apt("tesseract-ocr", "tesseract-ocr-vie"))
    else:
        yield Check("Tesseract", True, f"{found}, vie")
    from ocr.reader import installed

    there = installed()
    mend = "" if there else "uv sync --extra reader"
    yield Check(_("second reader (tables, small print)"), there, "", mend, needed=False)


def _scanning() -> Iterator[Check]:
    library = ctypes.util.find_library("sane")
    yield Check("SANE", bool(library), library or "", "" if library else _apt("libsane1"))
    binding = importlib.util.find_spec("sane") is not None
    yield Check("python-sane", binding, "", "" if binding else "scripts/setup")
    airscan = bool(list(Path("/usr/lib").glob("*/sane/libsane-airscan.so*")))
    mend = "" if airscan else _apt("sane-airscan")
    yield Check(_("network scanners (sane-airscan)"), airscan, "", mend, needed=False)


def _fonts() -> Iterator[Check]:
    try:
        yield Check("Tinos", True, tinos().name)
    except SohoaError as error:
        yield Check("Tinos", False, str(error), _apt("fonts-croscore"))


def _tokens() -> Iterator[Check]:
    found = shutil.which("p11-kit")
    yield Check("p11-kit", bool(found), found or "", "" if found else _apt("p11-kit"), needed=False)
    softhsm = Path("/usr/lib/softhsm/libsofthsm2.so").exists()
    mend = "" if softhsm else _apt("softhsm2")
    yield Check(_("SoftHSM2 (demo and tests)"), softhsm, "", mend, needed=False)
    pki = importlib.util.find_spec("certomancer") is not None
    mend = "" if pki else "uv sync --extra training"
    yield Check(_("certomancer (demo and tests)"), pki, "", mend, needed=False)


def _folders() -> Iterator[Check]:
    place = home()
    there = next(folder for folder in (place, *place.absolute().parents) if folder.exists())
    if not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
        mend = _("set SOHOA_HOME to a folder you may write to")
        yield Check(_("sohoa's folder"), False, str(place), mend)
        return
    free = shutil.disk_usage(there).free
    mend = "" if free > _ENOUGH else _("free some space")
    yield Check(_("sohoa's folder"), True, str(place))
    yield Check(_("free space"), free > _ENOUGH, f"{free / 1e9:.1f} GB", mend)


def _profiles() -> Iterator[Check]:
    try:
        counts = [len(list(all_of(kind))) for kind in (Paper, Procedure, Office)]
        office = load_office()
    except SohoaError as error:
        yield Check(_("profiles"), False, str(error), "sohoa profile check FILE")
        return
    yield Check(_("profiles"), True, _("{} papers, {} procedures, {} offices").format(*counts))
    modules = [one.module for one in office.signers.values() if isinstance(one, Signer)]
    missing = [module for module in modules if not _installed(module)]
    name_them = _("name them in the office profile")
    install = _("install the driver {module}").format(module=", ".join(missing))
    for label, there, mend in (
        (
            _("signing keys"),
            bool(office.signers) and not missing,
            install if missing else name_them,
        ),
        (_("time-stamping services"), bool(office.timestamp_urls), _("as above")),
        (_("trusted roots"), bool(office.trust), _("as above")),
    ):
        yield Check(label, there, office.name if there else "", "" if there else mend, needed=False)


def _installed(module: str) -> bool:
    from signing.drivers import find_module
    from signing.errors import DriverMissing

    try:
        find_module(module)
    except DriverMissing:
        return False
    return True


def _store() -> Iterator[Check]:
    if not store_exists():
        yield Check(_("store"), True, _("none yet; made with the first deposit"))
        return

    try:
        report = verify_audit()
    except SohoaError as error:
        yield Check(_("store"), False, str(error), "sohoa warehouse check")
        return
    found = _("{count} audit entries").format(count=report.entries)
    yield Check(_("store"), report.ok, found, "" if report.ok else "sohoa warehouse check")


def _serving() -> Iterator[Check]:
    """Whether what [serve] names is there, where the store is to be served at all."""
    rules = load_office().serve
    if not rules.issuer:
        return
    files = (rules.tls_cert, rules.tls_key, rules.client_ca)
    named = [*files, "" if "://" in rules.jwks else rules.jwks]
    missing = [name for name in named if name and not os.access(name, os.R_OK)]
    mend = _("files named under [serve] cannot be read: {files}")
    yield Check(
        _("serving over HTTP"),
        not missing,
        rules.issuer,
        mend.format(files=", ".join(missing)) if missing else "",
        needed=False,
    )


def _poppler() -> Iterator[Check]:
    found = shutil.which("pdftotext")
    version = ""
    if found:
        said = subprocess.run([found, "-v"], capture_output=True, text=True, check=False).stderr
        version = said.partition("\n")[0]
    mend = "" if found else _apt("poppler-utils")
    yield Check(_("pdftotext (tests)"), bool(found), version, mend, needed=False)


_LOOKS: tuple[Callable[[], Iterator[Check]], ...] = (
    _python,
    _recogniser,
    _scanning,
    _fonts,
    _tokens,
    _folders,
    _profiles,
    _store,
    _serving,
    _poppler,
)
