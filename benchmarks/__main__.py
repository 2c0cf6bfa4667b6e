"""Measures fer3d against its peers.

    python -m benchmarks                       # all comparisons, one table
    python -m benchmarks --environments peers  # with other packages, see environments.py
    python -m benchmarks relight align         # some of them
    python -m benchmarks memory --rows 4000 40000

Comparisons run ours and the peer's in turn and append one JSON line each to --out. Other entries
take options of their own: memory, store, training, training_steps, compared, near,
predict_folder, predict_video.
"""

import argparse
import importlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.pairs import Options, Record, measure
from benchmarks.standin import table

COMPARISONS = (
    "align", "align_cores", "mesh", "noise", "reconstruct", "relight", "photo", "answer", "loading"
)  # fmt: skip
OTHERS = (
    "memory",
    "store",
    "training",
    "training_steps",
    "compared",
    "near",
    "predict_folder",
    "predict_video",
)


def main() -> None:
    if len(sys.argv) > 1 and sys.argv[1] in OTHERS:
        importlib.import_module(f"benchmarks.{sys.argv.pop(1)}").main()
        return
    options = _options()
    shared = Options(options.data, options.images, options.rounds, options.environments)
    records = []
    for record in _records(options.names or COMPARISONS, shared):
        record.write(options.out)
        records.append(record)
        print(f"{record.name}: {record.ours} against {record.peer}", file=sys.stderr)
    columns = ["comparison", "peer", "unit", "ours", "peer's", "ratio"]
    print(f"Medians of {shared.rounds} rounds; {records[0].machine}\n")
    rows = [[r.name, r.against, r.unit, *map(_figure, _values(r))] for r in records]
    print(table(columns, rows))


def _records(names: Sequence[str], options: Options) -> Iterator[Record]:
    for name in names:
        for pair in importlib.import_module(f"benchmarks.{name}").pairs(options):
            yield measure(pair, options.rounds)


def _values(record: Record) -> tuple[float, float, float]:
    return record.ours, record.peer, record.ratio


def _figure(value: float) -> str:
    return f"{value:.3g}" if value < 100 else f"{value:,.0f}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="ENTRY", help=", ".join(COMPARISONS + OTHERS))
    parser.add_argument("--data", type=Path, default=Path("data"), help="outputs of `dvc repro`")
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("benchmarks.jsonl"), help="appended to")
    parser.add_argument(
        "--environments",
        type=Path,
        metavar="FOLDER",
        help="also run packages that need environments of their own, which are made in this folder",
    )
    options = parser.parse_args()
    unknown = set(options.names) - set(COMPARISONS)
    if unknown:
        parser.error(f"unknown entry {', '.join(sorted(unknown))}")
    return options


if __name__ == "__main__":
    main()
