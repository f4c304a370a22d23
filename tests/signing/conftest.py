"""One rehearsal PKI for the room's tests, and PDFs made as the digitiser makes them."""

import io
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest
from PIL import Image, ImageDraw

from foundation.messages import set_language
from profiles.schema import SignatureRules
from signing.pades import SigningRequest, SignJob, sign_file
from signing.rehearsal import Rehearsal, Role

AGENCY = "ỦY BAN NHÂN DÂN XÃ HÒA AN"
RequestFor = Callable[..., SigningRequest]


@pytest.fixture(autouse=True)
def _english() -> None:
    set_language("en")


@pytest.fixture(scope="session")
def request_for(pki: Rehearsal) -> RequestFor:
    """How ``role`` signs: the agency visibly, the clerk not, as the office profile has it."""

    def build(role: Role, level: str = "b-t", **changes: object) -> SigningRequest:
        rules = SignatureRules(role=role, visible=role == "agency")
        values: dict[str, object] = {
            "signer": pki.signers[role],
            "rules": rules,
            "kind": "SAO Y",
            "agency": AGENCY,
            "level": level,
            "timestamp_urls": (pki.timestamp_url,),
            "trust": (pki.root_pem,),
        }
        return SigningRequest(**(values | changes))  # type: ignore[arg-type]

    return build


@pytest.fixture(scope="session")
def scanned_page() -> bytes:
    """A grey page as JPEG, 150 dots per inch."""
    page = Image.new("L", (620, 877), 245)
    draw = ImageDraw.Draw(page)
    for y in range(150, 800, 60):
        draw.line((60, y, 560, y), fill=90, width=3)
    out = io.BytesIO()
    page.save(out, "JPEG", quality=40)
    return out.getvalue()


@pytest.fixture(scope="session")
def make_pdf(scanned_page: bytes) -> Callable[..., Path]:
    """Write a PDF of image pages; page entries such as Rotate as keywords."""

    def make(
        path: Path,
        size: tuple[float, float] = (595, 842),
        *,
        pages: int = 1,
        save: dict[str, object] | None = None,
        **entries: object,
    ) -> Path:
        pdf = pikepdf.new()
        for _ in range(pages):
            page = pdf.add_blank_page(page_size=size)
            image = pikepdf.Stream(
                pdf,
                scanned_page,
                Type=pikepdf.Name.XObject,
                Subtype=pikepdf.Name.Image,
                Width=620,
                Height=877,
                ColorSpace=pikepdf.Name.DeviceGray,
                BitsPerComponent=8,
                Filter=pikepdf.Name.DCTDecode,
            )
            page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im=image))
            drawing = b"q %d 0 0 %d 0 0 cm /Im Do Q" % size
            page.Contents = pikepdf.Stream(pdf, drawing)
            for key, value in entries.items():
                page[f"/{key}"] = value
        with pdf.open_metadata() as metadata:
            metadata["dc:title"] = "Giấy khai sinh"
        pdf.save(path, **(save or {}))
        return path

    return make


@pytest.fixture
def page(tmp_path: Path, make_pdf: Callable[..., Path]) -> Path:
    """One unsigned page."""
    return make_pdf(tmp_path / "page.pdf")


@pytest.fixture(scope="session")
def signed(
    pki: Rehearsal,
    request_for: RequestFor,
    make_pdf: Callable[..., Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A page signed by the clerk, then by the agency, both with timestamps."""
    folder = tmp_path_factory.mktemp("signed")
    source, once, twice = (folder / name for name in ("source.pdf", "once.pdf", "twice.pdf"))
    make_pdf(source)
    sign_file(SignJob(source, once), request_for("clerk"), pki.pin_source("clerk"))
    sign_file(SignJob(once, twice), request_for("agency"), pki.pin_source("agency"))
    return twice
