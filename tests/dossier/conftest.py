"""A desk with real tokens and a store of its own, in this process."""

from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from dossier.desk import Desk
from foundation.messages import set_language
from profiles import load_office
from signing.rehearsal import Rehearsal
from warehouse import Actor

PROCEDURE = """\
schema_version = 1
name = "mot-giay"
title = "Thủ tục một giấy tờ"
title_en = "A procedure of one paper"
code = "9.000002"
valid_from = 2026-01-01
[[components]]
paper = "quyet-dinh"
"""


@pytest.fixture(autouse=True)
def _english() -> None:
    set_language("en")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sohoa's home for this test, with a procedure of one paper beside the shipped one."""
    procedure = tmp_path / "profiles" / "procedures" / "mot-giay.toml"
    procedure.parent.mkdir(parents=True)
    procedure.write_text(PROCEDURE, encoding="utf-8")
    monkeypatch.setenv("SOHOA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SOHOA_PROFILES", str(tmp_path / "profiles"))
    monkeypatch.delenv("SOHOA_WAREHOUSE", raising=False)
    return tmp_path / "home"


@pytest.fixture
def desk(place: Path, pki: Rehearsal) -> Desk:
    """A desk whose tokens are plugged in."""
    changed = {
        "signers": dict(pki.signers),
        "timestamp_urls": (pki.timestamp_url,),
        "trust": (str(pki.root_pem),),
    }
    office = load_office("office").model_copy(update=changed)
    actor = Actor("Lò Thị Hạnh", "clerk", office.title)
    return Desk(office, actor, pins=pki.pin_source, jobs=1, level="b-b")


@pytest.fixture(scope="session")
def decision(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A decision on one side of A6."""
    page = Image.new("RGB", (1240, 1748), (250, 248, 240))
    pen = ImageDraw.Draw(page)
    folder = "/usr/share/fonts/truetype/croscore/Tinos-Regular.ttf"
    pen.text((620, 420), "QUYẾT ĐỊNH", (20, 20, 20), ImageFont.truetype(folder, 60), anchor="mm")
    for line in range(5):
        text = "Điều này có hiệu lực kể từ ngày ký."
        pen.text((130, 560 + 90 * line), text, (20, 20, 20), ImageFont.truetype(folder, 46))
    path = tmp_path_factory.mktemp("papers") / "decision.png"
    page.save(path, dpi=(300, 300))
    return path
