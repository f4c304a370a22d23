"""The files of a package brought into a private folder, with their digests; nothing is trusted.

Files are written under numbers, so no name of a stranger's ever names a file here. A ZIP file
must be written so that every reader sees the same in it: local and central headers agree, and
nothing lies before, between or after the entries. Bounds hold before a byte is unpacked, and
an entry cannot give more than its header says.
"""

import hashlib
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NoReturn

from foundation.privacy import mask_text
from foundation.reasons import reason_of
from warehouse.exchange.errors import (
    NamedTwice,
    NotAPackage,
    NotARegularFile,
    PackageDamaged,
    PackageEncrypted,
    PackageTooLarge,
    UnsafeName,
)

#: Names of every package: ASCII, no way up, no hidden file, no device, no other separator.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}(?:/[A-Za-z0-9][A-Za-z0-9._-]{0,99}){0,3}")
_CHUNK = 1 << 20
#: A local header (APPNOTE 4.3.7): signature, version, flags, method, time, date, CRC, sizes,
#: lengths of name and extra field.
_LOCAL = struct.Struct("<4sHHHHHLLLHH")
#: Bytes up to which a container names its type: a local header and the word “mimetype”.
_MARKED = _LOCAL.size + 8
_ENCRYPTED, _DESCRIPTOR = 0x1 | 0x40 | 0x2000, 0x8
#: Bytes a data descriptor may have: with or without its mark, 4 or 8 bytes a size.
_DESCRIPTORS = (12, 16, 20, 24)


@dataclass(frozen=True)
class Bounds:
    """What an honest package stays within: files, bytes of one and of all, times it shrank."""

    files: int = 4096
    file: int = 512 << 20
    all: int = 2 << 30
    ratio: int = 200
    #: Below so many bytes it does not matter how well something shrank.
    small: int = 1 << 20


@dataclass(frozen=True)
class Unpacked:
    """A file of a package, in a private folder: ``size`` in bytes, digests hexadecimal."""

    path: Path
    size: int
    sha256: str
    sha512: str


@dataclass(frozen=True)
class Tree:
    """The files of a package by their names. ``first``: whether mimetype comes first, stored."""

    source: Path
    files: dict[str, Unpacked]
    first: bool = False

    @property
    def shown(self) -> str:
        """The package's name for people."""
        return mask_text(str(self.source))


def unpack(source: Path, scratch: Path, bounds: Bounds | None = None) -> Tree:
    """Bring the files of a folder or ZIP file into ``scratch``.

    Raises:
        PackageRefused: the subclass says what is wrong (exit code 3).
        OSError: ``source`` cannot be read.
    """
    bounds = bounds or Bounds()
    if source.is_dir():
        return Tree(source, _copied(source, scratch, bounds))
    if not stat.S_ISREG(source.stat().st_mode):
        raise NotAPackage(file=mask_text(str(source)))
    return _unzipped(source, scratch, bounds)


def _unzipped(source: Path, scratch: Path, bounds: Bounds) -> Tree:
    shown = mask_text(str(source))
    with source.open("rb") as stream:
        if stream.read(4) != b"PK\x03\x04":
            raise NotAPackage(file=shown)
        try:
            with zipfile.ZipFile(stream) as archive:
                entries = archive.infolist()
                _check_entries(shown, entries, bounds)
                _check_layout(shown, archive, stream)
                stream.seek(0)
                head = stream.read(_MARKED)
                files = {
                    one.filename: _kept(archive.open(one), scratch / str(number), one.file_size)
                    for number, one in enumerate(entries)
                }
        except (
            zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError,
            ValueError, struct.error,
        ) as error:  # fmt: skip
            raise PackageDamaged(file=shown, detail=reason_of(error)) from error
    # Stored, no extra field, its name and its content where a file's type is looked for.
    plain = head[8:10] == b"\0\0" and head[28:30] == b"\0\0" and head[30:] == b"mimetype"
    return Tree(source, files, plain and entries[0].filename == "mimetype")


def _check_entries(shown: str, entries: list[zipfile.ZipInfo], bounds: Bounds) -> None:
    if not entries or len(entries) > bounds.files:
        raise PackageTooLarge(file=shown, detail=f"> {bounds.files}")
    for one in entries:
        name = mask_text(one.orig_filename[:100])
        if one.flag_bits & _ENCRYPTED:
            raise PackageEncrypted(file=shown, name=name)
        mode = one.external_attr >> 16
        if one.is_dir() or stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            raise NotARegularFile(file=shown, name=name)
        if one.filename != one.orig_filename:
            raise UnsafeName(file=shown, name=name)
        if one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise PackageDamaged(file=shown, detail=f"method {one.compress_type}")
        if one.file_size > max(bounds.small, bounds.ratio * one.compress_size):
            raise PackageTooLarge(file=shown, detail=name)
    _check_names(shown, [one.filename for one in entries])
    _check_sizes(shown, [one.file_size for one in entries], bounds)


def _check_names(shown: str, names: list[str]) -> None:
    seen = set[str]()
    for name in names:
        if not _NAME.fullmatch(name):
            raise UnsafeName(file=shown, name=mask_text(name[:100]))
        if name.lower() in seen:
            raise NamedTwice(file=shown, name=mask_text(name))
        seen.add(name.lower())


def _check_sizes(shown: str, sizes: list[int], bounds: Bounds) -> None:
    if max(sizes, default=0) > bounds.file or sum(sizes) > bounds.all:
        raise PackageTooLarge(file=shown, detail=f"{sum(sizes):,} B")


def _check_layout(shown: str, archive: zipfile.ZipFile, stream: IO[bytes]) -> None:
    """Entries lie end to end from the first byte to the directory, headers agree."""

    def fail(detail: str) -> NoReturn:
        raise PackageDamaged(file=shown, detail=detail)

    ends = {0}
    for one in sorted(archive.infolist(), key=lambda entry: entry.header_offset):
        if one.header_offset not in ends:
            fail("gap")
        stream.seek(one.header_offset)
        (mark, _version, flags, method, _time, _date, _crc, packed, size, name, extra) = (
            _LOCAL.unpack(stream.read(_LOCAL.size))
        )
        if mark != b"PK\x03\x04" or (flags, method) != (one.flag_bits, one.compress_type):
            fail("header")
        if stream.read(name) != one.orig_filename.encode():
            fail("name")
        late = bool(flags & _DESCRIPTOR)
        if not late and (packed, size) != (one.compress_size, one.file_size):
            fail("size")
        end = one.header_offset + _LOCAL.size + name + extra + one.compress_size
        ends = {end + more for more in _DESCRIPTORS} if late else {end}
    if archive.start_dir not in ends or archive.comment:
        fail("gap")
    _check_end(archive, stream, fail)


def _check_end(
    archive: zipfile.ZipFile, stream: IO[bytes], fail: Callable[[str], NoReturn]
) -> None:
    """After the directory comes its end record (22 bytes, APPNOTE 4.3.16), and nothing more."""
    stream.seek(archive.start_dir)
    directory = stream.read()
    length = sum(
        46 + len(one.orig_filename.encode()) + len(one.extra) + len(one.comment)
        for one in archive.infolist()
    )
    if len(directory) != length + 22 or directory[length : length + 4] != b"PK\x05\x06":
        fail("end")


def _copied(source: Path, scratch: Path, bounds: Bounds) -> dict[str, Unpacked]:
    """The files of a folder, never through a link."""
    shown = mask_text(str(source))
    found: dict[str, os.stat_result] = {}
    for name, entry in _walk(source, ""):
        status = entry.stat(follow_symlinks=False)
        if not stat.S_ISREG(status.st_mode):
            raise NotARegularFile(file=shown, name=mask_text(name))
        found[name] = status
        if len(found) > bounds.files:
            raise PackageTooLarge(file=shown, detail=f"> {bounds.files}")
    _check_names(shown, list(found))
    _check_sizes(shown, [one.st_size for one in found.values()], bounds)
    files = {}
    for number, (name, status) in enumerate(found.items()):
        descriptor = os.open(source / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        stream = os.fdopen(descriptor, "rb")
        files[name] = _kept(stream, scratch / str(number), status.st_size)
    return files


def _walk(folder: Path, above: str) -> "Iterator[tuple[str, os.DirEntry[str]]]":
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda one: one.name):
            name = above + entry.name
            if entry.is_dir(follow_symlinks=False) and name.count("/") < 4:
                yield from _walk(folder / entry.name, f"{name}/")
            else:
                yield name, entry


def _kept(stream: IO[bytes], target: Path, size: int) -> Unpacked:
    """Copy a stream, no more than it is said to have, and reckon its digests."""
    short, long, left = hashlib.sha256(), hashlib.sha512(), size
    with stream, target.open("xb") as out:
        while chunk := stream.read(min(_CHUNK, left + 1)):
            left -= len(chunk)
            if left < 0:
                raise ValueError("more than its header says")
            short.update(chunk)
            long.update(chunk)
            out.write(chunk)
    if left:
        raise EOFError
    return Unpacked(target, size, short.hexdigest(), long.hexdigest())
