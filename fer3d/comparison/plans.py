"""Training plans of the models: sequences of steps, an SVM, choices.

A plan takes a new network and the steps, and returns the trained network and its choices.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torchmetrics.functional.classification import multiclass_f1_score

from fer3d.comparison.step_data import folds
from fer3d.comparison.steps import Steps
from fer3d.comparison.svm import fit_svm
from fer3d.errors import UserError
from fer3d.networks.compared.contract import ComparedNetwork
from fer3d.networks.compared.fabian2016 import Fabian2016
from fer3d.networks.compared.jung2015 import Jung2015
from fer3d.networks.compared.li2017 import Li2017
from fer3d.networks.compared.zeng2018 import Zeng2018
from fer3d.networks.compared.zhang2017 import Zhang2017, fuse
from fer3d.training.arrays import draw
from fer3d.training.course import DECIMALS

Plan = Callable[[Any, Steps], tuple[ComparedNetwork, dict[str, Any]]]

FUSION_WEIGHTS = tuple(number / 10 for number in range(11))  # Zhang-2017, chosen by validation
ORIENTATIONS = (4, 6, 8, 10)  # Fabian-2016, of the Gabor filters, chosen by cross validation
FOLDS = 5  # of that cross validation
CHOOSING_FACES = 2000  # in it, at most; all would take an hour
KERNEL_FACES = 10_000  # Fabian-2016, training faces at most; the kernel needs 8 bytes per pair


def train_once(network: ComparedNetwork, steps: Steps) -> tuple[ComparedNetwork, dict[str, Any]]:
    """The plan of models with one network and one objective."""
    steps.train("network", network)
    return network, {}


def train_li2017(network: Li2017, steps: Steps) -> tuple[Li2017, dict[str, Any]]:
    """The network, then a linear SVM on its features, which is used for classification."""
    steps.train("network", network)
    softmax = steps.probabilities(network, steps.validation)
    features = steps.outputs(network, lambda image, **_: network.features(image), steps.rows)
    weight, bias, cost = fit_svm(
        features,
        steps.labels(steps.rows),
        len(steps.classes),
        owners=steps.groups(steps.rows),
        balanced=steps.setting.preset == "recommended",
        seed=steps.setting.train.seed,
    )
    network.use_svm(weight, bias)
    svm = steps.probabilities(network, steps.validation)
    truth = steps.labels(steps.validation)
    scores = {"softmax": macro_f1(softmax, truth), "svm": macro_f1(svm, truth)}
    return network, {"svm_cost": cost, "validation_macro_f1": scores}


def train_jung2015(network: Jung2015, steps: Steps) -> tuple[Jung2015, dict[str, Any]]:
    """Both networks separately, then their top layers jointly."""
    steps.train("dtan", network.dtan)
    steps.train("dtgn", network.dtgn)
    network.freeze_below_the_tops()
    steps.train("joint", network)
    return network, {}


def train_zhang2017(network: Zhang2017, steps: Steps) -> tuple[Zhang2017, dict[str, Any]]:
    """Both networks separately, then the weight of their probabilities by validation macro F1."""
    steps.train("phrnn", network.phrnn)
    steps.train("mscnn", network.mscnn)
    by_points = steps.probabilities(network.phrnn, steps.validation)
    by_image = steps.probabilities(network.mscnn, steps.validation)
    truth = steps.labels(steps.validation)
    scores = {w: macro_f1(fuse(by_points, by_image, w), truth) for w in FUSION_WEIGHTS}
    best = max(scores, key=lambda w: (scores[w], -abs(w - 0.5)))  # equal scores: nearest to 0.5
    network.fusion_weight.fill_(best)
    return network, {"fusion_weight": best}


def train_zeng2018(network: Zeng2018, steps: Steps) -> tuple[Zeng2018, dict[str, Any]]:
    """A base network; one on each half of the images, to label the other half; the latent truth."""
    halves = {name: network.base.untrained() for name in ("first-half", "second-half")}
    steps.train("base", network.base)
    labels = steps.labels(steps.rows)
    parts = folds(labels, steps.groups(steps.rows), 2, steps.setting.train.seed)
    machine = torch.empty_like(labels)
    for (name, half), own, other in zip(halves.items(), parts, parts[::-1], strict=True):
        half.standardize_as(network.base)
        steps.train(name, half, rows=steps.rows[own])
        machine[other] = steps.probabilities(half, steps.rows[other]).argmax(dim=1)
    network.base.freeze_first_convolutions()
    steps.train("latent-truth", network, machine=machine)
    agreed = (machine == labels).double().mean().item()
    return network, {"machine_labels_agreed": round(agreed, DECIMALS)}


def train_fabian2016(network: Fabian2016, steps: Steps) -> tuple[Fabian2016, dict[str, Any]]:
    """The number of orientations by cross validation, then one discriminant analysis.

    Raises:
        UserError: no landmarks, or too few faces for the cross validation.
    """
    seed = steps.setting.train.seed
    rows = steps.rows[steps.have_landmarks(steps.rows)]
    if not len(rows):
        raise UserError(
            f"fabian-2016 learns from landmarks, but none of {len(steps.rows)} training faces was "
            "reconstructed: see metrics/reconstruct.json"
        )
    rows = draw(rows, steps.labels(rows).numpy(), KERNEL_FACES, seed)
    few = draw(rows, steps.labels(rows).numpy(), CHOOSING_FACES, seed)
    scores = {count: _cross_validated(steps, few, count) for count in ORIENTATIONS}
    network = Fabian2016(len(steps.classes), orientations=max(ORIENTATIONS, key=scores.__getitem__))
    features = _measured(network, steps, rows)
    network.fit(features, steps.labels(rows))
    samples, _, subclasses = network.discriminant.shape
    return network, {
        "orientations": network.orientations,
        "cross_validated_macro_f1": {str(count): score for count, score in scores.items()},
        "kernel_scale": round(float(network.discriminant.scale), DECIMALS),
        "subclasses": subclasses,
        "faces": samples,
    }


def macro_f1(probabilities: Tensor, labels: Tensor) -> float:
    """Macro F1 of the most probable classes, 0 .. 1."""
    score = multiclass_f1_score(probabilities, labels, probabilities.shape[1], average="macro")
    return round(float(score), DECIMALS)


def _measured(network: Fabian2016, steps: Steps, rows: np.ndarray) -> Tensor:
    """Features of rows, (N, D); sets the triangles of the network by their mean shape."""
    landmarks = [inputs["landmarks"].cpu() for inputs in steps.inputs(rows)]
    network.triangulate(torch.cat(landmarks))

    def features(image: Tensor, landmarks: Tensor, **_: Tensor) -> Tensor:
        return network.features(image, landmarks)

    return steps.outputs(network, features, rows)


def _cross_validated(steps: Steps, rows: np.ndarray, orientations: int) -> float:
    """Macro F1 of the held-out faces of all folds."""
    network = Fabian2016(len(steps.classes), orientations=orientations)
    features, labels = _measured(network, steps, rows), steps.labels(rows)
    scores = torch.zeros(len(rows), len(steps.classes))
    for held in folds(labels, steps.groups(rows), FOLDS, steps.setting.train.seed):
        others = np.setdiff1d(np.arange(len(rows)), held)
        network.fit(features[others], labels[others])
        scores[held] = network.scores(features[held])
    return macro_f1(scores.softmax(dim=1), labels)
