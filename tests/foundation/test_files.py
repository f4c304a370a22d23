"""Files that are there whole or not at all, and no more readable than the user wants."""

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foundation.files import (
    NotAFile,
    atomic_path,
    private_files,
    scratch_folder,
    sha256_file,
    sweep_parts,
    write_atomic,
)

_WRITER = """
import os, signal, sys
from pathlib import Path
from foundation.files import atomic_path
with atomic_path(Path(sys.argv[1])) as part:
    part.write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def _umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_a_writer_killed_in_the_middle_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "file"
    write_atomic(target, b"old")
    killed = subprocess.run([sys.executable, "-c", _WRITER, target], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert target.read_bytes() == b"old"
    write_atomic(target, b"new")  # what the killed one left is in nobody's way
    assert target.read_bytes() == b"new"


def test_what_a_killed_writer_left_is_swept_and_what_is_being_written_is_not(
    tmp_path: Path,
) -> None:
    subprocess.run([sys.executable, "-c", _WRITER, tmp_path / "file"], check=False)
    (left,) = tmp_path.iterdir()
    other = tmp_path / ".mine.part"
    other.touch()
    with atomic_path(tmp_path / "new") as part:
        sweep_parts(tmp_path)
        assert set(tmp_path.iterdir()) == {part, other}
    assert not left.exists()
    assert set(tmp_path.iterdir()) == {tmp_path / "new", other}


def test_a_block_that_raises_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> None:
        with atomic_path(tmp_path / "file") as part:
            part.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("_umask")
def test_permissions_are_what_the_umask_leaves_unless_named(tmp_path: Path) -> None:
    def mode(name: str, **named: int) -> int:
        write_atomic(tmp_path / name, b"", **named)
        return stat.S_IMODE((tmp_path / name).stat().st_mode)

    assert mode("usual") == 0o644
    assert mode("named", mode=0o600) == 0o600
    with private_files():
        assert mode("private") == 0o600
        assert mode("named-open", mode=0o640) == 0o640
    assert mode("usual-again") == 0o644


def test_a_place_that_cannot_be_written_is_named_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cases = {
        tmp_path: IsADirectoryError,
        tmp_path / "file" / "x": NotADirectoryError,
        tmp_path / "file" / "deep" / "x": NotADirectoryError,
        Path("/proc/no-such/x"): FileNotFoundError,
    }
    for target, kind in cases.items():
        with pytest.raises(kind) as refused, atomic_path(target):
            pytest.fail("the block must not begin")
        assert refused.value.filename == str(target)


def test_a_pipe_or_a_socket_is_never_replaced(tmp_path: Path) -> None:
    pipe, link, plug = tmp_path / "pipe", tmp_path / "link", tmp_path / "socket"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(plug))
    for target in (pipe, link, plug):
        with pytest.raises(NotAFile), atomic_path(target):
            pytest.fail("the block must not begin")
    assert {path.name for path in tmp_path.iterdir()} == {"pipe", "link", "socket"}
    assert pipe.is_fifo()


def test_a_link_stays_and_the_file_behind_it_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "far" / "file")
    for data in (b"first", b"second"):
        write_atomic(link, data)
        assert link.is_symlink()
        assert (tmp_path / "far" / "file").read_bytes() == data


_KILLED = """
import os, signal, sys
from pathlib import Path
from foundation.files import scratch_folder
with scratch_folder(Path(sys.argv[1])) as folder:
    (folder / "page.jpg").write_bytes(b"a card")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_left_is_swept_and_what_is_in_use_is_not(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", _KILLED, tmp_path], check=False)
    (left,) = tmp_path.iterdir()
    assert (left / "page.jpg").exists()
    others = {"sohoa-demo", ".sohoa-scratch-mine", "pages-1"}
    for name in others:  # nobody's scratch, whatever their names begin with
        (tmp_path / name).mkdir()
    with scratch_folder(tmp_path) as first, scratch_folder(tmp_path) as second:
        assert {path.name for path in tmp_path.iterdir()} == others | {first.name, second.name}
        assert stat.S_IMODE(first.stat().st_mode) == 0o700
    assert {path.name for path in tmp_path.iterdir()} == others


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(st.binary(max_size=5000))
def test_what_is_written_is_what_is_read(tmp_path: Path, data: bytes) -> None:
    import hashlib

    target = tmp_path / "new" / "file"
    write_atomic(target, data)
    assert target.read_bytes() == data
    assert sha256_file(target) == hashlib.sha256(data).hexdigest()
