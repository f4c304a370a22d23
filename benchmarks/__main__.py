"""Measure sohoa on this machine, beside its peers and by itself.

python -m benchmarks compare [FOLDER]     sohoa, OCRmyPDF and bare Tesseract in the same run
python -m benchmarks draw FOLDER          sheets of every kind, with the truth about them
python -m benchmarks faults               sheets spoilt on purpose: how many are caught
python -m benchmarks facts                papers of every profile: the facts read off them exactly
python -m benchmarks straight             the tilt left on sheets laid in crooked
python -m benchmarks memory [COUNT...]    peak memory on few and on many sheets
python -m benchmarks tune [NAME...]       what the tuned numbers are worth at other values
python -m benchmarks reuse [COUNT...]      finding and planning in a store of many records
python -m benchmarks outbox               telling of events, out of a long queue
python -m benchmarks store                the store: deposits, checks, rebuilding
python -m benchmarks http                 the store over HTTP: deposits, searches, plans
python -m benchmarks stream               from the last sheet in the feeder to the PDF on disk
python -m benchmarks separators           separator sheets in dirt: found, and never a false split
python -m benchmarks matching             documents matched to rows of messy registers
python -m benchmarks batch                what a backlog costs beside the bare work
python -m benchmarks batch-memory         memory of a backlog's run from its first page to its last
python -m benchmarks signing              a batch of signatures beside pyHanko's command; memory
"""

import argparse
from importlib import import_module
from pathlib import Path


def main() -> None:
    """Read the command line and do it."""
    options = vars(_parser().parse_args())
    module, function = _COMMANDS[options.pop("command")]
    getattr(import_module(f"benchmarks.{module}"), function)(**options)


#: Module and function of every command; its options are the function's arguments.
_COMMANDS = {
    "draw": ("sheets", "draw_sheets"),
    "compare": ("compare", "compare"),
    "faults": ("faults", "measure_faults"),
    "facts": ("facts", "measure_facts"),
    "straight": ("straight", "measure_straight"),
    "memory": ("memory", "measure_memory"),
    "tune": ("tuning", "tune"),
    "reuse": ("reuse", "measure_reuse"),
    "outbox": ("outbox", "measure_outbox"),
    "store": ("store", "measure_store"),
    "http": ("http", "measure_http"),
    "stream": ("stream", "measure_stream"),
    "separators": ("separators", "measure_separators"),
    "matching": ("matching", "measure_matching"),
    "batch": ("batch", "measure_batch"),
    "batch-memory": ("batch_memory", "measure_batch_memory"),
    "signing": ("signing", "measure_signing"),
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(dest="command", required=True)
    draw = commands.add_parser("draw")
    draw.add_argument("folder", type=Path)
    draw.add_argument("--kinds", nargs="+", default=(), help="only these")
    compare = commands.add_parser("compare")
    compare.add_argument("folder", nargs="?", type=Path, help="else sheets are drawn")
    compare.add_argument(
        "--truth", dest="truth_file", type=Path, help="else truth.json beside the sheets"
    )
    compare.add_argument("--tools", nargs="+", default=(), help="only these; else all")
    compare.add_argument("--docs", type=Path, help="folder of benchmarks.md to write them into")
    tune = commands.add_parser("tune")
    tune.add_argument("names", nargs="*", help="sweeps; else all")
    tune.add_argument("--docs", type=Path, help="folder of tuning.md to write the tables into")
    stream = commands.add_parser("stream")
    stream.add_argument("--per-minute", type=float, default=40.0, help="sheets the feeder feeds")
    events = commands.add_parser("outbox")
    events.add_argument("--count", type=int, default=100_000, help="events that wait")
    events.add_argument("--told", type=int, default=20_000, help="of them that are told")
    store = commands.add_parser("store")
    store.add_argument("--deposits", type=int, default=200)
    faults = commands.add_parser("faults")
    straight = commands.add_parser("straight")
    facts = commands.add_parser("facts")
    facts.add_argument("--kinds", nargs="+", default=(), help="only these")
    for command in (draw, compare, stream, faults, straight, facts):
        command.add_argument("--count", type=int, default=20)
        command.add_argument("--seed", type=int, default=1)
    _add_backlog(commands)
    signing = commands.add_parser("signing")
    signing.add_argument("--count", type=int, default=200, help="files of the batch")
    signing.add_argument("--peers", type=int, default=20, help="of them for pyHanko as well")
    signing.add_argument("--megabytes", type=int, default=130, help="size of the large file")
    reuse = commands.add_parser("reuse")
    reuse.add_argument("counts", nargs="*", type=int, default=[100_000, 1_000_000])
    reuse.add_argument("--looks", type=int, default=2000)
    reuse.add_argument("--seed", type=int, default=1)
    names = ("SQLite", "PostgreSQL")
    reuse.add_argument("--databases", nargs="+", choices=names, default=names)
    http = commands.add_parser("http")
    http.add_argument("--deposits", type=int, default=100)
    http.add_argument("--questions", type=int, default=500)
    http.add_argument("--clients", type=int, default=4)
    memory = commands.add_parser("memory")
    memory.add_argument("counts", nargs="*", type=int, default=(20, 200))
    return parser


def _add_backlog(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    separators = commands.add_parser("separators")
    separators.add_argument("--count", type=int, default=2000)
    separators.add_argument("--seed", type=int, default=1)
    matching = commands.add_parser("matching")
    matching.add_argument("--count", type=int, default=5000)
    matching.add_argument("--papers", type=int, default=0, help="of them drawn and read")
    matching.add_argument("--strangers", type=int, default=150, help="more of them: fewer here")
    matching.add_argument("--seed", type=int, default=1)
    batch = commands.add_parser("batch")
    batch.add_argument("--most", type=int, default=8, help="pages of a document at most")
    batch.add_argument("--here", dest="on_cluster", action="store_false", help="no cluster")
    batch.add_argument("--count", type=int, default=20)
    batch.add_argument("--seed", type=int, default=1)
    batch.add_argument("--size", choices=("a6", "a4"), default="a6", help="of the pages")
    memory = commands.add_parser("batch-memory")
    memory.add_argument("--pages", type=int, default=2000)
    memory.add_argument("--most", type=int, default=8, help="pages of a document at most")


if __name__ == "__main__":
    main()
