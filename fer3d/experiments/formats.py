"""Tables of results as Markdown, LaTeX and CSV."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

from fer3d.evaluation.tables import markdown_table
from fer3d.experiments.statistics import Interval, Spread

UNDEFINED = "–"  # noqa: RUF001  the standard deviation of a single run
PARTS = ("", " std", " low", " high")  # columns of a value in a CSV
_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "_": r"\_",
    "#": r"\#",
    "$": r"\$",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "−": r"$-$",  # noqa: RUF001
    "–": "--",  # noqa: RUF001
    "°": r"$^\circ$",
    "<": r"$<$",
    ">": r"$>$",
    "|": r"$|$",
}


@dataclass(frozen=True)
class Value:
    """A fraction or a difference of fractions, shown in per cent: 81.60 ± 0.31 (80.10 to 83.02).

    Attributes:
        mean: 0 .. 1, or -1 .. 1 for a difference.
        std: standard deviation over runs (seeds); None for a single run.
        interval: bootstrap interval, if any.
        signed: show a plus sign before positive values.
        runs: whether the value is a mean over runs, with a standard deviation.
        decimals: number of decimals of the per cents.
    """

    mean: float
    std: float | None = None
    interval: Interval | None = None
    signed: bool = False
    runs: bool = True
    decimals: int = 2

    @classmethod
    def of(cls, spread: Spread, interval: Interval | None = None) -> "Value":
        """A mean over runs with its standard deviation."""
        return cls(spread.mean, spread.std, interval)

    def __str__(self) -> str:
        text = self._per_cent(self.mean)
        if self.runs:
            text += " ± " + (UNDEFINED if self.std is None else self._per_cent(self.std))
        if self.interval is not None:
            ends = map(self._per_cent, (self.interval.low, self.interval.high))
            text += f" ({' to '.join(ends)})"
        return text

    def _per_cent(self, share: float) -> str:
        text = f"{abs(100 * share):.{self.decimals}f}"
        if float(text) == 0:
            return text
        return ("−" if share < 0 else "+" if self.signed else "") + text  # noqa: RUF001

    @property
    def parts(self) -> list[str]:
        """Mean, std, low and high in per cent, for a CSV; "" if missing."""
        ends = (self.interval.low, self.interval.high) if self.interval else (None, None)
        values = (self.mean, self.std, *ends)
        return ["" if value is None else f"{100 * value:.4f}" for value in values]


TableEntry = str | int | Value


@dataclass(frozen=True)
class ResultTable:
    """A table, written as Markdown, LaTeX and CSV.

    Attributes:
        name: stem of its files.
        title: heading.
        caption: one or two sentences.
        header: titles of the columns.
        rows: rows of equal length; the first entry is the title of the row.
        notes: paragraphs below the table.
    """

    name: str
    title: str
    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[TableEntry]]
    notes: Sequence[str] = field(default=())


def to_markdown(table: ResultTable, notes: Sequence[str]) -> str:
    """Heading, caption, table and the given notes."""
    rows = [[_cell(entry).replace("|", r"\|") for entry in row] for row in table.rows]
    header = [title.replace("|", r"\|") for title in table.header]
    below = "".join(f"\n{note}\n" for note in notes)
    return f"## {table.title}\n\n{table.caption}\n\n{markdown_table(header, rows)}{below}"


def to_latex(table: ResultTable) -> str:
    """A LaTeX ``table`` environment; it needs the package booktabs."""
    columns = "l" + "r" * (len(table.header) - 1)
    lines = [
        r"\begin{table}",
        r"  \centering",
        rf"  \caption{{{latex(' '.join((table.caption, *table.notes)))}}}",
        rf"  \label{{tab:{table.name}}}",
        rf"  \begin{{tabular}}{{{columns}}}",
        r"    \toprule",
        f"    {' & '.join(map(latex, table.header))} " + r"\\",
        r"    \midrule",
        *(f"    {' & '.join(latex(_cell(entry)) for entry in row)} " + r"\\" for row in table.rows),
        r"    \bottomrule",
        r"  \end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def to_csv(table: ResultTable) -> str:
    """CSV; a column of values becomes four columns: mean, std, low and high, in per cent."""
    columns = list(zip(*table.rows, strict=True))
    wide = [any(isinstance(entry, Value) for entry in column) for column in columns]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    pairs = list(zip(table.header, wide, strict=True))
    writer.writerow([title + part for title, is_wide in pairs for part in PARTS[: 4**is_wide]])
    for row in table.rows:
        writer.writerow([c for e, is_wide in zip(row, wide, strict=True) for c in _csv(e, is_wide)])
    return text.getvalue()


def latex(text: str) -> str:
    """Escape the special characters of LaTeX."""
    return "".join(_LATEX.get(sign, sign) for sign in text)


def _csv(entry: TableEntry, wide: bool) -> list[str]:
    if isinstance(entry, Value):
        return entry.parts
    return [str(entry), *[""] * 3] if wide else [str(entry)]


def _cell(entry: TableEntry) -> str:
    return f"{entry:,}" if isinstance(entry, int) else str(entry)
