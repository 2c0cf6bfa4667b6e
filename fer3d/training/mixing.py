"""Cut-mix and mix-up: training faces that are made of two, with the expressions of both."""

import math

import torch
from torch import Tensor

from fer3d.training.augment import rectangles, uniform, wide

PIXELS = ("image", "shading")
OTHERS = ("landmarks", "vertices", "features")


def mix(
    inputs: dict[str, Tensor],
    targets: Tensor,
    generator: torch.Generator,
    *,
    cut_mix: float,
    mix_up: float,
) -> tuple[dict[str, Tensor], Tensor]:
    """Mix random faces of a batch with the face before them; batches are in random order.

    Cut-mix replaces a rectangle of photo and shading image by that of the other face; the rectangle
    before clipping has a share of the image that is uniformly distributed. Mix-up averages
    them with weights of the distribution Beta(1/2, 1/2). Landmarks, vertices and features have no
    rectangles: both average them. The target is averaged with the same weights.

    Args:
        inputs: arguments of ``FusionNetwork.forward`` after augmentation, pixels float32.
        targets: (B, C) float32, probabilities of the classes.
        generator: on the device of the batch.
        cut_mix: share of the faces, 0 .. 1.
        mix_up: share of the faces, 0 .. 1 - ``cut_mix``.

    Returns:
        Inputs with the same keys and shapes, and targets. A mixed face counts as reconstructed if
        both faces are.

    Source: Yun et al. 2019, "CutMix"; Zhang et al. 2018, "mixup".
    """
    count = len(targets)
    kind = uniform(generator, count)
    cut, mixed = kind < cut_mix, kind < cut_mix + mix_up
    start, end = _rectangle(generator, count)
    kept = 1 - (end - start).prod(dim=1)
    blend = torch.sin(math.pi / 2 * uniform(generator, count)) ** 2
    weight = torch.where(cut, kept, torch.where(mixed, blend, 1.0))
    changed = dict(inputs)
    for name in PIXELS:
        inside = rectangles(start, end, inputs[name].shape[-1])
        share = torch.where(wide(cut), (~inside).float(), wide(weight))
        changed[name] = average(inputs[name], share)
    for name in OTHERS:
        if name in inputs:
            values, some = inputs[name], mixed[:, None, None]
            # values of faces that were not reconstructed may be NaN
            changed[name] = torch.where(some, average(values, weight[:, None, None]), values)
    if "reconstructed" in inputs:
        found = inputs["reconstructed"]
        changed["reconstructed"] = found & (before(found) | ~mixed)
    return changed, average(targets, weight[:, None])


def before(values: Tensor) -> Tensor:
    """For each row of a batch the row before it; for the first one the last."""
    return values.roll(1, dims=0)


def average(values: Tensor, weight: Tensor) -> Tensor:
    """``weight`` of each row and the rest of the row before it."""
    return weight * values + (1 - weight) * before(values)


def one_hot(labels: Tensor, classes: int) -> Tensor:
    """(B, C) float32 for labels (B,) int64; unlike PyTorch's it does not wait for a GPU."""
    return (labels[:, None] == torch.arange(classes, device=labels.device)).float()


def _rectangle(generator: torch.Generator, count: int) -> tuple[Tensor, Tensor]:
    """First and last corners of squares, clipped by the image, each (B, 2) in image sides."""
    half = uniform(generator, count, 1).sqrt() / 2
    centre = uniform(generator, count, 2)
    return (centre - half).clamp_min(0), (centre + half).clamp_max(1)
