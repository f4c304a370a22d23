"""A process that works on a warehouse, and says each thing that was acknowledged to it.

    child.py deposit FOLDER PDFS [POINT COUNT]   deposit, supersede, revoke; die at a point
    child.py write FOLDER PDFS NAME              one writer among many

Run as a program by the tests: it must be a real process to be killed, or to compete.
"""

import os
import signal
import sys
from datetime import date
from pathlib import Path

from warehouse import Actor, Owner, Record, Warehouse, open_warehouse
from warehouse.grounds import Basis

CLERK = Actor("Trần Thị Bình", "clerk", "H99.01")
DAY = date(2026, 11, 20)
LAW = Basis("law", "ket-qua", "NĐ 45/2020/NĐ-CP Điều 16")
RECORD_CODE = "{owner}.{type}.{serial:06d}"
DOSSIER_CODE = "{office}-{date:%Y%m%d}-{serial:07d}"


def say(*words: object) -> None:
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
    """Kill this process with SIGKILL the ``count``-th time it comes to a point of a deposit.

    Python's own audit events mark the points; the warehouse knows nothing of it.
    """
    left, linked = count, False

    def hook(event: str, args: tuple[object, ...]) -> None:
        nonlocal left, linked
        here = {
            "before-link": event == "os.link",
            "before-commit": linked and event == "open",
            "after-commit": event == "os.remove" and "/incoming/" in str(args[0]),
            "creation": event == "os.rename" and "unborn" in str(args[0]),
        }[point]
        linked = event == "os.link" or (linked and event != "open")
        left -= here
        if here and left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def deposit(folder: Path, pdfs: Path) -> None:
    with open_warehouse(folder) as kho:
        say("ready")
        for i, pdf in enumerate(sorted(pdfs.glob("*.pdf"))):
            record = put(kho, pdf, f"00108700{i % 5:04d}", number="7" if i % 2 else "")
            say("deposited", record.id, record.version, record.sha256)
            if i % 3 == 0:
                kho.revoke(record.id, "nhầm", CLERK)
                say("revoked", record.id, record.version, record.sha256)


def write(folder: Path, pdfs: Path, name: str) -> None:
    mine = sorted(pdfs.glob(f"{name}-*.pdf"))
    with open_warehouse(folder) as kho:
        for pdf in mine[1:]:
            say("own", put(kho, pdf, "001087000001").id)
            say("dossier", kho.new_dossier_code(DOSSIER_CODE, "H99.01", DAY))
        say("shared", put(kho, pdfs / "shared.pdf", "001087000002").id)
        say("numbered", put(kho, mine[0], "001087000003", number="9").version)


if __name__ == "__main__":
    verb, folder, pdfs = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    if verb == "write":
        write(folder, pdfs, sys.argv[4])
    else:
        if len(sys.argv) > 4:
            die_at(sys.argv[4], int(sys.argv[5]))
        deposit(folder, pdfs)
