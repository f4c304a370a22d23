"""A backlog by command: planned from a folder, run to the store, looked at, tried again."""

import json
import shutil
from pathlib import Path

import pytest

OWNER = "001087000084"
RUN = ("batch", "run", "--level", "b-b", "--jobs", "2", "--json")


@pytest.fixture(autouse=True)
def _at_once(counter) -> None:
    """A backlog that does not stand behind the other programs of the machine."""
    with counter.office.open("a") as office:
        office.write("\n[batch]\nniceness = 0\n[quality]\ninspect = false\n")


@pytest.fixture
def scans(tmp_path: Path, papers: dict[str, Path], draw) -> Path:
    """Three documents: a file, a folder of two pages, another file."""
    folder = tmp_path / "scans"
    (folder / "b").mkdir(parents=True)
    shutil.copy(papers["quyet-dinh"], folder / "a.png")
    shutil.copy(draw("b1", "QUYẾT ĐỊNH", lines=5), folder / "b" / "1.png")
    shutil.copy(papers["more"], folder / "b" / "2.png")
    shutil.copy(draw("c", "QUYẾT ĐỊNH", lines=4), folder / "c.png")
    return folder


def plan(counter, folder: Path, *more: str):
    return counter.run("batch", "plan", folder, "--profile", "quyet-dinh", "--json", *more)


def states(counter) -> dict[str, int]:
    return json.loads(counter.run("batch", "status", "--json").stdout)["states"]


def test_a_folder_of_scans_becomes_records_with_one_pin(counter, scans) -> None:
    planned = plan(counter, scans, "--lot", "lô 1")
    assert planned.returncode == 0, planned.stderr
    assert json.loads(planned.stdout)["entered"] == 3
    done = counter.run(*RUN, "--pin-fd")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["deposited"] == 3
    assert states(counter) == {"deposited": 3}
    assert counter.run("warehouse", "check").returncode == 0
    assert not counter.leftovers()
    assert not list((counter.home / "batch" / "work").iterdir())
