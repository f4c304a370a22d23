"""The scripts that make a bare machine ready, as far as a ready machine can show it."""

import ast
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHELL_SCRIPTS = [
    path
    for path in sorted([*(ROOT / "scripts").iterdir(), ROOT / ".ci" / "run"])
    if path.is_file() and path.read_bytes().startswith(b"#!/usr/bin/env bash")
]


def wanted_packages() -> set[str]:
    script = (ROOT / "scripts" / "setup").read_text(encoding="utf-8")
    block = re.search(r"^PACKAGES=\($(.*?)^\)$", script, re.M | re.S)
    assert block
    return set(re.sub(r"#.*", "", block[1]).split())


def programs_and_files_named_in_the_code() -> set[Path]:
    """Installed programs that head a list or are looked up, and files named from /usr on."""
    found: set[Path] = set()
    rooms = [file.parent for file in ROOT.glob("*/__init__.py")]
    for source in (path for room in [*rooms, ROOT / "tests"] for path in room.rglob("*.py")):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            match node:
                case (
                    ast.List(elts=[ast.Constant(value=str(name)), _, *_])
                    | ast.Call(
                        func=ast.Attribute(attr="which"), args=[ast.Constant(value=str(name)), *_]
                    )
                ):
                    program = shutil.which(name, path="/usr/bin:/usr/sbin") if name else None
                    found |= {Path(program).resolve()} if program else set()
                case ast.Constant(value=str(name)) if (
                    name.startswith("/usr/") and Path(name).is_file()
                ):
                    found.add(Path(name).resolve())
    return found


def packages_of(file: Path) -> set[str]:
    """The Debian packages that brought the file, without their architecture."""
    places = [str(file), str(file).removeprefix("/usr")]  # Debian 12 still lists some by /bin
    asked = ["dpkg-query", "--search", *places]
    answers = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    owners = (line.partition(": /")[0].split(",") for line in answers.splitlines())
    return {name.strip().partition(":")[0] for names in owners for name in names}


def brought_along(packages: set[str]) -> set[str]:
    """The packages, those they depend on, and those no Debian machine can be without."""
    asked = [
        "dpkg-query",
        "-W",
        "-f",
        "${Package}|${Essential}|${Priority}|${Pre-Depends}, ${Depends}\n",
    ]
    answer = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    along = set(packages)
    for package, essential, priority, depends in (
        line.split("|", 3) for line in answer.splitlines()
    ):
        if essential == "yes" or priority == "required":
            along.add(package)
        if package in packages:
            along |= set(re.findall(r"(?:^|[,|])\s*([a-z0-9][a-z0-9+.-]+)", depends))
    return along


@pytest.mark.parametrize("script", SHELL_SCRIPTS, ids=lambda path: path.name)
def test_every_shell_script_parses_and_stops_at_the_first_failure(script: Path):
    subprocess.run(["bash", "-n", script], check=True)
    assert os.access(script, os.X_OK)
    assert "\nset -euo pipefail\n" in script.read_text(encoding="utf-8")


def test_all_the_scripts_are_there():
    names = {path.name for path in SHELL_SCRIPTS}
    assert names == {"setup", "demo", "test", "lint", "bench", "conformance", "run"}


def test_setup_installs_whatever_the_code_calls_or_opens():
    used = programs_and_files_named_in_the_code()
    assert {path.name for path in used} >= {"Tinos-Regular.ttf", "libsofthsm2.so", "fc-match"}
    brought = brought_along(wanted_packages())
    missing = {path: owners for path in used if not (owners := packages_of(path)) & brought}
    assert not missing, "add their packages to scripts/setup"


def test_ci_runs_the_tests_the_demo_and_the_judges():
    commands = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert '"$root/scripts/test"' in commands
    assert 'OUT=$out "$root/scripts/demo"' in commands
    assert '"$root/scripts/conformance" "$out"' in commands


def test_a_second_setup_does_nothing_and_says_nothing():
    stamp = ROOT / ".venv" / ".sohoa-setup"
    if not stamp.exists():
        pytest.skip("this environment was not made by scripts/setup")
    before = stamp.stat().st_mtime_ns
    again = subprocess.run([ROOT / "scripts" / "setup"], cwd="/", capture_output=True, check=True)
    assert (again.stdout, again.stderr) == (b"", b"")
    assert stamp.stat().st_mtime_ns == before


def test_an_unknown_argument_to_setup_is_a_usage_error_that_explains():
    asked = subprocess.run(
        [ROOT / "scripts" / "setup", "--everything"], capture_output=True, text=True, check=False
    )
    assert asked.returncode == 2
    assert "scripts/setup --bench" in asked.stderr


def test_without_maven_the_judges_are_loudly_said_not_to_have_run(tmp_path: Path):
    if not (ROOT / ".venv" / ".sohoa-setup").exists():
        pytest.skip("this environment was not made by scripts/setup")
    for place in ("/usr/bin", "/bin"):
        for program in Path(place).iterdir():
            link = tmp_path / program.name
            if program.name != "mvn" and not link.is_symlink():
                link.symlink_to(program)
    script = [ROOT / "scripts" / "conformance"]
    environ = {key: value for key, value in os.environ.items() if key != "CI"}
    environ["PATH"] = str(tmp_path)
    done = subprocess.run(script, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "CONFORMANCE NOT RUN" in done.stderr
