"""Made documents signed by all who must, in the order of roles, with one PIN a token."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dossier.desk import Desk
from profiles import Paper, SignatureRules

if TYPE_CHECKING:
    from signing import SigningRequest, SignResult

#: A document to be signed where it lies, and what paper it is.
Made = tuple[Path, Paper]


def sign_in_order(
    desk: Desk,
    made: Sequence[Made],
    told: "Callable[[Made, SignResult], None]",
    adjust: "Callable[[SigningRequest], SigningRequest] | None" = None,
) -> None:
    """Sign each where it lies, clerk before agency; a document that fails gets no further one.

    What was signed before an earlier walk was cut off is no error: that signature serves.

    Args:
        told: hears what came of each document in each role; what it raises ends the signing,
            and all PINs are forgotten.
        adjust: changes how they are signed from what the office's profile says.

    Raises:
        TokenError, TimestampUnavailable, ...: what concerns all of them, see
            :func:`signing.sign_files`; all PINs are forgotten, what was signed stays.
    """
    from signing import SignJob, sign_files

    failed: set[Path] = set()
    for rules, copy_kind, some in _batches(desk, made):
        left = [one for one in some if one[0] not in failed]
        if not left:
            continue
        request = desk.request(rules, copy_kind)
        with desk.one_try():
            results = sign_files(
                [SignJob(file, file) for file, _paper in left],
                adjust(request) if adjust else request,
                desk.pins(rules.role),
            )
            for one, result in zip(left, map(_settled, results), strict=True):
                if result.error:
                    failed.add(one[0])
                told(one, result)


def _settled(result: "SignResult") -> "SignResult":
    from signing.errors import AlreadySigned

    return replace(result, error=None) if isinstance(result.error, AlreadySigned) else result


def _batches(desk: Desk, made: Iterable[Made]) -> list[tuple[SignatureRules, str, list[Made]]]:
    """Which are signed alike: signature rules, kind of copy, documents; clerk before agency."""
    found: dict[tuple[SignatureRules, str], list[Made]] = {}
    for file, paper in made:
        for rules in desk.signatures(paper):
            found.setdefault((rules, paper.copy_kind), []).append((file, paper))
    batches = [(rules, kind, some) for (rules, kind), some in found.items()]
    return sorted(batches, key=lambda batch: batch[0].role != "clerk")
