"""What goes beyond its limits, or breaks, costs its own process only."""

import os
import signal
import time
from collections.abc import Callable

import pytest

from dossier.confined import TooMuch, confined


def _endless(_nothing: int) -> None:
    while True:
        time.sleep(0.01)


def _greedy(_nothing: int) -> int:
    return len(bytearray(8 << 30))


def _crashing(_nothing: int) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _honest(number: int) -> int:
    return number + 1


def test_loops_floods_and_crashes_are_told_and_the_rest_goes_on() -> None:
    with confined(4, 1.0) as start:
        waits = [start(work, 1) for work in (_endless, _greedy, _crashing)]
        fine = start(_honest, 1)
        for wait in waits:
            with pytest.raises(TooMuch):
                wait()
        assert fine() == 2


def test_an_error_of_ours_comes_through_as_it_is() -> None:
    with confined(1, 5.0) as start, pytest.raises(KeyError):
        start(_broken, 1)()


def _broken(_nothing: int) -> None:
    raise KeyError("x")


def test_a_command_that_is_killed_takes_what_it_judged_along(
    outlives: Callable[[str], bool],
) -> None:
    program = """
import os, time
from dossier.confined import confined

if __name__ == "__main__":
    with confined(1, 90.0) as start:
        print(start(os.getpid)(), flush=True)
        start(time.sleep, 60)()
"""
    assert not outlives(program)
