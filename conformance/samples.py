"""Signed files as an office makes them: the real command, the rehearsal's tokens and services."""

import json
import os
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import pikepdf

import profiles
from dossier.samples import write_sample_decision
from signing.rehearsal import Rehearsal, Role, rehearsal_pki

LEVELS = ("b-b", "b-t", "b-lt", "b-lta")
_SOHOA = Path(sys.executable).with_name("sohoa")


@dataclass(frozen=True)
class Sample:
    """A file to be judged.

    Attributes:
        what: how it was made.
        level: level its signatures must have: ``B``, ``T``, ``LT``, ``LTA``; empty: not asked.
        form: of the signatures: ``PAdES``, or ``CAdES`` in an ASiC-E container.
        archival: whether it must be PDF/A-2b; None: not asked.
        sound: False for a control, which the judge must refuse.
    """

    file: Path
    what: str
    level: str = ""
    form: str = "PAdES"
    archival: bool | None = True
    sound: bool = True


@dataclass(frozen=True)
class Samples:
    """The files, and what a judge needs to know of the PKI that signed them."""

    files: tuple[Sample, ...]
    root: Path
    crls: tuple[Path, ...]


@dataclass(frozen=True)
class _Office:
    """An office in a folder: its profile, its home, its tokens."""

    folder: Path
    pki: Rehearsal

    def write_profile(self, renew_days: int = 90) -> None:
        shipped = Path(profiles.__file__).parent / "offices" / "office.toml"
        top, bracket, tables = shipped.read_text("utf-8").partition("\n[seal]")
        lines = {
            "timestamp_urls": [self.pki.timestamp_url],
            "trust": [str(self.pki.root_pem)],
            "chain": [str(self.pki.certificates)],
        }
        text = top + "".join(f"\n{key} = {value!r}" for key, value in lines.items()) + bracket
        text += f"{tables}\n[services]\nrenew_days = {renew_days}\n"
        for role, signer in self.pki.signers.items():
            text += f'\n[signers.{role}]\nrole = "{role}"\nmodule = "{signer.module}"\n'
            text += f'token_serial = "{signer.token_serial}"\nkey_id = "{signer.key_id}"\n'
        path = self.folder / "profiles" / "offices" / "office.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    def run(self, *words: object, role: Role | None = None) -> str:
        """Run ``sohoa``, with the PIN of ``role`` through a pipe; what it says.

        Raises CalledProcessError.
        """
        arguments = [str(_SOHOA), *map(str, words)]
        environ = os.environ | dict(self.pki.environ) | {
            "SOHOA_HOME": str(self.folder / "home"),
            "SOHOA_PROFILES": str(self.folder / "profiles"),
            "SOHOA_LANG": "en",
        }  # fmt: skip
        if role is None:
            done = subprocess.run(arguments, env=environ, check=True, stdout=subprocess.PIPE)
            return done.stdout.decode()
        reading, writing = os.pipe()
        os.write(writing, self.pki.pin_for(role).reveal().encode() + b"\n")
        os.close(writing)
        try:
            done = subprocess.run(
                [*arguments, "--signer", role, "--pin-fd", str(reading)],
                env=environ, check=True, stdout=subprocess.PIPE, pass_fds=(reading,),
            )  # fmt: skip
            return done.stdout.decode()
        finally:
            os.close(reading)

    def sign(self, sources: list[Path], out: Path, level: str) -> list[Path]:
        """The clerk signs, then the agency."""
        once = out / "once"
        self.run("sign", *sources, "-o", once, "--level", level, role="clerk")
        named = [once / source.name for source in sources]
        self.run("sign", *named, "-o", out, "--level", level, role="agency")
        return [out / source.name for source in sources]


def make_samples(folder: Path) -> Samples:
    """Digitise a drawn decision in both ways, sign it at every level, lift and renew it."""
    with rehearsal_pki(folder / "rehearsal") as pki:
        office = _Office(folder, pki)
        office.write_profile()
        sheets = folder / "sheets"
        write_sample_decision(sheets)
        documents = [folder / f"{layers}.pdf" for layers in ("faithful", "compact")]
        for document in documents:
            office.run("digitize", sheets, "-o", document, "--layers", document.stem)
        files = [*_signed(office, documents), *_lifted(office), *_packed(office)]
        files += _controls(folder)
        crls = tuple(_crl(folder, pki, issuer) for issuer in ("root", "issuing"))
    return Samples(tuple(files), pki.root_pem, crls)


def signed_under(folder: Path) -> list[Sample]:
    """Every signed PDF below a folder, to be judged as PDF/A: what a demo leaves behind."""
    found = (path for path in sorted(folder.rglob("*.pdf")) if b"/ByteRange" in path.read_bytes())
    return [Sample(path, str(path.relative_to(folder))) for path in found]


def _signed(office: _Office, documents: list[Path]) -> list[Sample]:
    return [
        Sample(file, f"{file.stem}, signed at {level} by clerk, agency", level.upper()[2:])
        for level in LEVELS
        for file in office.sign(
            documents if level == "b-lta" else documents[:1], office.folder / level, level
        )
    ]


def _lifted(office: _Office) -> list[Sample]:
    """A file signed without a network, lifted; and one whose archive timestamp is renewed."""
    signed = office.folder / "b-b" / "faithful.pdf"
    samples = []
    for level in LEVELS[1:]:
        file = office.folder / f"lifted-{level}.pdf"
        office.run("sign", "--upgrade", signed, "-o", file, "--level", level)
        samples.append(Sample(file, f"signed at b-b, lifted to {level}", level.upper()[2:]))
    renewed = office.folder / "renewed.pdf"
    office.write_profile(renew_days=36500)
    office.run("sign", "--upgrade", samples[-1].file, "-o", renewed, "--level", "b-lta")
    office.write_profile()
    return [*samples, Sample(renewed, "its archive timestamp renewed", "LTA")]


def _packed(office: _Office) -> list[Sample]:
    """A signed paper put into a store and exported from it: with a timestamp, and without one."""
    paper = office.folder / "b-b" / "faithful.pdf"
    owner = ("--owner", "001087000084")
    told = office.run("deposit", paper, *owner, "--type", "khai-sinh", "--json")
    record = json.loads(told)["id"]
    samples = []
    for level, more in (("T", ()), ("B", ("--offline",))):
        file = office.folder / f"package-{level}.asice"
        words = ("export", record, "--for", "thuong-tru-cho-con", "-o", file, *more)
        office.run(*words, role="agency")
        what = f"ASiC-E package of a record, at {level}"
        samples.append(Sample(file, what, level, form="CAdES", archival=None))
    altered = office.folder / "control-altered.asice"
    with ZipFile(samples[0].file) as whole, ZipFile(altered, "w") as other:
        for entry in whole.infolist():
            data = whole.read(entry)
            changed = data.replace(b"%PDF-1.", b"%PDF-2.", 1)
            other.writestr(entry, changed if entry.filename.endswith(".pdf") else data)
    what = "control: a paper in a package altered"
    return [*samples, Sample(altered, what, "T", "CAdES", archival=None, sound=False)]


def _controls(folder: Path) -> list[Sample]:
    """Files that a judge must refuse: one that passes them has not looked."""
    plain = folder / "control-plain.pdf"
    pdf = pikepdf.new()
    pdf.add_blank_page()
    pdf.save(plain)
    data = bytearray((folder / "b-t" / "faithful.pdf").read_bytes())
    data[len(data) // 3] ^= 1  # in the picture of the page
    altered = folder / "control-altered.pdf"
    altered.write_bytes(data)
    return [
        Sample(plain, "control: no PDF/A", sound=False),
        Sample(altered, "control: a byte altered", "T", archival=None, sound=False),
        Sample(
            folder / "b-b" / "faithful.pdf", "control: B-B taken for T", "T", archival=None,
            sound=False,
        ),
    ]  # fmt: skip


def _crl(folder: Path, pki: Rehearsal, issuer: str) -> Path:
    """The CRL of an issuer as a file: files at B and T carry none, and no judge has a network."""
    url = pki.timestamp_url.rsplit("/tsa/", 1)[0] + f"/crls/{issuer}/latest.crl"
    path = folder / f"{issuer}.crl"
    with urllib.request.urlopen(url) as answer:  # noqa: S310  the rehearsal's own, on loopback
        path.write_bytes(answer.read())
    return path
