"""The results of the experiments as an HTML page: bars with intervals, and all tables."""

from collections.abc import Sequence
from typing import Any

from fer3d.experiments.formats import UNDEFINED, ResultTable, TableEntry, Value
from fer3d.experiments.paper_tables import Scores
from fer3d.experiments.results import CellResults, Score
from fer3d.reporting.page_tables import BARS, Table, TableCell, TableRow, row, text
from fer3d.reporting.templates import template

CORNER = "true class"  # header of the row titles of a confusion matrix
PAGE, TEMPLATE = "experiments.html", "experiments.html.j2"


def html_page(results: CellResults, scores: Scores, tables: Sequence[ResultTable]) -> str:
    """The page; equal inputs give equal bytes.

    Args:
        results: predictions of all cells.
        scores: returned by ``score_all``.
        tables: shown below the bars; each note appears once.
    """
    said: set[str] = set()
    parts: list[dict[str, Any]] = []
    for table in tables:
        notes = [note for note in table.notes if note not in said]
        said.update(notes)
        header = [title or CORNER for title in table.header]
        shown = Table(table.title, header, [_row(entries) for entries in table.rows])
        parts.append({"id": table.name, "table": shown, "caption": table.caption, "notes": notes})
    return template(TEMPLATE).render(
        protocol=protocol(results), bars=bars_table(scores), tables=parts
    )


def protocol(results: CellResults) -> str:
    """How the networks were tested."""
    several = results.folds > 1
    folds = f"{results.folds} folds of a cross validation" if several else "one test set"
    return (
        f"{len(results.ids):,} test images, {folds}, seeds "
        f"{', '.join(map(str, results.seeds))}. Epochs were chosen on validation images, which "
        "come from the training images; every network saw its test images once."
    )


def bars_table(scores: Scores) -> Table:
    """Accuracy and class accuracy of every setup, as bars with intervals."""
    presets = {setup.preset for setup in scores}
    rows = []
    for setup, values in scores.items():
        preset = f" ({setup.preset})" if len(presets) > 1 else ""
        rows.append((setup.title + preset, [_bar(score) for score in values]))
    header = ["network", "accuracy, %", "class accuracy, %"]
    return Table("Accuracy by network", header, rows, style=BARS)


def _bar(score: Score) -> TableCell:
    ends = (score.interval.low, score.interval.high)
    note = f"({100 * ends[0]:.2f} to {100 * ends[1]:.2f})"
    return TableCell(str(Value.of(score.spread)), score.spread.mean, ends, note)


def _row(entries: Sequence[TableEntry]) -> TableRow:
    texts = [text(entry) if isinstance(entry, int) else str(entry) for entry in entries]
    return row(texts[0] or UNDEFINED, texts[1:])
