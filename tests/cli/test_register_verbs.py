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


def test_what_a_register_has_not_is_said_and_nothing_is_made(
    counter: Any, complains: Callable[..., str]
) -> None:
    register, headings = counter.folder / "so.csv", counter.folder / "trong.csv"
    register.write_text("Số,Họ tên\n15/2005,Lê Lan\n15/2005,Vũ Châu\n", encoding="utf-8")
    headings.write_text("Số,Họ tên\n", encoding="utf-8")
    for column in ("number=99", "date=Ngày gì", "number=0"):
        complains(counter.run("register", register, "--column", column), 2, column)
    complains(counter.run("register", register, "--sheet", "Trang 1"), 2, "so.csv", "--sheet")
    complains(counter.run("register", headings), 3, "trong.csv", "no paper")
    away = ("separators", register, "-o", "out.pdf", "--lines", "40-50")
    complains(counter.run(*away), 2, "lines 2 to 3")
    complains(counter.run("separators", register, "-o", "nowhere/out.pdf"), 3, "nowhere")
    assert not (counter.folder / "nowhere").exists()
    printed = counter.run("separators", register, "-o", "out.pdf")
    assert printed.returncode == 12
    assert "trùng số" in counter.run("separators", register, "-o", "out.pdf", lang="vi").stderr
    assert "(line 3)" in printed.stdout
