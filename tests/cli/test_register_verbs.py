"""A register is judged and its separator sheets are printed, by command."""

import json
from collections.abc import Callable
from typing import Any


def test_a_register_is_judged_and_its_separators_are_printed(
    counter: Any, complains: Callable[..., str]
) -> None:
    register = counter.folder / "so.csv"
    rows = "Mã,Họ tên,Ngày cấp\n15/2005,Lê Lan,31/02/2005\n16/2005,,01/02/2005\n"
    register.write_text(rows, encoding="utf-8")
    complains(counter.run("register", register), 3, "so.csv", "--column")
    judged = counter.run("register", register, "--column", "number=Mã", "--json")
    assert judged.returncode == 12
    assert "so.csv" in judged.stderr
    problems = json.loads(judged.stdout)["problems"]
    assert {one["kind"]: one["lines"] for one in problems} == {
        "date-wrong": [2], "owner-missing": [3], "no-type-column": []
    }  # fmt: skip
    printed = counter.run("separators", register, "--column", "number=1", "-o", "out.pdf", "--json")
    assert (printed.returncode, json.loads(printed.stdout)["sheets"]) == (0, 2)
    assert (counter.folder / "out.pdf").read_bytes().startswith(b"%PDF")
    complains(counter.run("separators", register, "-o", register), 2, "so.csv")
    complains(counter.run("separators", "--number", "", "-o", "none.pdf"), 2, "number")
    complains(counter.run("separators", register, "--lines", "4-2", "-o", "none.pdf"), 2, "4-2")
    assert register.read_text(encoding="utf-8") == rows
    assert not (counter.folder / "none.pdf").exists()
