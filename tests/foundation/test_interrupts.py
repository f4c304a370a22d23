"""Ctrl-C is heard, but not half-way through what must not be left there."""

import importlib
import os
import signal
import sys
import threading
import time

import pytest

from foundation.interrupts import heed_between_imports, interrupt_held


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture
def heeding():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    heed_between_imports()
    yield
    signal.signal(signal.SIGINT, before)


def press_from_another_thread() -> None:
    other = threading.Thread(target=signal.raise_signal, args=(signal.SIGINT,))
    other.start()
    other.join()


@pytest.mark.parametrize("press", [press, press_from_another_thread])
def test_it_waits_for_the_end_of_the_block(press):
    done = []

    def work() -> None:
        with interrupt_held():
            press()
            time.sleep(0.01)
            done.append("all")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["all"]


def test_a_block_that_is_not_interrupted_leaves_all_as_it_was():
    before = signal.getsignal(signal.SIGINT)
    with interrupt_held():
        pass
    assert signal.getsignal(signal.SIGINT) is before


def test_it_waits_while_a_module_is_imported(heeding, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "slow_to_load.py").write_text(
        "import os, signal, time\n"
        "os.kill(os.getpid(), signal.SIGINT)\n"
        "time.sleep(0.3)\n"
        "loaded = True\n"
    )
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        import_and_wait("slow_to_load")
    assert time.monotonic() - began < 5
    assert sys.modules.pop("slow_to_load").loaded


def import_and_wait(name: str) -> None:
    importlib.import_module(name)
    time.sleep(10)


def test_it_is_heard_at_once_elsewhere(heeding):
    with pytest.raises(KeyboardInterrupt):
        press_and_wait()


def press_and_wait() -> None:
    press()
    time.sleep(10)


def test_where_it_is_ignored_it_stays_so():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        heed_between_imports()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
