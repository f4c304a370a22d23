"""Papers that are really read, matched to a register that holds them among others."""

from collections import Counter
from random import Random

from benchmarks.facts import PAPERS, read_sheet
from benchmarks.matching import invented_papers, through_file
from dossier.evidence import Evidence, evidence_of
from dossier.matching import match_documents
from dossier.register import RegisterRow
from ocr.fields import FieldValue
from ocr.kinds import read_value
from profiles import load_paper


def match_read_papers(count: int, seed: int) -> None:
    """Print how many papers that are drawn, soiled and read find their rows without separators.

    The register holds them, as printed, among 1,000 rows of other papers.
    """
    chance = Random(f"read {seed}")
    kinds = [kind for kind in PAPERS if kind not in {"decision", "certified"}]  # these name nobody
    rows = list(through_file(list(invented_papers(chance, 1000)), chance, "utf-8-sig").values())
    documents = []
    for place in range(count):
        kind = kinds[place % len(kinds)]
        facts, read = read_sheet((kind, chance.randrange(10**8)))
        paper = load_paper(PAPERS[kind])
        rules = {rule.name: rule for rule in paper.fields}
        printed = [
            FieldValue(name, text, normal=read_value(rules[name].kind, text).normal)
            for name, text in facts.items()
            if name in rules
        ]
        rows.append(_row_of(evidence_of(paper, printed), 2000 + place))
        documents.append(evidence_of(paper, list(read.values()), pages=1))
    found = match_documents(documents, rows)
    right = sum(match.row is rows[place - count] for place, match in enumerate(found))
    wrong = sum(match.row not in (None, rows[place - count]) for place, match in enumerate(found))
    first = sum(
        match.row is None and bool(match.candidates) and match.candidates[0].row is rows[n - count]
        for n, match in enumerate(found)
    )
    print(
        f"{count} papers read by the recogniser: {right} rightly unasked, {wrong} wrong, ", end=""
    )
    print(f"{count - right - wrong} to a person ({first} with the right row first)")
    print(dict(Counter(match.reason for match in found if match.reason)))


def _row_of(printed: Evidence, line: int) -> RegisterRow:
    """The row an office keeps of a paper."""
    first = (printed.numbers, printed.names, printed.ids, printed.births)
    number, name, owner_id, born = (values[0] if values else "" for values in first)
    day = printed.dates[0] if printed.dates else None
    return RegisterRow(line, number, day, owner_id, name, printed.paper, 1, "", born)
