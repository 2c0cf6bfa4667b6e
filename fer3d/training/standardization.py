"""Standardization of a network's inputs by its training images."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from fer3d.networks.branches.landmark import landmark_features
from fer3d.networks.branches.standardized import StandardizedBranch
from fer3d.networks.fusion import FusionNetwork
from fer3d.training.data import ExpressionDataset

PART = 4096  # faces at a time


def standardize(network: FusionNetwork, dataset: ExpressionDataset) -> None:
    """Set means and spreads of the branches that standardize their input.

    Args:
        network: the network.
        dataset: the training images.
    """
    scales: dict[str, Callable[[], tuple[Tensor, Tensor]]] = {
        "landmark": lambda: landmark_scale(dataset),
        "vertices": lambda: scale_of(lambda: dataset.found("vertices", PART)),
        "features": lambda: scale_of(
            lambda: (both.flatten(0, 1) for both in dataset.found("features", PART))
        ),
    }
    for name, branch in network.branches.items():
        if isinstance(branch, StandardizedBranch):
            branch.standardize_by(*scales[name]())


def landmark_scale(dataset: ExpressionDataset) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each landmark distance over the reconstructed faces.

    Returns:
        Two tensors (2278,) float32; 0 and 1 if no face was reconstructed.
    """
    points, found = dataset.landmarks()
    points = points[found]
    if not len(points):
        width = landmark_features(torch.zeros(1, 68, 2)).shape[-1]
        return torch.zeros(width), torch.ones(width)
    total = square = torch.zeros((), dtype=torch.float64)
    for part in points.split(PART):
        features = landmark_features(part).double()
        total, square = total + features.sum(0), square + (features**2).sum(0)
    mean = total / len(points)
    return mean.float(), (square / len(points) - mean**2).clamp_min(0).sqrt().float()


def scale_of(parts: Callable[[], Iterator[Tensor]]) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation over the rows of an array that is read in parts, twice.

    Args:
        parts: the array, parts (M, ...) float16 or float32; one at least, which may be empty.

    Returns:
        Two tensors (...) float32; 0 and 1 without any row.
    """
    count, total = 0, torch.zeros((), dtype=torch.float64)
    for part in parts():
        count, total = count + len(part), total + part.sum(dim=0, dtype=torch.float64)
    if not count:
        return total.float(), torch.ones_like(total).float()
    mean = total / count
    square = torch.zeros_like(mean)
    for part in parts():
        square += ((part - mean) ** 2).sum(dim=0)
    return mean.float(), (square / count).sqrt().float()
