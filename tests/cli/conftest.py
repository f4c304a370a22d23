"""A counter to test at: the real command in a process of its own, real tokens, small papers."""

import io
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pikepdf
import pytest
import segno
from PIL import Image, ImageDraw, ImageFont

from digitize.training import TrainingScanner, sane_config, serve_training_scanner
from dossier.practice import office_toml
from foundation.messages import set_language
from signing.rehearsal import Rehearsal

OWNER = "001087000084"
CARD = f"{OWNER}||Trần Văn Hải|12051987|Nam|Xã Hòa An|02032022"
TINOS = "/usr/share/fonts/truetype/croscore/Tinos-Regular.ttf"
HEADINGS = {
    "khai-sinh": "GIẤY KHAI SINH",
    "ket-hon": "GIẤY CHỨNG NHẬN KẾT HÔN",
    "quyet-dinh": "QUYẾT ĐỊNH",
    "can-cuoc": "CĂN CƯỚC CÔNG DÂN",
}
#: One procedure of two papers that are kept, beside the shipped one of three.
PROCEDURE = """\
schema_version = 1
name = "hai-giay"
title = "Thủ tục hai giấy tờ"
title_en = "A procedure of two papers"
code = "9.000001"
valid_from = 2026-01-01
[[components]]
paper = "quyet-dinh"
[[components]]
paper = "khai-sinh"
"""


@pytest.fixture(autouse=True)
def _english() -> None:
    set_language("en")


Draw = Callable[..., Path]


@pytest.fixture(scope="session")
def draw(tmp_path_factory: pytest.TempPathFactory) -> Draw:
    """Draw one side of A6 paper at 300 dpi: a heading, a few lines, a card's QR code."""
    folder = tmp_path_factory.mktemp("papers")
    regular, title = ImageFont.truetype(TINOS, 46), ImageFont.truetype(TINOS, 60)

    def side(name: str, heading: str = "", *, lines: int = 6, qr: str = "", dpi: int = 300) -> Path:
        path = folder / f"{name}.png"
        if not path.exists():
            page = Image.new("RGB", (1240, 1748), (250, 248, 240))
            pen = ImageDraw.Draw(page)
            if heading:
                pen.text((620, 420), heading, (20, 20, 20), title, anchor="mm")
            for number in range(lines):
                text = f"Dòng thứ {number + 1}: họ và tên người nhận giấy này."
                pen.text((130, 560 + 90 * number), text, (20, 20, 20), regular)
            if qr:
                out = io.BytesIO()
                segno.make(qr, error="m").save(out, kind="png", scale=7)
                page.paste(Image.open(out).convert("RGB"), (430, 1130))
            page = page.resize((1240 * dpi // 300, 1748 * dpi // 300))
            page.save(path, dpi=(dpi, dpi))
        return path

    return side


@pytest.fixture(scope="session")
def papers(draw: Draw) -> dict[str, Path]:
    """One side of each paper, and a blank side."""
    sides = {name: draw(name, text) for name, text in HEADINGS.items() if name != "can-cuoc"}
    sides["can-cuoc"] = draw("can-cuoc", HEADINGS["can-cuoc"], lines=4, qr=CARD)
    sides["blank"] = draw("blank", lines=0)
    sides["more"] = draw("more")
    sides["coarse"] = draw("coarse", "QUYẾT ĐỊNH", dpi=120)
    return sides


@dataclass
class Counter:
    """A machine at a counter: its folders and environment, and the command to run there.

    ``warm`` is the socket of :mod:`warm`, which runs the command.
    """

    folder: Path
    environ: dict[str, str]
    pins: dict[str, str]
    warm: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def office(self) -> Path:
        return self.folder / "profiles" / "offices" / "office.toml"

    def run(
        self,
        *arguments: object,
        pins: bytes | None = None,
        stdin: str = "",
        lang: str = "en",
        **environ: str,
    ) -> "subprocess.CompletedProcess[str]":
        """Run ``sohoa``; PINs go through a pipe when the arguments end with ``--pin-fd``."""
        words = [str(argument) for argument in arguments]
        environment = self.environ | {"SOHOA_LANG": lang} | environ
        with ExitStack() as files:
            given, out, err = (files.enter_context(tempfile.TemporaryFile()) for _ in range(3))
            given.write(stdin.encode())
            given.seek(0)
            descriptors = [given.fileno(), out.fileno(), err.fileno()]
            if words[-1:] == ["--pin-fd"]:
                descriptors.append(files.enter_context(self._pin_pipe(words, pins)).fileno())
            order = {"arguments": words, "environ": environment, "folder": str(self.folder)}
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(110)
                connection.connect(str(self.warm))
                socket.send_fds(connection, [json.dumps(order).encode()], descriptors)
                code = int(connection.recv(16) or b"-1")
            texts = []
            for file in (out, err):
                file.seek(0)
                texts.append(file.read().decode())
        return subprocess.CompletedProcess(words, code, *texts)

    def _pin_pipe(self, words: list[str], pins: bytes | None) -> BinaryIO:
        """A pipe with the right PINs in the order they are asked for, or with ``pins``."""
        roles = ["clerk", "agency"]
        if words[0] == "sign":
            roles = ["clerk" if "clerk" in words else "agency"]
        right = "".join(self.pins[role] + "\n" for role in roles).encode()
        reading, writing = os.pipe()
        os.write(writing, right if pins is None else pins)
        os.close(writing)
        return os.fdopen(reading, "rb")

    def leftovers(self) -> list[Path]:
        """Half-written files and work folders that should be gone."""
        return [
            path
            for path in self.folder.rglob("*")
            if path.suffix == ".part" or path.parent == self.home / "work"
        ]


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The server that runs the command, see :mod:`warm`."""
    place = tmp_path_factory.mktemp("warm") / "socket"
    program = [sys.executable, str(Path(__file__).with_name("warm.py")), str(place)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout
        assert server.stdin
        assert server.stdout.readline() == b"ready\n"
        yield place
        server.stdin.close()


@pytest.fixture
def counter(tmp_path: Path, pki: Rehearsal, warm: Path) -> Counter:
    """A counter with the rehearsal's tokens plugged in and no scanner."""
    for kind, name, text in (
        ("offices", "office", office_toml(pki)),
        ("procedures", "hai-giay", PROCEDURE),
    ):
        path = tmp_path / "profiles" / kind / f"{name}.toml"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "no-scanner").mkdir()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SOHOA_", "LC_", "LANG"))}
    environ = kept | dict(pki.environ) | {
        "SOHOA_HOME": str(tmp_path / "home"),
        "SOHOA_PROFILES": str(tmp_path / "profiles"),
        "SANE_CONFIG_DIR": str(tmp_path / "no-scanner"),
        "LANG": "C.UTF-8",
    }  # fmt: skip
    pins = {role: pki.pin_for(role).reveal() for role in pki.signers}
    return Counter(tmp_path, environ, pins, warm)


@pytest.fixture
def scanner(counter: Counter, papers: dict[str, Path]) -> Iterator[TrainingScanner]:
    """A training scanner on the counter; load it with what the test needs."""
    with serve_training_scanner([papers["blank"]], fill_area=False) as machine:
        machine.empty()
        config = sane_config(counter.folder / "sane", [machine])
        counter.environ["SANE_CONFIG_DIR"] = str(config)
        yield machine


def complaint(result: "subprocess.CompletedProcess[str]", code: int, *words: str) -> str:
    """The line of error, after making sure that it says these words and nothing else is said."""
    assert result.returncode == code, result.stderr
    said = result.stderr.splitlines()
    assert len(said) == 1, result.stderr
    assert "Traceback" not in result.stderr
    assert said[-1].startswith("sohoa: ")
    for word in words:
        assert word in said[-1]
    return said[-1]


@pytest.fixture
def complains() -> Callable[..., str]:
    return complaint


@pytest.fixture
def paper(counter: Counter) -> Path:
    """A PDF of one empty page."""
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(420, 595))
    path = counter.folder / "paper.pdf"
    pdf.save(path)
    return path
