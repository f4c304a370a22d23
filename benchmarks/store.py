"""What the store costs: deposits a second, bytes a record, checking, rebuilding.

Papers are results of procedures, kept by law, four of each owner. Whether their signatures are
good is not judged here: ``python -m benchmarks http`` counts that too.
"""

import random
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pikepdf

from warehouse import Actor, Owner, Record, Warehouse, open_warehouse, rebuild_catalogue
from warehouse.grounds import Basis

CLERK = Actor("Trần Thị Bình", "clerk", "H99.01")
LAW = Basis("law", "ket-qua", "NĐ 45/2020/NĐ-CP Điều 16")
_KEPT = ("objects", "sealed-keys", "journal")
_TYPES = ("khai-sinh", "ket-hon", "dat-dai", "can-cuoc")


def measure_store(deposits: int) -> None:
    """Print what it took.

    Args:
        deposits: papers put in by one thread; four threads put in three times as many.
    """
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as work:
        folder, records = Path(work) / "kho", 4 * deposits + 1
        first, *papers = [write_paper(Path(work) / f"{i}.pdf", 100_000) for i in range(records)]
        alone, together = papers[:deposits], papers[deposits:]
        with open_warehouse(folder) as kho:
            _put(kho, first)  # modules are loaded with it
            _say("deposits of 100 KB, one thread", len(alone), lambda: _put_all(kho, alone))
            _say("the same, four threads", len(together), lambda: _put_four(kho, together))
            _say("codes reserved", deposits, lambda: _reserve(kho, deposits))
            _say("records checked", records, kho.check)
            _say("keys wrapped anew", records, lambda: kho.rotate_key(CLERK))
            _tell_size(folder, records)
        _say("records rebuilt", records, lambda: rebuild_catalogue(folder))


def _tell_size(folder: Path, records: int) -> None:
    """What the papers take, without the catalogue: on a disk, and where there are no blocks."""
    kept = [path for name in _KEPT for path in (folder / name).rglob("*")]
    disk = sum(path.stat().st_blocks * 512 for path in kept) / records / 1000
    files = [path.stat().st_size for path in kept if path.is_file()]
    bare = sum(files) / records / 1000
    print(f"a record: {disk:.0f} KB on the disk, {len(files) / records:.1f} files of {bare:.1f} KB")


def _say(name: str, count: int, work: Callable[[], object]) -> None:
    start, busy = time.perf_counter(), time.process_time()
    work()
    rate = count / (time.perf_counter() - start)
    each = (time.process_time() - busy) / count * 1000
    print(f"{name}: {rate:.0f}/s, {each:.1f} ms of processor each", flush=True)


def _put_all(kho: Warehouse, papers: list[Path]) -> None:
    for paper in papers:
        _put(kho, paper)


def _put_four(kho: Warehouse, papers: list[Path]) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda first: _put_all(kho, papers[first::4]), range(4)))


def write_paper(path: Path, size: int) -> Path:
    """A PDF of one page and about so many bytes, like no other."""
    with pikepdf.new() as new:
        new.add_blank_page()
        new.Root.Said = pikepdf.Stream(new, random.randbytes(size))
        new.save(path, compress_streams=False)
    return path


def _owner(number: int) -> str:
    return f"001087{number // len(_TYPES):06d}"


def new_code(kho: Warehouse, owner: str, kind: str) -> str:
    """The next code of an owner's papers of a kind."""
    return kho.new_code("{owner}.{type}.{serial:06d}", owner, kind, CLERK.office)


def _reserve(kho: Warehouse, count: int) -> None:
    for number in range(count):
        new_code(kho, _owner(number), "KQ.G15.000031")


def _put(kho: Warehouse, paper: Path) -> Record:
    number = int(paper.stem)
    return kho.deposit(
        paper,
        owner=Owner(_owner(number), "Nguyễn Văn An"),
        paper_type=_TYPES[number % len(_TYPES)],
        type_code="KQ.G15.000031",
        title="Giấy khai sinh",
        code=f"{_owner(number)}.KQ.G15.000031.{number:06d}",
        actor=CLERK,
        fields={"ho_ten": "Nguyễn Văn An", "ngay_sinh": "1987-01-01"},
        basis=LAW,
    )
