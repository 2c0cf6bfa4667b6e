"""The evaluation table, for the terminal and for Markdown."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer3d.errors import UserError
from fer3d.evaluation.scores import MEANS

if TYPE_CHECKING:
    from rich.table import Table

OVERALL = {
    "accuracy": "accuracy",
    "class_accuracy": "class accuracy",
    "macro_f1": "macro F1",
    "calibration_error": "calibration error",
}
PARTS = {  # scores of some of the images, and their titles
    "reconstructed": {name: f"{OVERALL[name]}, 3D" for name in MEANS},  # with a 3D face
    "votes": {"agreement": "share of the votes", "cross_entropy": "cross entropy, votes"},
}
BY_CLASS = ("precision", "recall", "f1", "support")


def read_metrics(path: Path) -> dict[str, Any]:
    """Read the metrics file of a stage.

    Raises:
        UserError: the file is missing or not valid JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} is missing: run `dvc repro` to make it") from None
    except json.JSONDecodeError as error:
        raise UserError(f"{path} is not valid JSON ({error}): delete it and run again") from None


def read_evaluation(path: Path) -> dict[str, Any]:
    """Read the metrics of the stage `evaluate`, by split.

    Raises:
        UserError: the file is missing, not valid JSON, or another file.
    """
    metrics = read_metrics(path)
    parts = list(metrics.values()) if isinstance(metrics, dict) else []
    if not parts or not all(isinstance(part, dict) and "per_class" in part for part in parts):
        raise UserError(f"{path} is not a metrics file of the stage `evaluate`")
    return metrics


def evaluation_rows(metrics: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Header and rows of the evaluation table: one row per class, then the means.

    Args:
        metrics: returned by ``evaluate``.
    """
    header = ["class", *(f"{split} {name}" for split in metrics for name in BY_CLASS)]
    classes = next(iter(metrics.values()))["per_class"]
    rows = [
        [
            name,
            *(_cell(part["per_class"][name][key]) for part in metrics.values() for key in BY_CLASS),
        ]
        for name in classes
    ]
    for key, title in OVERALL.items():
        means = [["", "", _cell(part[key]), str(images_of(part))] for part in metrics.values()]
        rows.append([title, *(cell for cells in means for cell in cells)])
    for part_name, titles in PARTS.items():
        chosen = _parts(metrics.values(), part_name)
        for key, title in titles.items() if chosen else ():
            means = [["", "", _cell(part[key]), str(part["images"])] for part in chosen]
            rows.append([title, *(cell for cells in means for cell in cells)])
    return header, rows


def evaluation_table(metrics: Mapping[str, Any]) -> "Table":
    """The evaluation as a rich table of 80 columns: scores of the last split, F1 of the others."""
    from rich.table import Table

    *others, judged = metrics
    table = Table(title=f"Evaluation, {judged} images", header_style="bold")
    table.add_column("class", no_wrap=True)
    for title in ("precision", "recall", "F1", "images", *(f"F1, {split}" for split in others)):
        table.add_column(title, justify="right", no_wrap=True)
    parts = [metrics[split] for split in (judged, *others)]
    for name, values in parts[0]["per_class"].items():
        f1s = [_cell(part["per_class"][name]["f1"]) for part in parts[1:]]
        table.add_row(name, *(_cell(values[key]) for key in BY_CLASS), *f1s)
    table.add_section()
    for key, title in OVERALL.items():
        means = [_cell(part[key]) for part in parts]
        table.add_row(title, "", "", means[0], str(images_of(parts[0])), *means[1:])
    for part_name, titles in PARTS.items():
        chosen = _parts(parts, part_name)
        if chosen:
            table.add_section()
        for key, title in titles.items() if chosen else ():
            means = [_cell(part[key]) for part in chosen]
            table.add_row(title, "", "", means[0], str(chosen[0]["images"]), *means[1:])
    return table


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table with the first column left-aligned and the others right-aligned."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def evaluation_markdown(metrics: Mapping[str, Any]) -> str:
    """The evaluation as a Markdown table."""
    return markdown_table(*evaluation_rows(metrics))


def _parts(splits: Iterable[Mapping[str, Any]], name: str) -> list[Mapping[str, Any]]:
    """The scores of some of the images; none without votes or in metrics of earlier versions."""
    return [metrics[name] for metrics in splits if name in metrics]


def _cell(value: float | None) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def images_of(part: Mapping[str, Any]) -> int:
    """Number of images of a split's metrics."""
    return sum(values["support"] for values in part["per_class"].values())
