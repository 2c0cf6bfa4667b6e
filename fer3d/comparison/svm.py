"""A linear multi-class SVM on the features of a network."""

import numpy as np
import torch
from sklearn.model_selection import GridSearchCV
from sklearn.svm import LinearSVC
from torch import Tensor

from fer3d.comparison.step_data import folds

COSTS = (0.001, 0.01, 0.1, 1.0, 10.0)  # of the SVM, for features of unit length on average
FOLDS = 5
CHOOSING_IMAGES = 2000  # in the choice of the cost, at most
MAX_ITERATIONS = 2000


def fit_svm(
    features: Tensor,
    labels: Tensor,
    classes: int,
    *,
    owners: np.ndarray,
    balanced: bool,
    seed: int,
) -> tuple[Tensor, Tensor, float]:
    """Fit a one-vs-rest SVM; its cost is chosen by cross validation on the training features.

    Args:
        features: (N, D) float32.
        labels: (N,) int64, 0 .. C - 1.
        classes: C.
        owners: (N,), images of one owner are in the same fold, see ``step_data.groups``.
        balanced: weight images inversely to the size of their class.
        seed: for the images in the choice of the cost, and for the folds.

    Returns:
        Weight (C, D) and bias (C,), float32, and the cost. Classes without images are never
        predicted.

    Raises:
        UserError: fewer owners, or fewer images of every class, than folds of the cross validation.
    """
    length = features.double().square().sum(dim=1).mean().sqrt().clamp_min(1e-12)
    samples, targets = (features.double() / length).numpy(), labels.numpy()
    svm = LinearSVC(dual=False, class_weight="balanced" if balanced else None)
    svm.set_params(max_iter=MAX_ITERATIONS, C=_cost(svm, samples, targets, owners, seed))
    svm.fit(samples, targets)
    weight = torch.zeros(classes, features.shape[1])
    bias = torch.full((classes,), -torch.inf)
    coefficients, offsets = svm.coef_ / length.item(), svm.intercept_
    if len(svm.classes_) == 2:  # scikit-learn then only has the SVM of the second class
        coefficients, offsets = np.vstack([-coefficients, coefficients]), np.r_[-offsets, offsets]
    weight[svm.classes_] = torch.from_numpy(coefficients).float()
    bias[svm.classes_] = torch.from_numpy(offsets).float()
    return weight, bias, float(svm.C)


def _cost(
    svm: LinearSVC, samples: np.ndarray, targets: np.ndarray, owners: np.ndarray, seed: int
) -> float:
    chosen = np.random.default_rng(seed).permutation(len(samples))[:CHOOSING_IMAGES]
    held = folds(torch.from_numpy(targets[chosen]), owners[chosen], FOLDS, seed)
    every = np.arange(len(chosen))
    parts = [(np.setdiff1d(every, part), part) for part in held]
    search = GridSearchCV(svm, {"C": COSTS}, cv=parts, scoring="f1_macro", refit=False)
    return search.fit(samples[chosen], targets[chosen]).best_params_["C"]
