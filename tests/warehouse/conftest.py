"""A warehouse of its own for each test, a clerk, and PDFs out of nothing."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pikepdf
import pytest

from foundation.messages import set_language
from warehouse import Actor, Owner, Record, Warehouse, open_warehouse
from warehouse.grounds import Basis

AN = Owner("001087000084", "Nguyễn Văn An")
LAW = Basis("law", "ket-qua", "NĐ 45/2020/NĐ-CP Điều 16")


@pytest.fixture(autouse=True)
def _english() -> None:
    set_language("en")


@pytest.fixture
def clerk() -> Actor:
    return Actor("Trần Thị Bình", "clerk", "H99.01")


@pytest.fixture
def owner() -> Owner:
    return AN


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "kho"


@pytest.fixture
def kho(folder: Path) -> Iterator[Warehouse]:
    with open_warehouse(folder) as warehouse:
        yield warehouse


@pytest.fixture
def pdf(tmp_path: Path) -> Callable[..., Path]:
    """Write a one-page PDF that says ``text`` and is ``padding`` bytes larger than it need be."""

    def write(text: str = "", padding: int = 0) -> Path:
        path = tmp_path / f"paper-{text.encode().hex()}-{padding}.pdf"
        with pikepdf.new() as new:
            new.add_blank_page()
            new.Root.Said = pikepdf.Stream(new, text.encode() + bytes(padding))
            new.save(path, compress_streams=False, deterministic_id=True)
        return path

    return write


class Put(Protocol):
    def __call__(self, path: Path, **changes: object) -> Record: ...


@pytest.fixture
def put(kho: Warehouse, clerk: Actor) -> Put:
    """Deposit with everything said that need not be said in the test."""

    def deposit(path: Path, **changes: object) -> Record:
        given: dict[str, object] = {
            "owner": AN,
            "paper_type": "khai-sinh",
            "type_code": "KQ.G15.000031",
            "title": "Giấy khai sinh",
            "code": f"{path.stem}-{changes.get('number', '')}",
            "actor": clerk,
            "basis": LAW,
        }
        return kho.deposit(path, **(given | changes))  # type: ignore[arg-type]

    return deposit
