"""Writing a package: a ZIP file or a folder, there whole or not at all, for its user alone."""

import hashlib
import shutil
import zipfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from foundation.files import atomic_path, scratch_folder, sync_file
from foundation.privacy import mask_text
from foundation.times import vietnam_time
from warehouse.exchange.errors import PlaceTaken

#: What goes into a package by its names, in the order in which it is written.
Content = Mapping[str, bytes | Path]

_REGULAR_PRIVATE = 0o100600 << 16
#: Endings of what does not shrink any more.
_DENSE = (".pdf", ".p7s", "mimetype")


def write_zip(target: Path, content: Content, at: datetime) -> None:
    """Write a ZIP file. Nothing stands in it that its manifest does not say.

    Args:
        at: what its entries are dated, on Vietnam's clock: ZIP knows no zones.

    Raises:
        OSError: it cannot be written.
    """
    moment = vietnam_time(at)
    date = (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
    with atomic_path(target, mode=0o600) as part, zipfile.ZipFile(part, "w") as archive:
        for name, data in content.items():
            info = zipfile.ZipInfo(name, date)
            info.create_system, info.external_attr = 3, _REGULAR_PRIVATE
            if not name.endswith(_DENSE):
                info.compress_type = zipfile.ZIP_DEFLATED
            if isinstance(data, bytes):
                archive.writestr(info, data)
            else:
                info.file_size = data.stat().st_size
                with data.open("rb") as source, archive.open(info, "w") as entry:
                    shutil.copyfileobj(source, entry, 1 << 20)


def write_folder(target: Path, content: Content) -> None:
    """Write a folder.

    Raises:
        PlaceTaken: there is something at ``target`` already.
        OSError: it cannot be written.
    """
    if target.exists():
        raise PlaceTaken(file=mask_text(str(target)))
    target.parent.mkdir(parents=True, exist_ok=True)
    with scratch_folder(target.parent) as scratch:
        whole = scratch / "whole"
        whole.mkdir(mode=0o700)
        for name, data in content.items():
            path = whole / name
            path.parent.mkdir(mode=0o700, exist_ok=True)
            path.touch(mode=0o600)
            if isinstance(data, bytes):
                path.write_bytes(data)
            else:
                shutil.copyfile(data, path)
            sync_file(path)
        for folder in {(whole / name).parent for name in content} | {whole}:
            sync_file(folder)
        whole.rename(target)
    sync_file(target.parent)


def digest(data: bytes | Path, algorithm: str) -> str:
    """A digest in hexadecimal: ``sha256`` or ``sha512``."""
    if isinstance(data, bytes):
        return hashlib.new(algorithm, data).hexdigest()
    with data.open("rb") as stream:
        return hashlib.file_digest(stream, algorithm).hexdigest()


def size_of(data: bytes | Path) -> int:
    """Size in bytes."""
    return len(data) if isinstance(data, bytes) else data.stat().st_size
