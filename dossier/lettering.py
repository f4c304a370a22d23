"""Documents of fpdf2 set in Tinos, which stands in for Times New Roman."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_

if TYPE_CHECKING:
    from fpdf import FPDF


class TinosMissing(SohoaError):
    """The font for documents is not installed."""

    exit_code = ExitCode.SETUP
    message = N_("The font Tinos is missing. Install it: sudo apt-get install fonts-croscore")


@contextmanager
def lettered(pdf: "FPDF") -> Iterator[None]:
    """A document that knows Tinos, regular and bold, while the block draws and puts it out.

    Then the files of its fonts are closed, which fpdf2 leaves open.

    Raises:
        TinosMissing: the font is not installed.
    """
    regular = tinos()
    try:
        pdf.add_font("Tinos", "", regular)
        pdf.add_font("Tinos", "B", regular.with_name("Tinos-Bold.ttf"))
        yield
    finally:
        for font in pdf.fonts.values():
            if hasattr(font, "ttfont"):
                font.ttfont.close()


def tinos() -> Path:
    """The file of Tinos Regular, as fontconfig or Debian places it. Raises TinosMissing."""
    usual = Path("/usr/share/fonts/truetype/croscore/Tinos-Regular.ttf")
    if usual.is_file():
        return usual
    if shutil.which("fc-match"):
        found = subprocess.run(
            ["fc-match", "-f", "%{file}", "Tinos:style=Regular"],
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        if Path(found).name.startswith("Tinos"):
            return Path(found)
    raise TinosMissing()
