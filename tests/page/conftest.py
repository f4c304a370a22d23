"""A commune's store with papers in every state, its page on a real server, a real browser."""

import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pikepdf
import pypdfium2
import pytest
import uvicorn
from fastapi import FastAPI
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from digitize.content import content_digest
from digitize.seal import seal_pdf, seal_text
from dossier.verification import Verification
from foundation.messages import set_language
from foundation.times import today, utc_now
from ocr.sketch import sketch_of
from ocr.words import Word
from profiles import SealRules, load_office
from profiles.schema import SignatureRules
from signing.credential import SealClaims, issue, load_seal_key
from signing.lifting import Lift, lift_files
from signing.pades import SigningRequest, SignJob, sign_file
from signing.rehearsal import Rehearsal
from warehouse import Actor, Owner, Warehouse, open_warehouse
from warehouse.grounds import Basis
from warehouse.web import Desk, Limits, MaskNumbers, verification_router

OWNER, NAME = "001087000084", "Trần Văn Hải"
AGENCY = "UBND xã Hòa An"
TEMPLATE = "{owner}.{type}.{serial:06d}"
CLERK = Actor("Lò Thị Hạnh", "clerk", AGENCY)
BASIS = Basis("law", "ket-qua", "NĐ 45/2020/NĐ-CP Điều 16")
PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
TINOS = "/usr/share/fonts/truetype/croscore/Tinos-Regular.ttf"


@dataclass(frozen=True)
class Paper:
    """A paper that was made: the signed file, its code, and the text of its seal."""

    file: Path
    code: str
    seal: str
    id: str = ""


@dataclass(frozen=True)
class Commune:
    """The store and its papers, by what became of them."""

    store: Warehouse
    desk: Verification
    press: "Press"
    papers: dict[str, Paper]
    folder: Path

    def check_code(self, name: str) -> str:
        return self.store.lookups.check_code(self.papers[name].code)


@pytest.fixture(autouse=True)
def _english() -> None:
    set_language("en")


class Press:
    """Draws, seals and signs papers as intake does, without reading what it has just drawn."""

    def __init__(self, pki: Rehearsal, store: Warehouse, folder: Path) -> None:
        self.pki, self.store, self.folder = pki, store, folder
        self.key = load_seal_key(pki.seal_key, pki.seal_pem)

    def make(self, name: str, *, form: str = "signed", sealed: bool = True) -> Paper:
        lines = [
            f"Số {name.count('a') + 12}/QĐ-UBND ngày 12/03/2026 của Ủy ban nhân dân xã",
            f"Cấp cho ông {NAME}, sinh ngày 12/05/1987,",
            "thường trú tại thôn Đông, xã Hòa An, tỉnh Bắc Ninh,",
            "diện tích 145,6 mét vuông, thửa đất số 87, tờ bản đồ số 14.",
            "Quyết định này có hiệu lực kể từ ngày ký ban hành.",
            "Chánh Văn phòng và các đơn vị liên quan chịu trách nhiệm thi hành.",
            f"Nơi nhận: lưu văn thư, hồ sơ {name}.",
        ]
        plain = self._drawn(name, lines)
        code = self.store.new_code(TEMPLATE, OWNER, "KQ.1", office="H99")
        seal = self._seal(plain, lines, code, form)
        if sealed:
            seal_pdf(plain, plain, seal, SealRules())
        return Paper(self.sign(plain, self.folder / f"{name}.pdf"), code, seal)

    def sign(self, source: Path, target: Path) -> Path:
        request = SigningRequest(
            signer=self.pki.signers["agency"],
            rules=SignatureRules(role="agency"),
            kind="SAO Y",
            agency=AGENCY.upper(),
            level="b-t",
            timestamp_urls=(self.pki.timestamp_url,),
            trust=(self.pki.root_pem,),
        )
        sign_file(SignJob(source, target), request, self.pki.pin_source("agency"))
        return target

    def lift(self, source: Path, target: Path) -> Path:
        means = Lift("b-lt", (self.pki.timestamp_url,), (self.pki.root_pem,))
        (result,) = lift_files([SignJob(source, target)], means)
        assert result.outcome == "signed"
        return target

    def _seal(self, plain: Path, lines: list[str], code: str, form: str) -> str:
        facts = {"record_code": code, "owner": "001*******84", "paper_name": "Quyết định"}
        if form == "fields":
            moment = utc_now().isoformat() + ".123456"
            return seal_text(facts | {"owner": OWNER, "issued_at": moment}, SealRules())
        if form == "url":
            return f"https://tra-cuu.example.vn/v/{self.store.lookups.check_code(code)}"
        words = [Word(text, 0, 0, 9, 9, 90, (0,)) for text in " ".join(lines).split()]
        claims = SealClaims(facts, utc_now(), content_digest(plain), sketch_of(words), "H99")
        return issue(claims, self.key)

    def _drawn(self, name: str, lines: list[str]) -> Path:
        page = Image.new("L", (1240, 1748), 250)
        pen = ImageDraw.Draw(page)
        pen.text((620, 520), "QUYẾT ĐỊNH", 20, ImageFont.truetype(TINOS, 62), anchor="mm")
        for number, line in enumerate(lines):
            pen.text((90, 640 + 100 * number), line, 20, ImageFont.truetype(TINOS, 40))
        picture = self.folder / f"{name}.jpg"
        page.save(picture, quality=85)
        pdf = pikepdf.new()
        sheet = pdf.add_blank_page(page_size=(420, 592))
        image = pikepdf.Stream(
            pdf,
            picture.read_bytes(),
            Type=pikepdf.Name.XObject,
            Subtype=pikepdf.Name.Image,
            Width=1240,
            Height=1748,
            BitsPerComponent=8,
            ColorSpace=pikepdf.Name.DeviceGray,
            Filter=pikepdf.Name.DCTDecode,
        )
        sheet.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im=image))
        sheet.Contents = pikepdf.Stream(pdf, b"q 420 0 0 592 0 0 cm /Im Do Q")
        plain = self.folder / f"{name}-plain.pdf"
        pdf.save(plain)
        return plain


@pytest.fixture(scope="session")
def commune(pki: Rehearsal, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commune]:
    """One paper in each state, all of one invented man's."""
    folder = tmp_path_factory.mktemp("commune")
    with open_warehouse(folder / "store") as store:
        press = Press(pki, store, folder)
        papers = {}
        for name in ("active", "revoked", "superseded", "expired", "erased"):
            papers[name] = _kept(store, press.make(name), name)
        _kept(store, press.make("newer"), "superseded", supersede=True)
        papers["plain"] = _kept(store, press.make("plain", form="fields"), "plain")
        papers["address"] = _kept(store, press.make("address", form="url"), "address")
        papers["never-deposited"] = press.make("never")
        store.revoke(papers["revoked"].id, "Cấp sai thẩm quyền", CLERK)
        store.erase(papers["erased"].id, "Chủ hồ sơ yêu cầu", CLERK)
        trust = {"trust": (str(pki.root_pem),), "chain": (str(pki.certificates),)}
        office = load_office("office").model_copy(update=trust)
        yield Commune(store, Verification.of(store, office), press, papers, folder)


def _kept(store: Warehouse, paper: Paper, number: str, *, supersede: bool = False) -> Paper:
    past = today() - timedelta(days=3) if number == "expired" else None
    record = store.deposit(
        paper.file,
        owner=Owner(OWNER, NAME),
        paper_type="quyet-dinh",
        type_code="KQ.1",
        title="Quyết định",
        code=paper.code,
        actor=CLERK,
        number=number,
        valid_until=past,
        supersede=supersede,
        basis=BASIS,
    )
    return replace(paper, id=record.id)


@dataclass(frozen=True)
class Site:
    """A served page: where it is, and what its server wrote into its log."""

    url: str
    log: list[str]


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.addFilter(MaskNumbers())

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@contextmanager
def served(desk: Desk, limits: Limits, agency: str = AGENCY) -> Iterator[Site]:
    """The page over a desk, on a free port of this machine."""
    app = FastAPI(openapi_url=None)
    app.include_router(verification_router(desk, agency=agency, limits=limits))
    lines, log = _Lines(), logging.getLogger("uvicorn.access")
    log.addHandler(lines)
    log.setLevel("INFO")
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Site(f"http://127.0.0.1:{port}", lines.lines)
    finally:
        server.should_exit = True
        thread.join()
        log.removeHandler(lines)


@pytest.fixture(scope="session")
def site(commune: Commune) -> Iterator[Site]:
    """The commune's page; generous, as all tests come from one address."""
    limits = Limits(most_bytes=2 << 20, files_a_minute=600, codes_a_minute=600)
    with served(commune.desk, limits) as running:
        yield running


@pytest.fixture(scope="module")
def browser(site: Site) -> Iterator[Browser]:
    """Debian's Chromium, after everything is signed and gone before others sign.

    Playwright keeps an event loop running in this thread, in which asyncio.run refuses to work.
    """
    found = shutil.which("chromium")
    assert found, "run scripts/setup"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-gpu"]
        )
        yield running
        running.close()


Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Visit]:
    """Open the page as a phone without JavaScript would; ``options`` are the browser's."""
    opened: list[BrowserContext] = []

    def open_page(path: str = "/v", **options: object) -> Page:
        usual = {"viewport": PHONE, "java_script_enabled": False, "locale": "vi-VN"}
        opened.append(browser.new_context(**(usual | options)))  # type: ignore[arg-type]
        opened[-1].set_default_timeout(90_000)  # as long as a file may take
        page = opened[-1].new_page()
        page.goto(site.url + path)
        return page

    yield open_page
    for context in opened:
        context.close()


def paper_on_a_table(
    paper: Paper, target: Path, turn: float = 4.0, *, seal_only: bool = False
) -> Path:
    """Page 1 printed and photographed by hand: turned, at an angle, soft and noisy.

    ``seal_only``: from near by, so that nothing but the QR code is in the picture.
    """
    with pypdfium2.PdfDocument(paper.file) as pdf:
        pdf.init_forms()
        page = pdf[0].render(scale=230 / 72).to_numpy()[:, :, :3].copy()
    if seal_only:
        page = page[:400, :400]
    height, width = page.shape[:2]
    size = (int(width * 1.4), int(height * 1.25))
    corners = np.array(((0, 0), (width, 0), (width, height), (0, height)), np.float32)
    seen = np.array(((0.2, 0.12), (0.8, 0.1), (0.88, 0.92), (0.12, 0.9)), np.float32)
    seen *= np.array(size, np.float32)
    across = cv2.getPerspectiveTransform(corners, seen)
    spun = cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), turn, 0.95)
    whole = np.vstack([spun, (0, 0, 1)]) @ across
    photo = cv2.warpPerspective(page, whole, size, flags=cv2.INTER_CUBIC, borderValue=(60, 70, 90))
    soft = cv2.GaussianBlur(photo, (0, 0), 0.7).astype(np.float64)
    noise = np.random.default_rng(1).normal(0, 5, soft.shape)
    cv2.imwrite(
        str(target), np.clip(soft + noise, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 85]
    )
    return target
