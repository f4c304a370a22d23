"""Make samples, hear the judges, print what they say; 1 when one says no.

``JAVA``, ``JUDGES`` (class path) and arguments come from ``scripts/conformance``: a folder for the
samples, then folders with more signed PDFs to be judged as PDF/A.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from conformance.samples import Sample, Samples, make_samples, signed_under


def main(folder: Path, more: list[Path]) -> int:
    """The whole check; its exit code."""
    samples = make_samples(folder)
    others = tuple(sample for place in more for sample in signed_under(place))
    whole = Samples(samples.files + others, samples.root, samples.crls)
    findings = [*_archival(whole), *_levels(whole)]
    report = folder / "report.jsonl"
    report.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in findings))
    return _tell(findings, report)


def _archival(samples: Samples) -> Iterator[dict[str, Any]]:
    asked = [sample for sample in samples.files if sample.archival is not None]
    answers = _judge("PdfaJudge", *(sample.file for sample in asked))
    yield from _answers(asked, answers)


def _levels(samples: Samples) -> Iterator[dict[str, Any]]:
    asked = [sample for sample in samples.files if sample.level]
    crls = ",".join(map(str, samples.crls))
    files = (f"{sample.form}-BASELINE-{sample.level}={sample.file}" for sample in asked)
    yield from _answers(asked, _judge("AdesJudge", samples.root, crls, *files))


def _judge(name: str, *arguments: object) -> list[dict[str, Any]]:
    quick_to_start = "-XX:TieredStopAtLevel=1"
    command = [
        os.environ["JAVA"],
        quick_to_start,
        "-cp",
        os.environ["JUDGES"],
        name,
        *map(str, arguments),
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, encoding="utf-8")
    return [json.loads(line) for line in done.stdout.splitlines()]


def _answers(asked: list[Sample], answers: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for sample, answer in zip(asked, answers, strict=True):
        yield answer | {"what": sample.what, "as_it_should": answer["passed"] == sample.sound}


def _tell(findings: list[dict[str, Any]], report: Path) -> int:
    bad = [one for one in findings if not one["as_it_should"]]
    for one in findings:
        mark = "ok  " if one["as_it_should"] else "FAIL"
        print(f"{mark}  {one['judge']:<8}  {one['what']:<48}  {one['found']}")
        for note in one["notes"] if not one["as_it_should"] else ():
            print(f"          {note}")
    good = len(findings) - len(bad)
    print(f"conformance: {good} passed, {len(bad)} failed ({report})")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), [Path(word) for word in sys.argv[2:]]))
