"""Tables 2, 4 and 6 of the paper, with the results of the experiments."""

from collections.abc import Mapping, Sequence

import numpy as np

from fer3d.evaluation.plots import row_shares
from fer3d.experiments.cells import BRANCHES, TITLES, Configuration, Setup, own
from fer3d.experiments.formats import ResultTable, TableEntry, Value
from fer3d.experiments.published import ABBREVIATIONS, Published
from fer3d.experiments.results import Bootstrap, CellResults, Score
from fer3d.experiments.statistics import spread

BLANK = ""
RUNS = (
    "Values are per cent: mean ± standard deviation over {runs}, and in parentheses the 95 % "
    "bootstrap interval."
)


Scores = Mapping[Setup, tuple[Score, Score]]  # accuracy, class accuracy


def score_all(results: CellResults, bootstrap: Bootstrap) -> Scores:
    """Accuracy and class accuracy of every configuration."""
    return {
        configuration: (
            results.accuracy(configuration, bootstrap),
            results.class_accuracy(configuration, bootstrap),
        )
        for configuration in results.predicted
    }


def results_table(results: CellResults, published: Published, scores: Scores) -> ResultTable:
    """Table 2 (3 and 5 for the other data sets): recall of each class, accuracy, class accuracy.

    Args:
        published: published figures, which come first.
        scores: returned by ``score_all``.
    """
    classes = _columns(results, published)
    rows = [
        [f"{name}, published", published.name, *_published_row(values, published, classes)]
        for name, values in published.models.items()
    ]
    for configuration in results.predicted:
        recalls = results.recalls(configuration)
        of_class = {name: _recall(recalls[:, code]) for code, name in enumerate(results.classes)}
        rows.append(
            [
                _row_title(configuration, results),
                "these images",
                *(of_class.get(name, BLANK) for name in classes),
                *map(_value, scores[configuration]),
            ]
        )
    return ResultTable(
        f"table{published.table}",
        "Results by class",
        f"In the layout of table {published.table} of Bao et al. 2019. " + _explanation(results),
        ("Model", "Data", *map(abbreviation, classes), "Acc", "C-Acc"),
        rows,
        (published_note(published), abbreviations_note(classes)),
    )


def confusion_tables(results: CellResults, published: Published) -> list[ResultTable]:
    """Table 4: the confusion matrix of each whole network, and the published one."""
    tables = []
    for configuration in own(results.predicted):
        if configuration.branches == "whole":
            shares = np.stack([row_shares(one) for one in results.confusions(configuration)])
            tables.append(_confusion(configuration, results, shares))
    if published.confusion:
        tables.append(_published_confusion(published))
    return tables


def ablation_table(results: CellResults, published: Published, scores: Scores) -> ResultTable:
    """Table 6: each set of branches, preset and loss, beside the published figures."""
    named = (f"{published.name}, published: {score}" for score in ("Acc", "C-Acc"))
    trainings = dict.fromkeys((c.preset, c.loss) for c in own(results.predicted))
    present = [name for name in BRANCHES if any(c.branches == name for c in own(results.predicted))]
    header = ["Model", *named]
    for preset, loss in trainings:
        header += [f"{preset}, {TITLES[loss]}: {score}" for score in ("Acc", "C-Acc")]
    rows = []
    for branches in present:
        printed = published.ablation.get(branches, ())  # without the project's own branches
        row: list[TableEntry] = [TITLES[branches], *_per_cents(printed, 2)]
        for preset, loss in trainings:
            row += map(_value, scores[Configuration(preset, branches, loss)])
        rows.append(row)
    return ResultTable(
        "table6",
        "Ablation",
        "Contribution of the branches, in the layout of table 6 of Bao et al. 2019. "
        + _explanation(results),
        header,
        rows,
        (published_note(published),),
    )


def published_note(published: Published) -> str:
    """A note that explains the published figures."""
    return (
        f"Published: as printed by Bao et al. 2019 for {published.name} ({published.test}), single "
        "figures without standard deviations. They were measured on other images, so differences "
        "to the rows of these images prove nothing."
    )


def abbreviation(name: str) -> str:
    """Abbreviation of a class for narrow columns: the paper's, else the name."""
    return ABBREVIATIONS.get(name, name)


def abbreviations_note(classes: Sequence[str]) -> str:
    """A note that explains the abbreviations."""
    pairs = (f"{ABBREVIATIONS[name]} {name}" for name in classes if name in ABBREVIATIONS)
    return "; ".join((*pairs, "Acc accuracy", "C-Acc class accuracy, the mean recall")) + "."


def _explanation(results: CellResults) -> str:
    seeds, folds = len(results.seeds), results.folds
    runs = f"{seeds} seed{'s' * (seeds > 1)}"
    if folds > 1:
        runs += f", images of {folds} folds pooled"
    return RUNS.format(runs=runs)


def _row_title(configuration: Setup, results: CellResults) -> str:
    presets = {c.preset for c in results.predicted}
    suffix = f" ({configuration.preset})" if len(presets) > 1 else ""
    return configuration.title + suffix


def _columns(results: CellResults, published: Published) -> list[str]:
    both = {*results.classes, *published.classes}
    return [name for name in ABBREVIATIONS if name in both] + [
        name for name in results.classes if name not in ABBREVIATIONS
    ]


def _published_row(
    values: Sequence[float], published: Published, classes: Sequence[str]
) -> list[TableEntry]:
    count = len(published.classes)
    recalls = dict(zip(published.classes, _per_cents(values[:count], count), strict=True))
    return [*(recalls.get(name, BLANK) for name in classes), *_per_cents(values[count:], 2)]


def _per_cents(values: Sequence[float], count: int, decimals: int = 2) -> list[TableEntry]:
    entries: list[TableEntry] = [
        Value(value / 100, runs=False, decimals=decimals) for value in values
    ]
    return entries + [BLANK] * (count - len(entries))


def _recall(values: np.ndarray) -> TableEntry:
    there = values[~np.isnan(values)]
    return Value.of(spread(there)) if len(there) else BLANK


def _value(score: Score) -> Value:
    return Value.of(score.spread, score.interval)


def _confusion(
    configuration: Configuration, results: CellResults, shares: np.ndarray
) -> ResultTable:
    runs = "one seed"
    if len(results.seeds) > 1:
        runs = f"mean ± standard deviation over {len(results.seeds)} seeds"
    return ResultTable(
        f"table4-{configuration.preset}-{configuration.loss}",
        f"Confusion: {configuration.title} ({configuration.preset})",
        "In the layout of table 4 of Bao et al. 2019: per cent of the true class, "
        f"{runs}. Rows are true classes, columns predicted ones.",
        ("", *map(abbreviation, results.classes)),
        [
            [abbreviation(name), *(Value.of(spread(values)) for values in row)]
            for name, row in zip(results.classes, shares.transpose(1, 2, 0), strict=True)
        ],
    )


def _published_confusion(published: Published) -> ResultTable:
    return ResultTable(
        "table4-published",
        "Confusion, published",
        f"Confusion of the whole network on {published.name}, as published by Bao et al. 2019.",
        ("", *map(abbreviation, published.classes)),
        [
            [abbreviation(name), *_per_cents(row, len(row), decimals=1)]
            for name, row in zip(published.classes, published.confusion, strict=True)
        ],
        (published_note(published),),
    )
