"""A backlog ends the same whatever is killed on the way: here or on a cluster.

A few papers by default; ``SOHOA_FULL_TESTS=1`` runs 300 documents and 60 kills.
"""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import backlog
from benchmarks.backlog import Lab, Made

FULL = bool(os.environ.get("SOHOA_FULL_TESTS"))
COUNT, MOST, KILLS = (300, 8, 60) if FULL else (5, 2, 4)


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


#: What an undisturbed run made, for the others to be compared with.
_UNDISTURBED: dict[str, Made] = {}


@pytest.mark.timeout(36000 if FULL else 500)
def test_killed_again_and_again_a_backlog_ends_as_if_it_had_not_been(lab: Lab, scans: Path) -> None:
    once = replace(lab, home=lab.home.with_name("once"))
    once.plan(scans)
    backlog.run_through(once, "--jobs", "2")
    _UNDISTURBED.update(backlog.whats_there(once))
    assert len(_UNDISTURBED) == COUNT
    lab.plan(scans)
    killed = backlog.run_with_kills(lab, KILLS, 7, "--jobs", "2", every=20 if FULL else 2)
    assert killed
    assert backlog.whats_there(lab) == _UNDISTURBED


@pytest.mark.timeout(36000 if FULL else 500)
def test_on_a_cluster_whose_workers_die_and_join_it_ends_the_same(lab: Lab, scans: Path) -> None:
    lab.plan(scans)
    with backlog.cluster(lab, 2) as cluster:
        run = lab.start("run", "--level", "b-b", "--cluster", cluster.address)
        for _number in range(KILLS // 3):
            wanted = lab.steps() + 2
            while lab.steps() < wanted and run.poll() is None:
                backlog.pause()
            cluster.add_worker()
            cluster.kill_worker()
        said = backlog.end(run, 0)
    assert not said
    made = backlog.whats_there(lab)
    assert len(made) == COUNT
    if _UNDISTURBED:  # the test before this one ran
        assert made == _UNDISTURBED
