"""Tables of the pages, for the macro ``table``."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fer3d.files.manifest import SPLITS

MOST_COLUMNS = 12  # of a table of metrics
PLAIN, BARS, HEAT = "plain", "bars", "heat"  # how the shares of a table's cells are drawn


@dataclass(frozen=True)
class TableCell:
    """A cell of a table.

    Attributes:
        text: what it says.
        share: 0 .. 1, drawn as a bar or as the strength of the background.
        ends: 0 .. 1, lower and upper end of the share's interval.
        note: in small print below the text.
    """

    text: str
    share: float | None = None
    ends: tuple[float, float] | None = None
    note: str = ""


TableRow = tuple[str, Sequence[TableCell]]  # title of the row, and its other cells


@dataclass(frozen=True)
class Table:
    """A table that can be sorted by each column.

    Attributes:
        title: caption.
        header: titles of the columns.
        rows: rows of the same length.
        foot: rows that stay below the others.
        style: ``PLAIN``, ``BARS`` or ``HEAT``.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[TableRow]
    foot: Sequence[TableRow] = ()
    style: str = PLAIN


def row(title: str, texts: Iterable[str]) -> TableRow:
    """A row of plain cells."""
    return title, [TableCell(text) for text in texts]


def counts_table(metrics: Mapping[str, Any]) -> Table:
    """Images per class after each stage that changes them, as in the tables of paper B.

    Args:
        metrics: metrics by stage; stages may be missing.
    """
    steps = {
        "ingested": metrics.get("ingest", {}).get("per_class"),
        "without copies": metrics.get("deduplicate", {}).get("after"),
        **{name: metrics.get("split", {}).get(name) for name in SPLITS},
        "train, balanced": metrics.get("balance", {}).get("after"),
    }
    counts = {title: values for title, values in steps.items() if values}
    largest = max((value for values in counts.values() for value in values.values()), default=1)
    rows = []
    for name in sorted({name for values in counts.values() for name in values}):
        images = [values.get(name, 0) for values in counts.values()]
        rows.append((name, [TableCell(text(count), count / max(largest, 1)) for count in images]))
    total = row("all", [text(sum(values.values())) for values in counts.values()])
    return Table("Images by class", ["class", *counts], rows, [total], BARS)


ACCURACY3D = {  # metrics by bin of the true yaw: title, and keys of the number in each bin
    "images_by_yaw": ("faces", ()),
    "vertex_error_percent": ("vertices, %", ()),
    "mesh_landmark_nme_percent": ("68 points of the mesh, %", ()),
    "landmark_nme_percent": ("68 points for the landmark branch, %", ()),
    "rotation_deg": ("rotation, median, degrees", ("median",)),
    "visibility_iou": ("visibility, IoU", ()),
}


def accuracy3d_table(metrics: Mapping[str, Any]) -> Table | None:
    """Errors of the 3D faces by true yaw; None if the images have no ground truth.

    Args:
        metrics: metrics of the stage accuracy3d.
    """
    known = {name: metrics[name] for name in ACCURACY3D if name in metrics}
    if "images_by_yaw" not in known:
        return None
    rows = [
        row(f"{bin_}°", [text(_inner(known[key][bin_], ACCURACY3D[key][1])) for key in known])
        for bin_ in known["images_by_yaw"]
    ]
    header = ["yaw", *(ACCURACY3D[name][0] for name in known)]
    return Table("Errors by yaw", header, rows)


def metrics_tables(metrics: Mapping[str, Any], title: str = "") -> list[Table]:
    """A nested metrics file as flat tables.

    Numbers are a table; mappings of numbers with the same keys are the columns of one table;
    {a: {b: {c: 1}}} becomes table a, row b, column c.

    Args:
        metrics: a metrics file or a part of it.
        title: of the tables.
    """
    scalars = {name: value for name, value in metrics.items() if not isinstance(value, Mapping)}
    tables = [_columns({"value": scalars}, title, "metric")] if scalars else []
    alike: dict[tuple[str, ...], dict[str, Mapping[str, Any]]] = {}
    for name, value in metrics.items():
        if isinstance(value, Mapping) and value and not _nested(value):
            alike.setdefault(tuple(value), {})[name] = value
    for columns in alike.values():
        only = next(iter(columns)) if len(columns) == 1 else None
        part = columns if only is None else {"value": columns[only]}
        tables.append(_columns(part, _joined(title, only)))
    for name, value in metrics.items():
        if isinstance(value, Mapping) and _nested(value):
            rows = {key: _leaves(part) for key, part in value.items()}
            if _is_matrix(rows):
                tables.append(_matrix(rows, _joined(title, name)))
            else:
                tables += metrics_tables(value, _joined(title, name))
    return tables


def text(value: object) -> str:
    """A metrics value as text for the page."""
    if value is None:
        return "none"
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _inner(value: Any, path: Sequence[str]) -> Any:
    for name in path:
        value = value[name]
    return value


def _nested(value: Mapping[str, Any]) -> bool:
    return any(isinstance(inner, Mapping) for inner in value.values())


def _leaves(value: Any) -> dict[str, Any]:
    """{a: {b: 1}} as {"a b": 1}; a number has no leaves."""
    if not isinstance(value, Mapping):
        return {}
    found = {}
    for name, inner in value.items():
        parts = _leaves(inner) if isinstance(inner, Mapping) else {"": inner}
        found.update({f"{name} {key}".strip(): leaf for key, leaf in parts.items()})
    return found


def _is_matrix(rows: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether there are at most ``MOST_COLUMNS``, the same in every row."""
    names = [list(row) for row in rows.values()]
    return 0 < len(names[0]) <= MOST_COLUMNS and all(row == names[0] for row in names)


def _columns(columns: Mapping[str, Mapping[str, Any]], title: str, first: str = "group") -> Table:
    """{column: {row: number}} as a table."""
    names = next(iter(columns.values()))
    rows = {name: {key: column[name] for key, column in columns.items()} for name in names}
    return _matrix(rows, title, first)


def _matrix(values: Mapping[str, Mapping[str, Any]], title: str, first: str = "group") -> Table:
    """{row: {column: number}} as a table; a last row ``all`` stays below the others."""
    columns = [_words(name) for name in next(iter(values.values()))]
    rows = [row(_words(name), map(text, cells.values())) for name, cells in values.items()]
    split = -1 if len(rows) > 1 and rows[-1][0] == "all" else len(rows)
    return Table(title, [first, *columns], rows[:split], rows[split:])


def _joined(title: str, name: str | None) -> str:
    return ": ".join(filter(None, (title, _words(name or ""))))


def _words(name: str) -> str:
    return name.replace("_", " ")
