"""A backlog ends the same whatever is killed on the way: here or on a cluster.

A few papers by default. ``SOHOA_FULL_TESTS=1`` runs 300 documents and 60 kills: each test in a
command of its own, the first one first; what it made is kept in pytest's cache for the others.
``SOHOA_FULL_TESTS=40,10`` runs 40 documents and 10 kills.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import backlog
from benchmarks.backlog import Lab, Made

FULL = os.environ.get("SOHOA_FULL_TESTS", "")
COUNT, KILLS = map(int, FULL.split(",")) if "," in FULL else (300, 60) if FULL else (5, 4)
MOST = 8 if FULL else 2
#: Steps on record between two kills, a quarter of the six a document has: more go by while a run
#: starts anew, and all kills must fall before the end.
EVERY = max(COUNT * 6 // 4 // KILLS, 2) if FULL else 2


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scans")
    backlog.draw_scans(folder, COUNT, MOST)
    return folder


@pytest.fixture
def lab(counter) -> Lab:
    with counter.office.open("a") as office:
        office.write("\n[batch]\nniceness = 0\n[quality]\ninspect = false\n")
    pins = "".join(counter.pins[role] + "\n" for role in ("clerk", "agency"))
    return Lab(counter.home, counter.environ, pins)


Undisturbed = Callable[[], dict[str, Made]]
#: What an undisturbed run made, for the others to be compared with.
_UNDISTURBED: dict[str, Made] = {}
_CACHED = f"backlog/undisturbed-{COUNT}-{MOST}"


@pytest.fixture
def undisturbed(lab: Lab, scans: Path, pytestconfig: pytest.Config) -> Undisturbed:
    """What an undisturbed run makes of the scans: of an earlier test, or of one made now."""

    def made() -> dict[str, Made]:
        kept = pytestconfig.cache.get(_CACHED, {}) if FULL and pytestconfig.cache else {}
        _UNDISTURBED.update(
            {name: Made(paper, tuple(pages)) for name, (paper, pages) in kept.items()}
        )
        return _UNDISTURBED or _once(
            replace(lab, home=lab.home.with_name("once")), scans, pytestconfig
        )

    return made


def _once(lab: Lab, scans: Path, config: pytest.Config) -> dict[str, Made]:
    lab.plan(scans)
    backlog.run_through(lab, "--jobs", "2")
    _UNDISTURBED.update(backlog.whats_there(lab))
    if config.cache:
        kept = {name: [one.paper, one.pages] for name, one in _UNDISTURBED.items()}
        config.cache.set(_CACHED, kept)
    return _UNDISTURBED


@pytest.mark.timeout(36000 if FULL else 500)
def test_once_through_every_document_is_in_the_store_with_its_own_text(
    lab: Lab, scans: Path, pytestconfig: pytest.Config
) -> None:
    _UNDISTURBED.clear()
    made = _once(lab, scans, pytestconfig)
    assert len(made) == COUNT
    pages = [
        f"{Path(name).stem}/QĐ-UBND trang {number}" in " ".join(page.split())
        for name, one in made.items()
        for number, page in enumerate(one.pages, 1)
    ]
    assert sum(pages) >= 0.99 * len(pages)  # now and then a letter is misread


@pytest.mark.timeout(36000 if FULL else 500)
def test_killed_again_and_again_a_backlog_ends_as_if_it_had_not_been(
    lab: Lab, scans: Path, undisturbed: Undisturbed
) -> None:
    lab.plan(scans)
    killed = backlog.run_with_kills(lab, KILLS, 7, "--jobs", "2", every=EVERY)
    assert len(killed) == KILLS if FULL else killed
    assert backlog.whats_there(lab) == undisturbed()


@pytest.mark.timeout(36000 if FULL else 500)
def test_on_a_cluster_whose_workers_die_and_join_it_ends_the_same(
    lab: Lab, scans: Path, undisturbed: Undisturbed
) -> None:
    lab.plan(scans)
    with backlog.cluster(lab, 2) as cluster:
        run = lab.start("run", "--level", "b-b", "--cluster", cluster.address)
        for _number in range(max(KILLS // 3, 1)):
            wanted = lab.steps() + EVERY
            while lab.steps() < wanted and run.poll() is None:
                backlog.pause()
            cluster.add_worker()
            cluster.kill_worker()
        said = backlog.end(run, 0)
    assert not said
    assert backlog.whats_there(lab) == undisturbed()
