"""Distillation: the answers of trained recognizers, the teachers, are a part of the targets.

Source: Hinton et al. 2015, "Distilling the knowledge in a neural network", section 2, with the
teachers' calibrated probabilities for the photos without augmentation.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fer3d.errors import UserError
from fer3d.files.digests import sha256_file
from fer3d.files.folders import Folders
from fer3d.training.answers import open_recognizer, predict
from fer3d.training.arrays import InputArrays
from fer3d.training.checkpoint import TrainedNetwork
from fer3d.training.data import ExpressionDataset

LARGE_BATCH = 256  # images; on a GPU a quarter of the time of ``answers.BATCH``, for many answers
SAME_INPUTS = {"features", "runtime"}  # parameters that change no input beyond its last digits


@dataclass(frozen=True)
class Lesson:
    """What a training learns from its teachers.

    Attributes:
        teachers: paths of recognizers, and the SHA-256 of their files, see ``teacher_digests``.
        share: of their mean answer in the target, 0 .. 1; label or votes have the rest.
        folders: the packed arrays of the training, from which each teacher reads what it needs.
        preprocessing: parameters of the stages that made the arrays; empty: unknown.
    """

    teachers: Mapping[str, str]
    share: float
    folders: Folders
    preprocessing: Mapping[str, Mapping[str, Any]]

    def __call__(
        self, dataset: ExpressionDataset, classes: Sequence[str], device: torch.device
    ) -> None:
        """Make the teachers' mean answer a part of the targets of training rows.

        Args:
            dataset: the rows.
            classes: in the order of the targets.
            device: of the teachers.

        Raises:
            UserError: a teacher cannot be read, has other classes or another preprocessing, does
                not fit the arrays, or its probabilities are not finite.
        """
        opened = {name: self._open(name, classes, str(device)) for name in self.teachers}
        answers = []
        for number, (name, (trained, arrays)) in enumerate(opened.items(), start=1):
            rows = ExpressionDataset(arrays, dataset.rows, classes)
            title = f"teacher {number} of {len(opened)}"
            found = predict(trained.network, rows, str(device), title=title, batch=LARGE_BATCH)
            if not np.isfinite(found).all():
                raise _problem(name, "its probabilities are not finite (NaN); leave it out")
            answers.append(found)
        dataset.add_answers(np.mean(answers, axis=0), self.share)
        opened.clear()
        if device.type == "cuda":
            torch.cuda.empty_cache()  # room for the training rows

    def _open(
        self, name: str, classes: Sequence[str], device: str
    ) -> tuple[TrainedNetwork, InputArrays]:
        try:
            trained, arrays = open_recognizer(Path(name), self.folders, device)
        except UserError as error:
            raise _problem(name, str(error)) from None
        if trained.classes != tuple(classes):
            said = f"it knows {', '.join(trained.classes)}, the training images have "
            raise _problem(name, f"{said}{', '.join(classes)}; leave it out")
        for section, key, own, other in _differences(trained, self.preprocessing):
            said = f"its {section}.{key} is {own}, that of the training images {other}"
            raise _problem(name, f"{said}; train it again with the same preprocessing")
        return trained, arrays


def teacher_digests(teachers: Sequence[str]) -> dict[str, str]:
    """SHA-256 of each teacher's file, by its path.

    Raises:
        UserError: there is no such file, or two of them are the same.
    """
    digests: dict[str, str] = {}
    for name in teachers:
        if not Path(name).is_file():
            raise _problem(
                name or "''",
                "there is no such file; copy recognizers to another folder than data/train, which "
                "DVC empties before it trains",
            )
        digest = sha256_file(Path(name))
        if digest in digests.values():
            raise _problem(name, "it is the same recognizer as another one; leave it out")
        digests[name] = digest
    return digests


def _differences(
    trained: TrainedNetwork, preprocessing: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[str, str, Any, Any]]:
    """Section, name and both values of parameters that make other inputs for a recognizer."""
    branches = set(trained.network.config.branches)
    used = {"align": True, "reconstruct": branches != {"base"}, "relight": "shading" in branches}
    for section, read in used.items():
        own, other = (all_.get(section, {}) for all_ in (trained.preprocessing, preprocessing))
        for key in sorted(own.keys() & other.keys() - SAME_INPUTS):
            if read and own[key] != other[key]:
                yield section, key, own[key], other[key]


def _problem(name: str, said: str) -> UserError:
    return UserError(f"train.teachers: {name}: {said}")
