"""Ctrl-C is heard, but not half-way through what must not be left there."""

import asyncio
import importlib
import os
import signal
import sys
import threading
import time

import pytest

from foundation.interrupts import STOPS, heed_between_imports, interrupt_held, run_async


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture
def heeding():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    heed_between_imports(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


def tell_from_another_thread(stop: signal.Signals) -> None:
    other = threading.Thread(target=signal.raise_signal, args=(stop,))
    other.start()
    other.join()


@pytest.mark.parametrize("stop", STOPS)
@pytest.mark.parametrize("tell", [signal.raise_signal, tell_from_another_thread])
def test_it_waits_for_the_end_of_the_block(stop, tell):
    done = []

    def work() -> None:
        with interrupt_held():
            tell(stop)
            time.sleep(0.01)
            done.append("all")

    before = signal.signal(stop, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            work()
    finally:
        signal.signal(stop, before)
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


def test_asynchronous_work_is_cancelled_at_its_next_await_and_not_before(heeding):
    done = []

    async def work() -> None:
        press()
        time.sleep(0.01)  # noqa: ASYNC251  what must not be cut off
        done.append("this step")
        await asyncio.sleep(10)
        done.append("too much")

    heard = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        run_async(work())
    assert done == ["this step"]
    assert signal.getsignal(signal.SIGINT) is heard


def test_where_it_is_ignored_it_stays_so():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        heed_between_imports(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
