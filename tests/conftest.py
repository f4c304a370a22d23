"""What holds for every test, wherever the run was started from."""

import gc
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from signing.rehearsal import Rehearsal

# How long one example takes says how busy the machine is, not whether the code is right.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_configure() -> None:
    """Let the programs under test hear Ctrl-C and a closed terminal.

    A shell's background job and ``nohup`` ignore these signals, and every process started
    from there would inherit that: sohoa would not stop, as it should not, and the tests
    that stop it would fail.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_finish() -> None:
    """Thousands of tests and all they import are no garbage: let it not be looked through."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Rehearsal"]:
    """Two tokens and their PKI, for all tests of this process; plugged in from the first on."""
    from signing.rehearsal import rehearsal_pki

    with rehearsal_pki(tmp_path_factory.mktemp("rehearsal")) as rehearsal:
        yield rehearsal


@pytest.fixture
def runs() -> Callable[[int], bool]:
    """Tells whether a process is at work still, and not ended and only not yet noticed."""

    def look(pid: int) -> bool:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return False
        return stat[stat.rindex(")") + 2] != "Z"

    return look


@pytest.fixture
def outlives(runs: Callable[[int], bool]) -> Callable[[str], bool]:
    """Tells whether the process whose number a program prints goes on when that is killed."""

    def kill_and_look(program: str) -> bool:
        command = [sys.executable, "-c", program]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as run:
            assert run.stdout
            worker = int(run.stdout.readline())
            time.sleep(0.2)  # it is at work by then
            run.kill()
        deadline = time.monotonic() + 10
        while (left := runs(worker)) and time.monotonic() < deadline:
            time.sleep(0.05)
        return left

    return kill_and_look


@pytest.fixture
def damaged() -> Callable[[bytes], bytes]:
    """Gives a file's bytes with the last bit another, whichever it was."""
    return lambda data: data[:-1] + bytes([data[-1] ^ 1])
