"""Sheets into a folder, and the training scanner to practise with."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from digitize.scanner import ScannedSheet, ScanSettings, choose_device, scan
from dossier.shelf import keep_out_of_store
from foundation.messages import _

Advance = Callable[[int, str], None]


def scan_into(
    folder: Path, device_name: str, settings: ScanSettings, advance: Advance
) -> list[ScannedSheet]:
    """Scan into a folder, going on after the last page that is there already.

    In duplex a scan always goes on with a front, so the last sheet is scanned again
    where only its front had come.
    """
    keep_out_of_store(folder)
    there = max((_number(path) for path in folder.glob("page-*.jpg")), default=0)
    if settings.source == "adf-duplex":
        there -= there % 2
    device = choose_device(device_name)
    sheets = []
    with closing(scan(device, settings, folder, start_number=there + 1)) as scanned:
        for sheet in scanned:
            sheets.append(sheet)
            advance(len(sheets), "")
    return sheets


def _number(page: Path) -> int:
    """The number in a page's name; 0 in a name that is not ours."""
    digits = page.stem.removeprefix("page-")
    return int(digits) if digits.isdecimal() else 0


def serve_training(
    folder: Path, port: int, slow: float, config: Path | None, say: Callable[[str], None]
) -> dict[str, Any]:
    """Serve a folder of pictures as a network scanner until Ctrl+C."""
    from digitize.training import TrainingScanner, run_training_scanner, sane_config

    facts: dict[str, Any] = {}

    def started(scanner: TrainingScanner) -> None:
        facts.update(url=scanner.url, device=scanner.device_name)
        say(_("Training scanner: {device} at {url}").format(**facts))
        if config:
            sane_config(config, [scanner])
            say(_("To find it: export SANE_CONFIG_DIR={folder}").format(folder=config.absolute()))
        else:
            say(_("Add --config FOLDER to get a SANE configuration that finds it."))

    run_training_scanner(folder, port, started=started, slow=slow)
    return facts
