"""sohoa, OCRmyPDF and bare Tesseract on the same sheets in the same run, as Markdown."""

import json
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import Any

import pikepdf.pdfa

from benchmarks.pictures import draw_worst
from benchmarks.runs import TOOLS, Run, Tool, machine, versions
from benchmarks.scores import Truth, by_kind, exact_fields, match_pages, pages_of
from benchmarks.sheets import TRUTH, draw_sheets

#: Pages of sohoa's that read worse than this are listed and shown.
_POOR = 0.9
#: The part of docs/benchmarks.md that a run writes.
_MARKS = re.compile(r"(<!-- side by side -->\n).*(<!-- end -->)", re.DOTALL)


@dataclass(frozen=True)
class Outcome:
    """What one tool made of the sheets.

    Attributes:
        scores: word F1 of every written sheet, 0 for one that is lost.
        texts: what was found on it, by sheet.
        sheets: the sheet that became each page, by the page's number from 1.
        kept_blank: blank sheets that are pages of the document.
    """

    tool: Tool
    run: Run
    pages: int
    bytes: int
    pdfa: bool
    scores: dict[str, float]
    texts: dict[str, str] = field(default_factory=dict)
    sheets: dict[int, str] = field(default_factory=dict)
    kept_blank: int = 0


def compare(
    folder: Path | None,
    truth_file: Path | None,
    count: int,
    seed: int,
    *,
    tools: Sequence[str] = (),
    docs: Path | None = None,
) -> None:
    """Compare on a folder of sheets, or on sheets drawn for it.

    Args:
        tools: only these of :data:`benchmarks.runs.TOOLS`.
        docs: folder with ``benchmarks.md`` and ``pictures`` to write the results into.
    """
    if folder is None:
        with tempfile.TemporaryDirectory() as work:
            draw_sheets(Path(work), count, seed=seed)
            compare(Path(work), None, count, seed, tools=tools, docs=docs)
        return
    truth_file = truth_file or folder / TRUTH
    known = truth_file.is_file()
    truth: Truth = json.loads(truth_file.read_text(encoding="utf-8")) if known else {}
    files = [path for path in sorted(folder.glob("*.jpg")) if not truth or path.name in truth]
    with tempfile.TemporaryDirectory() as work:
        outcomes = []
        for tool in (one for one in TOOLS if not tools or one.name in tools):
            outcomes.append(run_tool(tool, files, truth, Path(work)))
            print(f"{tool.name}: {outcomes[-1].run.seconds:.1f} s", flush=True)
        findings = _told(Path(work) / "sohoa.json", "pages")
        documents = _told(Path(work) / "sohoa.fields.json", "documents")
    text = "\n".join(_markdown(files, truth, outcomes, findings, documents)) + "\n"
    print("\n" + text)
    if docs:
        _write_docs(docs, text, files, outcomes)


def run_tool(tool: Tool, files: Sequence[Path], truth: Truth, work: Path) -> Outcome:
    """Run one tool and look at its PDF."""
    out = work / f"{tool.name.replace(' ', '-').lower()}.pdf"
    run = tool.run(files, out)
    pages = pages_of(out)
    matched = match_pages([page.split() for page in pages], truth)
    written = [name for name in truth if not truth[name]["blank"]]
    return Outcome(
        tool=tool,
        run=run,
        pages=len(pages),
        bytes=out.stat().st_size,
        pdfa=approved(out),
        scores={name: matched[name][1] if name in matched else 0.0 for name in written},
        texts={name: pages[matched[name][0]] for name in written if name in matched},
        sheets={page + 1: name for name, (page, _found) in matched.items()},
        kept_blank=sum(name in matched for name in truth if truth[name]["blank"]),
    )


def approved(pdf: Path) -> bool:
    """Whether ``pikepdf.pdfa`` takes the file for PDF/A-2b."""
    return bool(pikepdf.pdfa.validate_written(pdf, "2b").passed)


def _markdown(
    files: Sequence[Path],
    truth: Truth,
    outcomes: Sequence[Outcome],
    findings: list[dict[str, Any]],
    documents: list[dict[str, Any]],
) -> Iterator[str]:
    """All tables of a comparison."""
    yield f"{len(files)} sheets · {datetime.now(UTC):%d %B %Y} · {machine()} · {versions()}"
    yield from ("", *_table(_totals(outcomes)))
    if not truth:
        return
    yield from ("", *_table(_kinds(truth, outcomes)))
    if findings:
        yield from ("", *_found_out(truth, findings))
    if documents:
        found = exact_fields(documents, outcomes[0].sheets, truth)
        yield from ("", *_table(_facts(found)))
    if poor := _poor(outcomes):
        yield from ("", f"Pages of sohoa's with a word F1 below {_POOR}:", "")
        yield from _table([["sheet", "kind", "F1", "what was done to it"], *_rows(poor, truth)])


def _totals(outcomes: Sequence[Outcome]) -> list[list[str]]:
    heads = ["", "seconds", "× sohoa", "word F1, mean", "worst page", "KB a page", "peak MB",
             "PDF/A-2b", "blanks kept", "pages lost"]  # fmt: skip
    base = outcomes[0].run.seconds
    rows = [heads]
    for one in outcomes:
        values = list(one.scores.values())
        rows.append(
            [
                one.tool.words,
                f"{one.run.seconds:.1f}",
                f"{one.run.seconds / base:.2f}",
                f"{fmean(values):.4f}" if values else "",
                f"{min(values):.3f}" if values else "",
                f"{one.bytes / 1024 / max(1, one.pages):.0f}",
                f"{one.run.peak_mb:.0f}",
                "yes" if one.pdfa else "no",
                str(one.kept_blank),
                str(len(one.scores) - len(one.texts)),
            ]
        )
    return rows


def _kinds(truth: Truth, outcomes: Sequence[Outcome]) -> list[list[str]]:
    means = [by_kind(one.scores, truth) for one in outcomes]
    rows = [["word F1", *means[0]]]
    for one, mean in zip(outcomes, means, strict=True):
        rows.append([one.tool.name, *(f"{value:.4f}" for value in mean.values())])
    return rows


def _found_out(truth: Truth, findings: list[dict[str, Any]]) -> Iterator[str]:
    """Turns, tilts and blanks as sohoa's report tells them, against the truth."""
    pairs = [(finding, truth[finding["source"]]) for finding in findings]
    blanks = [(finding["blank"], bool(sheet["blank"])) for finding, sheet in pairs]
    written = [(f, t) for f, t in pairs if not t["blank"] and not f["blank"] and f["kept"]]
    turned = sum(f["rotation"] == t["rotation"] for f, t in written)
    tilts = [abs(f["skew"] - float(str(t["skew"]))) for f, t in written]
    yield (
        f"sohoa: turned right {turned} of {len(written)}; tilt left over {fmean(tilts):.3f}° mean, "
        f"{max(tilts):.2f}° worst; blanks told {sum(a and b for a, b in blanks)} of "
        f"{sum(b for _a, b in blanks)}, {sum(a and not b for a, b in blanks)} false ones."
    )


def _facts(found: dict[str, tuple[int, int, tuple[str, ...]]]) -> Iterator[list[str]]:
    yield ["facts, exactly", "right", "of", "share", "missed most"]
    for kind, (good, total, missed) in sorted(found.items()):
        worst = Counter(missed).most_common(3)
        names = ", ".join(f"{name} {count}" for name, count in worst)
        yield [kind, str(good), str(total), f"{good / total:.1%}", names]


def _told(file: Path, key: str) -> list[dict[str, Any]]:
    """What sohoa wrote beside its PDF; nothing where it was not asked to run."""
    return list(json.loads(file.read_text(encoding="utf-8"))[key]) if file.is_file() else []


def _poor(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """The worst pages of the first tool, from the worst."""
    scores = outcomes[0].scores
    return {name: scores[name] for name in sorted(scores, key=scores.__getitem__)
            if scores[name] < _POOR}  # fmt: skip


def _rows(poor: dict[str, float], truth: Truth) -> Iterator[list[str]]:
    for name, score in poor.items():
        sheet = truth[name]
        delivery = sheet.get("delivery", {})
        done = [f"{key} {value}" for key, value in delivery.items() if key != "tint"]  # type: ignore[attr-defined]
        done.insert(0, f"{sheet['family']} {sheet['points']} pt" if "family" in sheet else "")
        yield [name, str(sheet.get("kind", "")), f"{score:.3f}", ", ".join(filter(None, done))]


def _table(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for number, row in enumerate(rows):
        yield "| " + " | ".join(row) + " |"
        if number == 0:
            yield "|---" * len(row) + "|"


def _write_docs(docs: Path, text: str, files: Sequence[Path], outcomes: Sequence[Outcome]) -> None:
    """Put tables and pictures of the worst pages where the documentation shows them."""
    texts = outcomes[0].texts
    worst = list(_poor(outcomes))[:4]
    pictures = draw_worst(
        [(path, texts.get(path.name, "")) for name in worst for path in files if path.name == name],
        docs / "pictures",
    )
    shown = "".join(
        f"\n![{name}: the sheet, and what was read on it](pictures/{picture.name})\n"
        for name, picture in zip(worst, pictures, strict=True)
    )
    page = docs / "benchmarks.md"
    old = page.read_text(encoding="utf-8")
    new = _MARKS.sub(lambda found: f"{found[1]}\n{text}{shown}\n{found[2]}", old)
    page.write_text(new, encoding="utf-8")
