"""Tables of the comparison: ours and the compared models on the same test images."""

from pathlib import Path
from typing import Any

from fer3d.experiments.cells import OURS, Configuration, Setup, own
from fer3d.experiments.comparisons import INTERVALS, accuracy_entries, mcnemar_entries
from fer3d.experiments.formats import ResultTable, TableEntry
from fer3d.experiments.matrix import MatrixParams, cell_folders, matrix
from fer3d.experiments.model_matrix import model_cells
from fer3d.experiments.models import ModelSetup
from fer3d.experiments.paper_tables import Scores, ablation_table, results_table, score_all
from fer3d.experiments.published import PUBLISHED
from fer3d.experiments.results import Bootstrap, CellResults, load_results, rounded
from fer3d.experiments.statistics import mcnemar
from fer3d.experiments.write import write_page
from fer3d.files.manifest import people
from fer3d.files.packed import read_manifest


def write_comparison(
    cells: Path, models: Path, images: Path, out: Path, params: MatrixParams
) -> dict[str, Any]:
    """Write the tables as Markdown and HTML (all on one page), LaTeX and CSV.

    Args:
        cells: parent of the folders of our cells.
        models: parent of the folders of the compared models' cells.
        images: packed images that include all test images, with their subjects.
        out: folder to write.
        params: which cells there are, and what to compare them with.

    Returns:
        The metrics, see ``summary``.

    Raises:
        UserError: a cell or an input is missing.
    """
    folders = cell_folders(models, model_cells(params))
    if OURS in params.experiments.models:
        folders = cell_folders(cells, matrix(params)) | folders
    results = load_results(folders, people(read_manifest(images)))
    bootstrap = Bootstrap(params.experiments.replicates)
    scores = score_all(results, bootstrap)
    tables = comparison_tables(results, scores, bootstrap, params)
    write_page(results, scores, tables, {}, out)
    return summary(results, scores, bootstrap)


def comparison_tables(
    results: CellResults, scores: Scores, bootstrap: Bootstrap, params: MatrixParams
) -> list[ResultTable]:
    """Table 2, 3 or 5 by data set, then the differences to our network and the ablation."""
    published = PUBLISHED[params.experiments.compare]
    tables = [results_table(results, published, scores)]
    ours = reference(results)
    if ours and rivals(results):
        tables += [difference_table(results, ours, bootstrap), mcnemar_table(results, ours)]
    if ours:
        tables.append(ablation_table(results, published, scores))
    return tables


def reference(results: CellResults) -> Configuration | None:
    """Our network in the comparison: the first Whole, else the last configuration of ours."""
    configurations = own(results.predicted)
    whole = [one for one in configurations if one.branches == "whole"]
    return next(iter(whole or configurations[::-1]), None)


def rivals(results: CellResults) -> list[ModelSetup]:
    """The compared models among the results."""
    return [setup for setup in results.predicted if isinstance(setup, ModelSetup)]


def difference_table(
    results: CellResults, ours: Configuration, bootstrap: Bootstrap
) -> ResultTable:
    """Accuracy of our network minus that of each compared model."""
    rows: list[list[TableEntry]] = []
    for rival in rivals(results):
        entries = accuracy_entries(results.difference(rival, ours, bootstrap))
        rows.append([rival.title, rival.preset, *entries])
    return ResultTable(
        "model-differences",
        "Our network against each model",
        f"Ours: {ours.title} ({ours.preset}). Accuracy in per cent, mean over seeds, on the same "
        "test images.",
        ("Model", "preset", "model", "ours", "ours − model"),  # noqa: RUF001
        rows,
        (INTERVALS,),
    )


def mcnemar_table(results: CellResults, ours: Configuration) -> ResultTable:
    """McNemar's test between our network and each compared model, for each seed."""
    rows: list[list[TableEntry]] = []
    for rival in rivals(results):
        both = zip(results.seeds, results.hits(ours), results.hits(rival), strict=True)
        for seed, one, other in both:
            entries = mcnemar_entries(mcnemar(one, other))
            rows.append([rival.title, rival.preset, str(seed), *entries])
    return ResultTable(
        "model-mcnemar",
        "McNemar's test, our network against each model",
        f"Ours: {ours.title} ({ours.preset}). Test images that only one of the two classified "
        "correctly.",
        ("Model", "preset", "seed", "ours alone", "model alone", "p, exact", "chi-square", "p"),
        rows,
        (
            "p, exact: two-sided binomial test. chi-square: with continuity correction, one degree "
            "of freedom. There is no correction for multiple tests.",
        ),
    )


def summary(results: CellResults, scores: Scores, bootstrap: Bootstrap) -> dict[str, Any]:
    """Summary metrics, to compare two runs.

    Returns:
        {preset: {model or branches-loss: {accuracy, low, high, class_accuracy, accuracy_std (with
        several seeds), ours_minus: {difference, low, high} (of compared models)}}}; low and high
        are the ends of the 95 % interval.
    """
    ours = reference(results)
    metrics: dict[str, Any] = {}
    for setup in scores:
        values: dict[str, Any] = _values(setup, scores)
        if ours and isinstance(setup, ModelSetup):
            difference = results.difference(setup, ours, bootstrap)
            ends = vars(difference.interval)
            values["ours_minus"] = rounded({"difference": difference.value, **ends})
        name = "-".join(list(setup.values.values())[1:])
        metrics.setdefault(setup.preset, {})[name] = values
    return metrics


def _values(setup: Setup, scores: Scores) -> dict[str, Any]:
    accuracy, class_accuracy = scores[setup]
    values = {"accuracy": accuracy.spread.mean, **vars(accuracy.interval)}
    values["class_accuracy"] = class_accuracy.spread.mean
    if accuracy.spread.std is not None:
        values["accuracy_std"] = accuracy.spread.std
    return rounded(values)
