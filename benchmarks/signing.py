"""Signing a batch beside pyHanko's own command in the same run, and memory on a large file.

Both sign with the same key of the same software token: visible text, PAdES B-B. Every output
of sohoa's is verified by itself before it has its name, and here once more against the root.
"""

import io
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pikepdf
from PIL import Image, ImageDraw

from benchmarks.runs import HERE, Run, machine, measured
from signing.rehearsal import Rehearsal, rehearsal_pki
from signing.verify import verify_file

_OFFICE = """
schema_version = 1
name = "office"
title = "benchmark"
title_en = "benchmark"
valid_from = 2026-01-01
code = "bench"
agency = "ỦY BAN NHÂN DÂN XÃ HÒA AN"
[[signatures]]
role = "clerk"
visible = true
text = "{{kind}}\\n{{agency}}\\n{{time}}"
level = "b-b"
[signers.clerk]
role = "clerk"
module = "{module}"
token_serial = "{serial}"
key_id = "{key_id}"
"""
_PYHANKO = """
pkcs11-setups:
  clerk:
    module-path: {module}
    token-criteria: {{serial: "{serial}"}}
    cert-id: "{key_id}"
    key-id: "{key_id}"
    user-pin: "{pin}"
stamp-styles:
  default:
    type: text
    stamp-text: "SAO Y\\n%(signer)s\\n%(ts)s"
"""


def measure_signing(count: int, peers: int, megabytes: int) -> None:
    """Sign ``count`` files with sohoa and ``peers`` with pyHanko; then one of so many megabytes."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        with rehearsal_pki(work / "pki") as pki:
            pin = _settings(work, pki)
            files = [work / f"in/{number:04}.pdf" for number in range(count)]
            _write(files, _paper(pages=2, seed=1))
            print(f"{count} PDFs of 2 pages, {files[0].stat().st_size / 1000:.0f} KB; {machine()}")
            start = _processor()
            ours = _sohoa(work, pin, files)
            between = _processor()
            theirs = _pyhanko(work, files[:peers])
            own, other = (between - start) / count, (_processor() - between) / peers
            _verify(work / "out", count, pki.root_pem)
            each, peer = ours.seconds / count, theirs / peers
            print(
                f"sohoa sign    {1 / each:6.1f} documents/s, {own * 1000:5.0f} ms of processor each"
            )
            print(f"pyhanko sign  {1 / peer:6.2f} documents/s, {other * 1000:5.0f} ms")
            print(f"sohoa is {peer / each:.1f} × as fast with {other / own:.1f} × less processor,")
            print(f"peak {ours.peak_mb:.0f} MB")
            _measure_memory(work, pin, megabytes)


def _measure_memory(work: Path, pin: Path, megabytes: int) -> None:
    small, large = work / "in/small.pdf", work / "in/large.pdf"
    _write([small], _paper(pages=1, seed=2))
    _write([large], _paper(pages=megabytes // 2, seed=3, noise=True))
    idle, run = (_sohoa(work, pin, [file]) for file in (small, large))
    size = large.stat().st_size / 1e6
    above = run.peak_mb - idle.peak_mb
    print(f"{size:.0f} MB file: {run.seconds:.1f} s, peak {run.peak_mb:.0f} MB,", end=" ")
    print(f"{above:.0f} MB above a file of one page ({idle.peak_mb:.0f} MB)")


def _settings(work: Path, pki: Rehearsal) -> Path:
    """Both programs' settings; the file with the rehearsal's PIN, which opens nothing else."""
    signer, pin = pki.signers["clerk"], work / "pin"
    facts = {"module": pki.module, "key_id": signer.key_id}
    office = work / "home/profiles/offices/office.toml"
    office.parent.mkdir(parents=True)
    office.write_text(_OFFICE.format(serial=signer.token_serial, **facts), "utf-8")
    secret = pki.pin_for("clerk").reveal()
    serial = signer.token_serial.encode().hex()
    (work / "pyhanko.yml").write_text(_PYHANKO.format(serial=serial, pin=secret, **facts), "utf-8")
    pin.write_text(secret + "\n")
    return pin


def _sohoa(work: Path, pin: Path, files: Sequence[Path]) -> Run:
    words = 'exec "$@" 3<"$PIN_FILE"'
    options = ["-o", work / "out", "--signer", "clerk", "--quiet", "--pin-fd", "3"]
    command = ["bash", "-c", words, "-", HERE / "sohoa", "sign", *files, *options]
    return measured(
        list(map(str, command)), {"SOHOA_HOME": str(work / "home"), "PIN_FILE": str(pin)}
    )


def _pyhanko(work: Path, files: Sequence[Path]) -> float:
    """Seconds, one call of the command for each file: it knows no batch with a visible text."""
    (work / "peer").mkdir()
    field = "1/380,740,570,820/Signature"
    start = [HERE / "pyhanko", "--config", work / "pyhanko.yml", "sign", "addsig"]
    start += ["--field", field, "--use-pades", "pkcs11", "--p11-setup", "clerk"]
    runs = [measured([*map(str, start), str(f), str(work / "peer" / f.name)]) for f in files]
    return sum(run.seconds for run in runs)


def _processor() -> float:
    """Seconds of processor that ended child processes took, whatever else the machine did."""
    times = os.times()
    return times.children_user + times.children_system


def _verify(folder: Path, count: int, root: Path) -> None:
    verdicts = [verify_file(file, [root]) for file in sorted(folder.glob("*.pdf"))]
    if len(verdicts) != count or not all(one.valid for one in verdicts):
        sys.exit("not every file was signed, or not every signature is valid")


def _write(files: Sequence[Path], content: bytes) -> None:
    for file in files:
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
    os.sync()  # or the disk would still be at it while the signed files are flushed


def _paper(*, pages: int, seed: int, noise: bool = False) -> bytes:
    """A PDF of scanned pages: lines on grey paper, or, but for the first, which the visible text
    needs room on, two megabytes of noise each."""
    pdf = pikepdf.new()
    for number in range(pages):
        page = pdf.add_blank_page(page_size=(595, 842))
        noisy = noise and number > 0
        size = (1000, 2000) if noisy else (1240, 1754)
        data = os.urandom(size[0] * size[1]) if noisy else _lines(size, seed + number)
        image = pikepdf.Stream(
            pdf,
            data,
            Type=pikepdf.Name.XObject,
            Subtype=pikepdf.Name.Image,
            Width=size[0],
            Height=size[1],
            ColorSpace=pikepdf.Name.DeviceGray,
            BitsPerComponent=8,
        )
        if not noisy:
            image.Filter = pikepdf.Name.DCTDecode
        page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im=image))
        page.Contents = pikepdf.Stream(pdf, b"q 595 0 0 842 0 0 cm /Im Do Q")
    out = io.BytesIO()
    pdf.save(out, compress_streams=False)
    return out.getvalue()


def _lines(size: tuple[int, int], seed: int) -> bytes:
    sheet = Image.new("L", size, 245 - seed % 8)
    pen = ImageDraw.Draw(sheet)
    for y in range(150, size[1] - 100, 40):
        pen.line((100, y, size[0] - 100 - 7 * seed % 300, y), fill=80, width=4)
    out = io.BytesIO()
    sheet.save(out, "JPEG", quality=60)
    return out.getvalue()
