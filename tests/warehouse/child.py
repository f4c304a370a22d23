"""A process that works on a warehouse, and says each thing that was acknowledged to it.

    child.py work FOLDER PDFS [POINT COUNT]   deposit, supersede, revoke, erase, rotate the key;
                                              die at a point
    child.py write FOLDER PDFS NAME...        some writers, a thread each, among many

Run as a program by the tests: it must be a real process to be killed, or to compete.
"""

import functools
import os
import signal
import sys
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from warehouse import Actor, Owner, Record, Warehouse, objects, open_warehouse
from warehouse.grounds import Basis
from warehouse.journal import Journal
from warehouse.keys import Keys

CLERK = Actor("Trần Thị Bình", "clerk", "H99.01")
DAY = date(2026, 11, 20)
LAW = Basis("law", "ket-qua", "NĐ 45/2020/NĐ-CP Điều 16")
RECORD_CODE = "{owner}.{type}.{serial:06d}"
DOSSIER_CODE = "{office}-{date:%Y%m%d}-{serial:07d}"
#: Where a deposit, a new version or an erasure can be cut in two.
POINTS: dict[str, tuple[Any, str, bool]] = {
    "claimed": (Keys, "new", False),
    "key-made": (Keys, "new", True),
    "object-written": (objects, "add_version", True),
    "journal-written": (Journal, "write", True),
    "erased-in-catalogue": (objects, "finish_erasing", False),
}
_voice = threading.Lock()


def say(*words: object) -> None:
    with _voice:
        sys.stdout.write(" ".join(map(str, words)) + "\n")
        sys.stdout.flush()


def put(kho: Warehouse, pdf: Path, owner: str, number: str = "") -> Record:
    code = kho.new_code(RECORD_CODE, owner, "KQ.1", "H99.01", DAY)
    return kho.deposit(
        pdf,
        owner=Owner(owner),
        paper_type="khai-sinh",
        type_code="KQ.1",
        title="Giấy khai sinh",
        code=code,
        actor=CLERK,
        number=number,
        supersede=bool(number),
        basis=LAW,
    )


def die_at(point: str, count: int) -> None:
    """Kill this process with SIGKILL the ``count``-th time it comes to a point."""
    where, name, after = POINTS[point]
    real: Callable[..., Any] = getattr(where, name)
    left = count

    @functools.wraps(real)
    def deadly(*args: Any, **more: Any) -> Any:
        nonlocal left
        left -= 1
        result = real(*args, **more) if after or left else None
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(where, name, deadly)


def work(folder: Path, pdfs: Path, point: str = "", count: str = "1") -> None:
    with open_warehouse(folder) as kho:
        if point:
            die_at(point, int(count))
        say("ready")
        for i, pdf in enumerate(sorted(pdfs.glob("*.pdf"))):
            record = put(kho, pdf, f"00108700{i % 5:04d}", number="7" if i % 2 else "")
            say("deposited", record.id, record.version, record.sha256)
            if i % 3 == 0:
                kho.revoke(record.id, "nhầm", CLERK)
                say("revoked", record.id, record.version, record.sha256)
            if i % 6 == 3:
                kho.erase(record.id, "theo yêu cầu", CLERK)
                say("erased", record.id, record.version, record.sha256)
            if i % 4 == 3:
                kho.rotate_key(CLERK)


def write(folder: Path, pdfs: Path, *names: str) -> None:
    threads = [threading.Thread(target=write_as, args=(folder, pdfs, name)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def write_as(folder: Path, pdfs: Path, name: str) -> None:
    mine = sorted(pdfs.glob(f"{name}-*.pdf"))
    with open_warehouse(folder) as kho:
        for pdf in mine[1:]:
            say("own", put(kho, pdf, "001087000001").id)
            say("dossier", kho.new_dossier_code(DOSSIER_CODE, "H99.01", DAY))
        say("shared", put(kho, pdfs / "shared.pdf", "001087000002").id)
        say("numbered", put(kho, mine[0], "001087000003", number="9").version)


if __name__ == "__main__":
    verb, folder, pdfs, *rest = sys.argv[1:]
    {"work": work, "write": write}[verb](Path(folder), Path(pdfs), *rest)
