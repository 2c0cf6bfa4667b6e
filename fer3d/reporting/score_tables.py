"""Tables of scores by class and of confusions."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fer3d.evaluation.intervals import share_interval
from fer3d.evaluation.plots import row_shares
from fer3d.evaluation.scores import MEANS
from fer3d.evaluation.tables import OVERALL, images_of
from fer3d.reporting.page_tables import BARS, HEAT, Table, TableCell, row, text


def scores_table(evaluation: Mapping[str, Any], split: str) -> Table:
    """Scores of each class; recall, a proportion of the class's images, with its interval.

    Args:
        evaluation: metrics of one split.
        split: its name.
    """
    rows = []
    for name, values in evaluation["per_class"].items():
        support, recall = values["support"], values["recall"]
        ends = share_interval(recall, support) if support else None
        note = f"{ends[0]:.2f} to {ends[1]:.2f}" if ends else ""
        cells = [
            TableCell(f"{values['precision']:.3f}"),
            TableCell(f"{recall:.3f}", recall, ends, note),
            TableCell(f"{values['f1']:.3f}"),
            TableCell(text(support)),
        ]
        rows.append((name, cells))
    header = ["class", "precision", "recall, 95 % interval", "F1", "images"]
    return Table(f"Scores by class, {split}", header, rows, style=BARS)


def reconstructed_table(evaluations: Mapping[str, Any]) -> Table:
    """Scores of all images beside those of the images with a 3D face alone.

    Args:
        evaluations: metrics of ``evaluate``, by split.
    """
    rows = []
    for split, evaluation in evaluations.items():
        parts = {
            f"{split}, all": evaluation | {"images": images_of(evaluation)},
            f"{split}, with a 3D face": evaluation["reconstructed"],
        }
        for title, part in parts.items():
            scores = ["" if part[name] is None else f"{part[name]:.3f}" for name in MEANS]
            rows.append(row(title, [*scores, text(part["images"])]))
    header = ["images", *(OVERALL[name] for name in MEANS), "number"]
    return Table("All images, and those with a reconstructed 3D face", header, rows)


def confusion_table(confusion: np.ndarray, classes: Sequence[str], split: str) -> Table:
    """A confusion matrix in per cent of the true class.

    Args:
        confusion: (C, C) int; rows are true classes, columns predicted ones.
        classes: names of the C classes.
        split: its name.
    """
    rows = []
    for name, counts, shares in zip(
        classes, confusion.tolist(), row_shares(confusion).tolist(), strict=True
    ):
        pairs = zip(counts, shares, strict=True)
        cells = [TableCell(f"{100 * share:.1f}", share, note=text(count)) for count, share in pairs]
        rows.append((name, cells))
    title = f"Confusion, {split}: per cent of the true class, and images"
    return Table(title, ["true class", *classes], rows, style=HEAT)
