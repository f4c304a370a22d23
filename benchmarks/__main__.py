"""Measure sohoa on this machine, beside its peers and by itself.

python -m benchmarks compare [FOLDER]     sohoa, OCRmyPDF and bare Tesseract in the same run
python -m benchmarks draw FOLDER          sheets of every kind, with the truth about them
python -m benchmarks faults               sheets spoilt on purpose: how many are caught
python -m benchmarks straight             the tilt left on sheets laid in crooked
python -m benchmarks memory [COUNT...]    peak memory on few and on many sheets
python -m benchmarks tune [NAME...]       what the tuned numbers are worth at other values
python -m benchmarks reuse [COUNT...]      the plan for a procedure in a store of many records
python -m benchmarks store                the store: deposits, checks, searching a million
python -m benchmarks stream               from the last sheet in the feeder to the PDF on disk
"""

import argparse
from pathlib import Path


def main() -> None:
    """Read the command line and do it."""
    options = _parser().parse_args()
    match options.command:
        case "draw":
            from benchmarks.sheets import draw_sheets

            draw_sheets(options.folder, options.count, seed=options.seed, kinds=options.kinds)
        case "compare":
            from benchmarks.compare import compare

            compare(
                options.folder, options.truth, options.count, options.seed,
                tools=options.tools, docs=options.docs,
            )  # fmt: skip
        case "faults":
            from benchmarks.faults import measure_faults

            measure_faults(options.count, options.seed)
        case "straight":
            from benchmarks.straight import measure_straight

            measure_straight(options.count, options.seed)
        case "memory":
            from benchmarks.memory import measure_memory

            measure_memory(options.counts)
        case "tune":
            from benchmarks.tuning import tune

            tune(options.names, options.docs)
        case "reuse":
            from benchmarks.reuse import measure_reuse

            measure_reuse(options.counts, options.plans, options.seed, options.catalogue)
        case "store":
            from benchmarks.store import measure

            measure(options.records, options.deposits)
        case "stream":
            from benchmarks.stream import measure_stream

            measure_stream(options.count, options.seed, options.per_minute)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(dest="command", required=True)
    draw = commands.add_parser("draw")
    draw.add_argument("folder", type=Path)
    draw.add_argument("--kinds", nargs="+", default=(), help="only these")
    compare = commands.add_parser("compare")
    compare.add_argument("folder", nargs="?", type=Path, help="else sheets are drawn")
    compare.add_argument("--truth", type=Path, help="else truth.json beside the sheets")
    compare.add_argument("--tools", nargs="+", default=(), help="only these; else all")
    compare.add_argument("--docs", type=Path, help="folder of benchmarks.md to write them into")
    tune = commands.add_parser("tune")
    tune.add_argument("names", nargs="*", help="sweeps; else all")
    tune.add_argument("--docs", type=Path, help="folder of tuning.md to write the tables into")
    stream = commands.add_parser("stream")
    stream.add_argument("--per-minute", type=float, default=40.0, help="sheets the feeder feeds")
    store = commands.add_parser("store")
    store.add_argument("--records", type=int, default=1_000_000, help="rows to search among")
    store.add_argument("--deposits", type=int, default=200)
    faults = commands.add_parser("faults")
    straight = commands.add_parser("straight")
    for command in (draw, compare, stream, faults, straight):
        command.add_argument("--count", type=int, default=20)
        command.add_argument("--seed", type=int, default=1)
    reuse = commands.add_parser("reuse")
    reuse.add_argument("counts", nargs="*", type=int, default=[100_000, 1_000_000])
    reuse.add_argument("--plans", type=int, default=1000)
    reuse.add_argument("--seed", type=int, default=1)
    reuse.add_argument("--catalogue", default="", help="postgresql://…, empty; else SQLite")
    memory = commands.add_parser("memory")
    memory.add_argument("counts", nargs="*", type=int, default=(20, 200))
    return parser


if __name__ == "__main__":
    main()
