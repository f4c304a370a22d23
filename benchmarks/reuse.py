"""What it takes to find an owner's papers, and to plan, in a store of many records.

The bars: 99 of 100 times ``find`` within 10 ms, and the plan for a procedure of six components
within 25 ms, with 1,000,000 records as with 100,000. How the store is filled: ``filled``.
"""

import random
import time
from collections.abc import Callable, Sequence

from benchmarks.filled import PAPERS, empty_store, fill, number_of, size_of
from warehouse.grounds import Wanted

#: Milliseconds.
_FIND_BAR, _PLAN_BAR = 10.0, 25.0
_WANTED = [Wanted(paper) for paper in (*PAPERS, "giay-to")]


def measure_reuse(counts: Sequence[int], looks: int, seed: int, databases: Sequence[str]) -> None:
    """Fill a store for each number of records and each database; print what it took."""
    for count in counts:
        for database in databases:
            with empty_store(database) as kho:
                owners, began = count // len(PAPERS), time.monotonic()
                empty = size_of(kho)
                fill(kho, owners, seed)
                each = (size_of(kho) - empty) / (owners * len(PAPERS))
                filled = time.monotonic() - began
                print(f"{database}, {count:,} records: filled in {filled:.0f} s, {each:.0f} B each")
                dice = random.Random(seed)
                anybody = [number_of(dice.randrange(owners)) for _look in range(looks)]
                _time("find", _FIND_BAR, anybody, kho.find)
                _time(
                    "plan", _PLAN_BAR, anybody, lambda owner: kho.plan(owner, "1.004222", _WANTED)
                )


def _time(
    name: str, bar: float, owners: Sequence[str], ask: Callable[[str], Sequence[object]]
) -> None:
    taken, computed, found = [], [], 0
    for owner in owners:
        began, busy = time.perf_counter(), time.thread_time()
        found += len(ask(owner))
        computed.append((time.thread_time() - busy) * 1000)
        taken.append((time.perf_counter() - began) * 1000)
    assert found > 2 * len(owners)
    p50, p99 = (sorted(taken)[int(len(owners) * share)] for share in (0.5, 0.99))
    busy = sorted(computed)[int(len(owners) * 0.99)]
    verdict = "within" if p99 <= bar else "over"
    print(
        f"  {name}: median {p50:.2f} ms, p99 {p99:.2f} ms ({verdict} {bar:.0f}),"
        f" of which computing {busy:.2f} ms",
        flush=True,
    )
