"""Fifty writers in five processes at once, from the first moment of the warehouse's life."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

from warehouse import open_warehouse

CHILD = Path(__file__).with_name("child.py")
PROCESSES, THREADS = 5, 10
WRITERS = PROCESSES * THREADS


def test_fifty_writers_lose_nothing_and_double_nothing(folder, pdf, tmp_path) -> None:
    papers = tmp_path / "papers"
    papers.mkdir()
    pdf("shared").rename(papers / "shared.pdf")
    for name in range(WRITERS):
        for i in range(3):
            pdf(f"{name}-{i}", padding=3000).rename(papers / f"{name}-{i}.pdf")
    command = [sys.executable, str(CHILD), "write", str(folder), str(papers)]
    writers = [
        subprocess.Popen(
            [*command, *map(str, range(first, WRITERS, PROCESSES))],
            stdout=subprocess.PIPE,
            text=True,
        )
        for first in range(PROCESSES)
    ]
    said = [line.split() for writer in writers for line in writer.communicate()[0].splitlines()]
    assert [writer.returncode for writer in writers] == [0] * PROCESSES

    by_kind = {kind: [what for k, what in said if k == kind] for kind, _what in said}
    assert len(set(by_kind["own"])) == WRITERS * 2
    assert len(set(by_kind["dossier"])) == WRITERS * 2
    assert len(set(by_kind["shared"])) == 1
    assert sorted(map(int, by_kind["numbered"])) == list(range(1, WRITERS + 1))
    with open_warehouse(folder) as kho:
        own = kho.find("001087000001", status="any")
        assert Counter(record.id for record in own) == Counter(by_kind["own"])
        # Every code reserved for these papers was used, so the serials have no gap.
        serials = sorted(int(record.code.rpartition(".")[2]) for record in own)
        assert serials == list(range(1, WRITERS * 2 + 1))
        (current,) = kho.find("001087000003")
        assert current.version == WRITERS
        assert kho.check().ok
