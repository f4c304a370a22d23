"""What telling of events costs the store, the network left out: a receiver that takes all at once.

Bar: none was set. What matters is that a long queue costs no more an event than a short one.
"""

import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import insert

from foundation.times import utc_now
from warehouse import open_warehouse
from warehouse.events import Message, Outcome, Subscriber
from warehouse.outbox_schema import outbox
from warehouse.values import new_id


class _Enough(Exception):
    """As many were told as were to be."""


def measure_outbox(count: int, told: int) -> None:
    """Fill the outbox with ``count`` events, tell ``told`` of them, print what each fifth took."""
    print(f"{count:,} events wait; told:")
    with tempfile.TemporaryDirectory() as folder, open_warehouse(Path(folder) / "kho") as kho:
        with kho._catalog.writing() as tx:
            tx.execute(insert(outbox), list(_events(count)))
        heard, began, computed = 0, time.perf_counter(), time.process_time()

        def take(messages: Sequence[Message]) -> list[Outcome]:
            nonlocal heard, began, computed
            before, heard = heard, heard + len(messages)
            if before * 5 // told < heard * 5 // told:
                rate = told / 5 / (time.perf_counter() - began)
                each = 5000 * (time.process_time() - computed) / told
                print(f"  {heard:>7,}  {rate:6.0f} a second  {each:.2f} ms of computing each")
                began, computed = time.perf_counter(), time.process_time()
            if heard >= told:
                raise _Enough
            return [Outcome() for _message in messages]

        try:
            kho.outbox.deliver([Subscriber("tinh", "https://example.vn", (bytes(32),))], take)
        except _Enough:
            return


def _events(count: int) -> Iterator[dict[str, object]]:
    now = utc_now()
    for seq in range(1, count + 1):
        kind = {"type": "record.deposited", "version": 1, "at": now}
        yield {"seq": seq, "id": new_id(), "subject": new_id(), **kind}
