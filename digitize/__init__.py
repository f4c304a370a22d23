"""Paper to pages to one PDF/A.

from pathlib import Path
from digitize import Options, Provenance, digitize, read_sources

sheets = read_sources([Path("birth.jpg")])
made = digitize(sheets, Path("birth.pdf"), Options(load_paper("khai-sinh")), provenance)
made.findings[0].rotation, made.findings[0].skew
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from digitize.assemble import Provenance, write_pdf
    from digitize.pipeline import Digitized, Options, digitize
    from digitize.scanner import ScanSettings, list_devices, list_options, scan
    from digitize.seal import parse_seal, read_seals, seal_pdf
    from digitize.sheet import Finding, FinishedPage, Sheet
    from digitize.sources import check_sources, read_sources
    from digitize.training import TrainingScanner

_HOMES = {
    "assemble": ("Provenance", "write_pdf"),
    "pipeline": ("Digitized", "Options", "digitize"),
    "scanner": ("ScanSettings", "list_devices", "list_options", "scan"),
    "seal": ("parse_seal", "read_seals", "seal_pdf"),
    "sheet": ("Finding", "FinishedPage", "Sheet"),
    "sources": ("check_sources", "read_sources"),
    "training": ("TrainingScanner",),
}
__all__ = [
    "Digitized",
    "Finding",
    "FinishedPage",
    "Options",
    "Provenance",
    "ScanSettings",
    "Sheet",
    "TrainingScanner",
    "check_sources",
    "digitize",
    "list_devices",
    "list_options",
    "parse_seal",
    "read_seals",
    "read_sources",
    "scan",
    "seal_pdf",
    "write_pdf",
]


def __getattr__(name: str) -> Any:
    """Load the module a name lives in when it is first asked for."""
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"digitize.{module}"), name)
    raise AttributeError(name)
