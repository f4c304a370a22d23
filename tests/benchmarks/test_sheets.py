"""The sheets of the benchmarks: the same seed gives the same, and their truth is told."""

import json
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from benchmarks.faces import families
from benchmarks.layouts import LAYOUTS
from benchmarks.sheets import Delivery, draw_sheet, draw_sheets


def test_the_same_seed_draws_the_same_sheets_and_another_draws_others(tmp_path: Path) -> None:
    kinds = ("note", "blank")
    one = draw_sheets(tmp_path / "one", 2, seed=5, kinds=kinds)
    again = draw_sheets(tmp_path / "again", 2, seed=5, kinds=kinds)
    assert one == again
    told = json.loads((tmp_path / "one" / "truth.json").read_text(encoding="utf-8"))
    assert {name: sheet["text"] for name, sheet in told.items()} == {n: one[n]["text"] for n in one}
    assert draw_sheets(tmp_path / "other", 2, seed=6, kinds=kinds) != one
    for name in one:
        first, second = ((tmp_path / run / name).read_bytes() for run in ("one", "again"))
        assert first == second


def test_every_kind_of_sheet_but_a_blank_one_tells_its_text(tmp_path: Path) -> None:
    plain = Delivery(dpi=100)
    for kind in LAYOUTS:
        truth = draw_sheet(tmp_path / f"{kind}.jpg", kind, 3, plain)
        assert bool(truth["text"]) != truth["blank"] == (kind == "blank")
        for value in truth["fields"].values():
            assert value in truth["text"]


def test_a_copied_card_carries_the_code_it_says(tmp_path: Path) -> None:
    truth = draw_sheet(tmp_path / "card.jpg", "cccd", 8, Delivery())
    codes = zxingcpp.read_barcodes(np.asarray(Image.open(tmp_path / "card.jpg").convert("L")))
    assert [code.text for code in codes] == truth["qr"]


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_sheet_fed_turned_is_the_upright_one_turned_clockwise(tmp_path: Path, turn: int) -> None:
    small = Delivery(dpi=60, quality=95, gray=True)
    draw_sheet(tmp_path / "a.jpg", "note", 4, small)
    draw_sheet(tmp_path / "b.jpg", "note", 4, Delivery(dpi=60, quality=95, gray=True, turn=turn))
    upright, turned = (Image.open(tmp_path / name) for name in ("a.jpg", "b.jpg"))
    back = turned.rotate(turn, expand=True)  # Pillow turns counter-clockwise
    assert back.size == upright.size
    difference = np.abs(np.asarray(back, int) - np.asarray(upright, int))
    assert difference.mean() < 2


def test_the_typefaces_are_complete_in_vietnamese() -> None:
    assert {"Tinos", "Arimo", "Cousine"} <= set(families())
