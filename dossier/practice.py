"""An office to practise a backlog in: software tokens, a few scans, and the register of them.

Real parts in small, as in :mod:`dossier.demo`; the commands are given in other terminals, which
read the file of settings. Nothing that is signed there is worth anything.
"""

import csv
import io
import shlex
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import profiles
from dossier.sample_people import invent_family
from dossier.samples import write_sample_decision
from foundation.files import private_files, scratch_folder, write_atomic
from profiles import load_paper

if TYPE_CHECKING:
    from signing import Rehearsal

#: Decisions drawn; the register says of the last one that it has a page more than it has.
_SCANS = 6
_HEADINGS = ("Số", "Ngày", "Họ và tên", "Số định danh", "Loại giấy tờ", "Số trang", "Tệp")


@dataclass(frozen=True)
class PracticeOffice:
    """Where the parts of a practice office lie.

    Attributes:
        settings: a shell script that names them to the command.
        pins: a line each, the clerk's and the agency's, for ``--pin-fd``.
    """

    settings: Path
    pins: Path
    register: Path
    scans: Path


def serve_practice_office(
    folder: Path, started: Callable[[PracticeOffice], None], stop: threading.Event | None = None
) -> None:
    """Keep an office to practise in until ``stop`` is set or the user presses Ctrl+C.

    What was practised there before stays; tokens and PINs are new each time.

    Raises:
        RehearsalMissing: SoftHSM2 or certomancer is not installed.
        FontMissing: Debian's fonts-croscore is not installed.
    """
    from signing import rehearsal_pki

    place = folder.absolute()
    office = PracticeOffice(
        place / "settings.sh", place / "pins", place / "so-dang-ky.csv", place / "scans"
    )
    with private_files(), rehearsal_pki(place / "rehearsal") as pki:
        _write_settings(place, office, pki)
        if not office.register.exists():
            _draw_scans(office)
        started(office)
        with suppress(KeyboardInterrupt):  # the way to end it, not a fault
            (stop or threading.Event()).wait()


def office_toml(pki: "Rehearsal", **changes: object) -> str:
    """The sample office with a rehearsal's keys; ``changes`` are lines before its tables."""
    shipped = (Path(profiles.__file__).parent / "offices" / "office.toml").read_text("utf-8")
    top, bracket, tables = shipped.partition("\n[seal]")
    lines = {
        "timestamp_urls": [pki.timestamp_url],
        "trust": [str(pki.root_pem)],
        "chain": [str(pki.certificates)],
    } | changes
    text = top + "".join(f"\n{key} = {value!r}" for key, value in lines.items()) + bracket
    text += f'\nform = "signed"{tables}\n[credential]\nkey = "{pki.seal_key}"\n'
    text += f'certificate = "{pki.seal_pem}"\n'
    for role, signer in pki.signers.items():
        text += f'\n[signers.{role}]\nrole = "{role}"\nmodule = "{signer.module}"\n'
        text += f'token_serial = "{signer.token_serial}"\nkey_id = "{signer.key_id}"\n'
    return text


def _write_settings(place: Path, office: PracticeOffice, pki: "Rehearsal") -> None:
    profile = place / "profiles" / "offices" / "office.toml"
    write_atomic(profile, office_toml(pki).encode())
    pins = [pki.pin_for("clerk").reveal(), pki.pin_for("agency").reveal()]
    write_atomic(office.pins, "".join(f"{pin}\n" for pin in pins).encode(), mode=0o600)
    exported = {"SOHOA_HOME": str(place)} | dict(pki.environ)
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in exported.items()]
    # The sohoa that made the office, also where no other is on the PATH.
    lines.append(f"export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH\n")
    write_atomic(office.settings, "".join(lines).encode())


def _draw_scans(office: PracticeOffice) -> None:
    """Decisions, a file each, and the register that names them; the register comes last."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(_HEADINGS)
    for seed in range(1, _SCANS + 1):
        name = f"{seed:03d}.jpg"
        with scratch_folder() as work:
            front, _back = write_sample_decision(work, seed=seed)
            write_atomic(office.scans / name, front.path.read_bytes())
        family = invent_family(seed)
        pages = 2 if seed == _SCANS else 1
        rows.writerow([
            front.fields["so_ky_hieu"], f"{family.registered:%d/%m/%Y}", family.father.name,
            family.father.number, load_paper("quyet-dinh").title, pages, name,
        ])  # fmt: skip
    write_atomic(office.register, b"\xef\xbb\xbf" + out.getvalue().encode())
