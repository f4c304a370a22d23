"""The tuning script keeps in step with the code it tries."""

from pathlib import Path
from random import Random

import pytest

from benchmarks import tuning
from benchmarks.layouts import LAYOUTS
from benchmarks.tuning import SWEEPS


@pytest.mark.parametrize("name", SWEEPS)
def test_every_sweep_names_a_number_of_the_code_and_puts_it_back(name: str) -> None:
    sweep = SWEEPS[name]
    before = tuning._constant(sweep.constant)
    with tuning._patched(sweep.constant, sweep.values[0]):
        assert tuning._constant(sweep.constant) == sweep.values[0]
    assert tuning._constant(sweep.constant) == before
    assert {kind for kind, _delivery in sweep.sheets(Random(1))} <= set(LAYOUTS)  # noqa: S311


def test_a_table_takes_the_place_of_its_former_self(tmp_path: Path) -> None:
    page = tmp_path / "tuning.md"
    page.write_text("# Numbers\n")
    for name, figure in (("one", 1), ("two", 2), ("one", 3)):
        tuning._write(page, name, f"## {name}\n\n{figure}\n")
    assert page.read_text() == "# Numbers\n\n## one\n\n3\n\n## two\n\n2\n"
