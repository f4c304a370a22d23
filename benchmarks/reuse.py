"""What a reuse plan costs in a store of many records.

The bar: the plan for a procedure of six components, 99 % of the time within 25 ms, with
1,000,000 records as with 100,000. The rows are written straight into the catalogue: five
papers for each owner, of which one is kept on a consent; one paper in ten is past or revoked.
"""

import random
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from foundation.times import today, utc_now
from warehouse import open_warehouse
from warehouse.consent_schema import bases, consents
from warehouse.grounds import Wanted
from warehouse.schema import holders, records
from warehouse.values import new_id

#: Milliseconds within which 99 of 100 plans are made.
BAR = 25.0
_PAPERS = ("khai-sinh", "ket-hon", "quyet-dinh", "quyen-su-dung-dat", "ban-sao-chung-thuc")
_ON_CONSENT = _PAPERS[-1]
_WANTED = [Wanted(paper) for paper in (*_PAPERS, "giay-to")]
_BATCH = 5_000


def measure_reuse(counts: list[int], plans: int, seed: int, catalogue: str = "") -> None:
    """Fill a store for each number of records, plan for owners at random, print what it took.

    Args:
        catalogue: address of an empty PostgreSQL database; else SQLite. One count at a time.
    """
    for count in counts:
        with tempfile.TemporaryDirectory() as work:
            began = time.monotonic()
            if catalogue:
                (Path(work) / "kho").mkdir(mode=0o700)
                settings = Path(work) / "kho" / "warehouse.toml"
                settings.write_text(f'catalogue = "{catalogue}"\n')
                settings.chmod(0o600)
            owners = count // len(_PAPERS)
            _fill(Path(work) / "kho", owners, seed)
            filled = time.monotonic() - began
            taken = list(_plan(Path(work) / "kho", owners, plans, seed))
        wall, busy = (sorted(times) for times in zip(*taken, strict=True))
        p50, p99 = (wall[int(plans * share)] * 1000 for share in (0.5, 0.99))
        verdict = "within" if p99 <= BAR else "over"
        print(
            f"{count:>9,} records, {plans} plans of {len(_WANTED)} components: median {p50:.1f} ms,"
            f" p99 {p99:.1f} ms ({verdict} {BAR:.0f}), of which computing"
            f" {busy[int(plans * 0.99)] * 1000:.1f} ms; filled in {filled:.0f} s",
            flush=True,
        )


def _settle(tx: Connection) -> None:
    """What a database does by itself in the hour after so many rows came."""
    tx.exec_driver_sql("ANALYZE")


def _plan(folder: Path, owners: int, plans: int, seed: int) -> Iterator[tuple[float, float]]:
    """Seconds each plan took, and seconds of them this program was computing."""
    dice = random.Random(seed)
    with open_warehouse(folder) as kho:
        for _turn in range(plans):
            owner = _number(dice.randrange(owners))
            began, busy = time.perf_counter(), time.thread_time()
            planned = kho.plan(owner, "1.004222", _WANTED)
            yield time.perf_counter() - began, time.thread_time() - busy
            assert len(planned) == len(_WANTED)


def _fill(folder: Path, owners: int, seed: int) -> None:
    with open_warehouse(folder) as kho:
        rows = _rows(owners, random.Random(seed))
        while batch := list(islice(rows, _BATCH)):
            with kho._catalog.writing() as tx:
                tx.execute(records.insert(), [record for some in batch for record in some[0]])
                tx.execute(
                    holders.insert(),
                    [
                        {
                            "owner_identifier": record["owner_identifier"],
                            "paper_type": record["paper_type"],
                            "record_id": record["id"],
                            "version": 1,
                        }
                        for some in batch
                        for record in some[0]
                    ],
                )
                tx.execute(bases.insert(), [basis for some in batch for basis in some[1]])
                tx.execute(consents.insert(), [some[2] for some in batch])
        with kho._catalog.writing() as tx:
            _settle(tx)


def _rows(owners: int, dice: random.Random) -> Iterator[tuple[list[Any], list[Any], Any]]:
    now, day = utc_now(), today()
    for number in range(owners):
        owner, consent = _number(number), new_id()
        held, grounds = [], []
        for paper in _PAPERS:
            name = new_id()
            by_law = paper != _ON_CONSENT
            held.append(
                {
                    "id": name,
                    "version": 1,
                    "code": f"{owner}.{paper}",
                    "owner_identifier": owner,
                    "owner_name": "Nguyễn Văn An",
                    "owner_kind": "person",
                    "paper_type": paper,
                    "type_code": paper,
                    "title": paper,
                    "number": "",
                    "status": "revoked" if dice.random() < 0.05 else "active",
                    "status_at": now,
                    "status_reason": "",
                    "sha256": f"{dice.getrandbits(256):064x}",
                    "size": 100_000,
                    "deposited_at": now,
                    "deposited_by": "Trần Thị Bình",
                    "office": "H99.01",
                    "valid_until": day - timedelta(days=1) if dice.random() < 0.05 else None,
                    "fields": {"so": str(number)},
                    "procedure": "",
                    "dossier_code": "",
                    "masters": [],
                    "co_owners": [],
                }
            )
            grounds.append(
                {
                    "record_id": name,
                    "version": 1,
                    "kind": "law" if by_law else "consent",
                    "name": "ket-qua" if by_law else "dong-y",
                    "rule": "NĐ 45/2020/NĐ-CP Điều 16",
                    "consent_id": "" if by_law else consent,
                    "since": now,
                    "ended_at": None,
                }
            )
        agreed = {
            "id": consent,
            "owner_identifier": owner,
            "papers": [_ON_CONSENT],
            "purposes": ["keep", "reuse"],
            "procedures": [],
            "until": None,
            "once": 0,
            "given_at": now,
            "spent_at": None,
            "withdrawn_at": None,
            "receipt": "x" * 2_000,  # as long as a real one
            "withdrawal": "",
        }
        yield held, grounds, agreed


def _number(owner: int) -> str:
    return f"001087{owner:06d}"
