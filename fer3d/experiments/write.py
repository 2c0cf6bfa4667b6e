"""Writes tables, figures and metrics from the predictions of the cells."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fer3d.experiments.cells import own
from fer3d.experiments.comparisons import (
    claim_table,
    difference_table,
    group_table,
    mcnemar_table,
    pairs,
    whole_against_base,
    whole_title,
)
from fer3d.experiments.formats import ResultTable, to_csv, to_latex, to_markdown
from fer3d.experiments.groups import ALL, TURNED_NAME, Group, groups_of
from fer3d.experiments.html_page import PAGE as HTML_PAGE
from fer3d.experiments.html_page import html_page, protocol
from fer3d.experiments.matrix import MatrixParams, cell_folders, matrix
from fer3d.experiments.paper_tables import (
    Scores,
    ablation_table,
    confusion_tables,
    results_table,
    score_all,
)
from fer3d.experiments.pictures import accuracy_png, yaw_png
from fer3d.experiments.published import PUBLISHED
from fer3d.experiments.results import Bootstrap, CellResults, Difference, load_results, rounded
from fer3d.files.atomic import write_bytes, write_text
from fer3d.files.manifest import people
from fer3d.files.packed import read_manifest

PAGE = "tables.md"
HEADLINES = {ALL: "all", TURNED_NAME: "turned"}  # groups of the metrics


def write_tables(
    cells: Path, images: Path, faces: Path, out: Path, params: MatrixParams
) -> dict[str, Any]:
    """Write every table as Markdown and HTML (all on one page), LaTeX and CSV, and two figures.

    Args:
        cells: parent of the cells' folders.
        images: packed images that include all test images, with their subjects.
        faces: packed faces of the same rows, with ``reconstructed`` and ``yaw``.
        out: folder to write.
        params: which cells there are, and what to compare them with.

    Returns:
        The metrics, see ``summary``.

    Raises:
        UserError: a cell, an input or a row of ``faces`` is missing.
    """
    bootstrap = Bootstrap(params.experiments.replicates)
    results = load_results(cell_folders(cells, matrix(params)), people(read_manifest(images)))
    found = groups_of(results.ids.tolist(), images, faces)
    scores = score_all(results, bootstrap)
    tables = all_tables(results, scores, found, bootstrap, params)
    write_bytes(out / "accuracy.png", accuracy_png(scores))
    pictures = {"accuracy.png": "Accuracy by configuration"}
    if compared := whole_against_base(results):
        write_bytes(out / "yaw.png", yaw_png(results, found, bootstrap))
        pictures["yaw.png"] = f"{whole_title(compared)} minus Base by yaw"
    write_page(results, scores, tables, pictures, out)
    return summary(results, scores, found, bootstrap)


def write_page(
    results: CellResults,
    scores: Scores,
    tables: Sequence[ResultTable],
    pictures: Mapping[str, str],
    out: Path,
) -> None:
    """Write tables as CSV and LaTeX, and all of them on a page as Markdown and as HTML."""
    for table in tables:
        write_text(out / f"{table.name}.csv", to_csv(table))
        write_text(out / f"{table.name}.tex", to_latex(table))
    write_text(out / PAGE, page(results, tables, pictures))
    write_text(out / HTML_PAGE, html_page(results, scores, tables))


def all_tables(
    results: CellResults,
    scores: Scores,
    found: list[Group],
    bootstrap: Bootstrap,
    params: MatrixParams,
) -> list[ResultTable]:
    """All tables, those about the branches first."""
    published = PUBLISHED[params.experiments.compare]
    tables = [ablation_table(results, published, scores)]
    if any(pairs(results)):
        tables.append(difference_table(results, bootstrap))
    if compared := whole_against_base(results):
        tables.append(mcnemar_table(results))
        for base, whole in compared:
            tables.append(group_table(results, found, bootstrap, base, whole))
            tables.append(claim_table(results, found, bootstrap, base, whole))
    tables.append(results_table(results, published, scores))
    return tables + confusion_tables(results, published)


def page(results: CellResults, tables: Sequence[ResultTable], pictures: Mapping[str, str]) -> str:
    """A Markdown page with the figures and all tables; each note appears once."""
    start = f"# Experiments\n\n{protocol(results)}\n"
    shown = "".join(f"\n![{title}]({name})\n" for name, title in pictures.items())
    said: set[str] = set()
    text = start + shown
    for table in tables:
        text += "\n" + to_markdown(table, [note for note in table.notes if note not in said])
        said |= set(table.notes)
    return text


def summary(
    results: CellResults, scores: Scores, found: Sequence[Group], bootstrap: Bootstrap
) -> dict[str, Any]:
    """Summary metrics, to compare two runs of the matrix.

    Returns:
        {preset: {loss: {branches: {accuracy, accuracy_std (with several seeds), class_accuracy},
        whole_minus_base (or whole-vertices_minus_base): {all, turned: {difference, low,
        high}}}}}.
    """
    metrics: dict[str, Any] = {}
    for configuration in own(scores):
        accuracy, class_accuracy = scores[configuration]
        values = {"accuracy": accuracy.spread.mean, "class_accuracy": class_accuracy.spread.mean}
        if accuracy.spread.std is not None:
            values["accuracy_std"] = accuracy.spread.std
        part = metrics.setdefault(configuration.preset, {}).setdefault(configuration.loss, {})
        part[configuration.branches] = rounded(values)
    chosen = {name: group for group in found if (name := HEADLINES.get(group.name))}
    for base, whole in whole_against_base(results):
        metrics[base.preset][base.loss][f"{whole.branches}_minus_base"] = {
            name: _values(results.difference(base, whole, bootstrap, group.rows))
            for name, group in chosen.items()
        }
    return metrics


def _values(difference: Difference) -> dict[str, float]:
    interval = difference.interval
    return rounded({"difference": difference.value, "low": interval.low, "high": interval.high})
