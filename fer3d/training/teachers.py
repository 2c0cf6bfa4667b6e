"""Distillation: the answers of trained recognizers, the teachers, are a part of the targets.

Source: Hinton et al. 2015, "Distilling the knowledge in a neural network", section 2, with the
teachers' calibrated probabilities for the photos without augmentation.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from fer3d.errors import UserError
from fer3d.files.digests import sha256_file
from fer3d.files.folders import Folders
from fer3d.training.answers import open_recognizer, predict
from fer3d.training.data import ExpressionDataset

BATCH = 256  # images; a constant, because results depend on it in the last digits


def teacher_digests(teachers: Sequence[str]) -> Mapping[str, str]:
    """SHA-256 of each teacher's file, by its path.

    Raises:
        UserError: there is no such file.
    """
    for teacher in teachers:
        if not Path(teacher).is_file():
            raise UserError(
                f"train.teachers: there is no recognizer {teacher}; give paths of files that a "
                "training wrote, outside of data/train, which DVC empties before it trains"
            )
    return {teacher: sha256_file(Path(teacher)) for teacher in teachers}


def teach(
    dataset: ExpressionDataset,
    folders: Folders,
    classes: Sequence[str],
    teachers: Sequence[str],
    share: float,
    device: str = "cpu",
) -> None:
    """Make the teachers' mean answer a part of the targets of a data set.

    Args:
        dataset: training rows.
        folders: the packed arrays of the data set, from which each teacher reads what it needs.
        classes: in the order of the data set's targets.
        teachers: paths of recognizers, at least one.
        share: of the answer in the target, 0 .. 1; label or votes have the rest.
        device: of the teachers, cpu | cuda.

    Raises:
        UserError: a teacher cannot be read, has other classes, or does not fit the arrays.
    """
    answers = []
    for number, teacher in enumerate(teachers, start=1):
        trained, arrays = open_recognizer(Path(teacher), folders, device)
        if trained.classes != tuple(classes):
            raise UserError(
                f"train.teachers: {teacher} knows {', '.join(trained.classes)}, but the training "
                f"images have {', '.join(classes)}: leave it out"
            )
        rows = ExpressionDataset(arrays, dataset.rows, classes)
        title = f"teacher {number} of {len(teachers)}"
        answers.append(predict(trained.network, rows, device, title=title, batch=BATCH))
    dataset.add_answers(np.mean(answers, axis=0), share)
