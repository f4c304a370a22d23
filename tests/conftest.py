"""What holds for every test, wherever the run was started from."""

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

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


@pytest.fixture(autouse=True)
def _tokens_of_this_room(request: pytest.FixtureRequest) -> Iterator[None]:
    """SoftHSM shows the tokens of the fixture ``pki`` that the test uses: rooms have their own,
    and whose tests come first in a process is not for a test to know."""
    if "pki" not in request.fixturenames:
        yield
        return
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = request.getfixturevalue("pki").environ["SOFTHSM2_CONF"]
    yield
    if before is None:
        os.environ.pop("SOFTHSM2_CONF", None)
    else:
        os.environ["SOFTHSM2_CONF"] = before
