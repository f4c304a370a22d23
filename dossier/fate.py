"""What becomes of a document whose step failed: told by the class of the error."""

import errno
import time
from concurrent.futures import CancelledError
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from digitize.pipeline import PageFailed
from digitize.workers import WorkersGone
from dossier.ledger_values import WALK, State
from dossier.pools import Closed, ClusterAway
from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_
from foundation.privacy import mask_text
from foundation.reasons import reason_of
from ocr.engine import RecogniserFailed

#: ``later``: the fault is around, not in the document: the run rests, then tries again.
#: ``again``: it may have been chance; a few tries tell. ``aside``: a person must look at it.
#: ``stop``: no other document would fare better, and waiting does not help.
#: ``back``: nothing is wrong; it goes back to the ledger as it was.
Fate = Literal["later", "again", "aside", "stop", "back"]


class SourceAway(SohoaError):
    """The folder a document's sheets are to come from is not there: a share that vanished."""

    exit_code = ExitCode.INPUT
    message = N_(
        "{folder} cannot be reached: is the network share connected? When it is back, run the "
        "same command again; nothing is lost."
    )


class PageNotRead(SohoaError):
    """A page's picture is there, its text is not: the recogniser or its worker died."""

    message = N_("{source}: the page could not be read. Scan it again.")


class StepFault(SohoaError):
    """A step met something nobody foresaw: a defect in sohoa."""

    message = N_("A fault in sohoa ({detail}). Please report it.")


class DiskFullHere(SohoaError):
    """The disk ran full."""

    exit_code = ExitCode.SETUP
    message = N_(
        "The disk is full: {file}. Nothing was half-written; free some space, then run the same "
        "command again."
    )


class StorageFails(SohoaError):
    """The disk or the network under the pages answers with an error."""

    exit_code = ExitCode.INPUT
    message = N_("{file}: {detail}. When that is mended, run the same command again.")


#: Whatever the exit code says.
_LATER = (SourceAway, ClusterAway, WorkersGone, StorageFails)
_AGAIN = (PageNotRead, PageFailed, RecogniserFailed, StepFault)
_STOPS = {ExitCode.SETUP, ExitCode.TOKEN, ExitCode.USAGE, ExitCode.STOPPED}
_PASSES = {ExitCode.WAREHOUSE, ExitCode.SERVICE, ExitCode.SCANNER}
#: Tries before what may have been chance is taken to be the document's fault, and claims
#: before one is that no run survived.
MOST_TRIES = 3
MOST_CLAIMS = 20


@dataclass(frozen=True)
class Patience:
    """How long what may pass is waited for.

    Attributes:
        first: seconds after the first failure; each further one in a row doubles them.
        longest: seconds at most between two tries.
        most: seconds after which the run gives up, if nothing succeeded meanwhile.
    """

    first: float = 5.0
    longest: float = 300.0
    most: float = 1800.0

    def wait(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row, from 1."""
        return min(self.first * 2.0 ** min(failures - 1, 30), self.longest)


@dataclass
class Weather:
    """Whether what is around the documents (disk, network, services) works, as far as seen.

    Clocks here only run forward.
    """

    patience: Patience
    failures: int = 0
    error: SohoaError | None = None
    _state: State = "planned"
    _since: float = 0.0
    _until: float = 0.0

    def bad(self, error: SohoaError, state: State) -> None:
        """Something around failed a document that stands at ``state``: rest."""
        now = time.monotonic()
        if now < self._until:
            return  # others that were at work when it failed
        if not self.failures:
            self._since = now
        self.failures += 1
        self.error, self._state = error, state
        self._until = now + self.patience.wait(self.failures)

    def good(self, state: State) -> None:
        """A document has come to ``state``; if that is beyond where others failed, all is well."""
        if WALK.index(state) > WALK.index(self._state) and not self.rest():
            self.failures, self.error = 0, None

    def rest(self) -> float:
        """Seconds until the next try."""
        return max(self._until - time.monotonic(), 0.0)

    def hopeless(self) -> bool:
        """Whether it has been bad for longer than is waited for."""
        return bool(self.failures) and time.monotonic() - self._since > self.patience.most


def as_ours(error: BaseException, place: object) -> SohoaError:
    """Any error of a step as one with a message and an exit code.

    Args:
        place: what to name where the error does not say which file.
    """
    match error:
        case SohoaError():
            return error
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return DiskFullHere(file=mask_text(str(error.filename or place)))
        case OSError():
            file = mask_text(str(error.filename or place))
            return StorageFails(file=file, detail=reason_of(error))
        case CancelledError() | BrokenProcessPool():
            return WorkersGone()
        case _:
            return StepFault(detail=mask_text(f"{type(error).__name__}: {error}"[:160]))


def fate_of(error: SohoaError, failures: int) -> Fate:
    """What becomes of a document.

    Args:
        failures: tries of this step that failed before.
    """
    if isinstance(error, Closed):
        return "back"
    if isinstance(error, _LATER):
        return "later"
    if isinstance(error, _AGAIN):
        return "again" if failures + 1 < MOST_TRIES else "aside"
    if error.exit_code in _STOPS:
        return "stop"
    if error.exit_code in _PASSES:
        return "later"
    return "aside"


def wait_before_again(failures: int) -> timedelta:
    """How long a document that may have failed by chance is put off."""
    return timedelta(seconds=0 if failures == 0 else 2 * failures)
