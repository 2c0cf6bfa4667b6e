"""What single branches of a network say of a face.

A network of the preset `photos` has a classifier for each branch beside that of all together, so
that branches can be switched off without another training. Networks of other presets have one
classifier, which needs all of their branches.
"""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from fer3d.inference.recognize import Prediction, network_arrays, network_inputs
from fer3d.networks.fusion import FusionNetwork
from fer3d.training.checkpoint import TrainedNetwork

ALL = "all"  # the classifier whose answers `fer3d predict` gives
BASE = "base"  # the branch that needs no 3D face


def branch_classifiers(network: FusionNetwork) -> tuple[str, ...]:
    """Branches with a classifier of their own: those of ``FusionNetwork.heads`` after the first."""
    return tuple(network.late.alone) if network.config.preset == "photos" else ()


def branch_logits(trained: TrainedNetwork, prediction: Prediction) -> dict[str, list[float]]:
    """Logits of each classifier of a network for a face, divided by the temperature.

    Args:
        trained: the network that made the prediction.
        prediction: of the face.

    Returns:
        (C,) numbers by classifier: ``ALL``; then, if there are several classifiers, each branch by
        name, of a face without reconstruction the branch ``BASE`` alone.
    """
    import torch

    face = network_arrays(prediction.face, prediction.relit)
    with torch.no_grad():
        heads = trained.network.heads(**network_inputs(trained, [face]))
        rows = [(logits / trained.network.temperature)[0].tolist() for logits in heads]
    names = (ALL, *branch_classifiers(trained.network))
    found = dict(zip(names, rows, strict=True))
    if prediction.face.reconstruction.reason:
        return {name: row for name, row in found.items() if name in (ALL, BASE)}
    return found


def mixed_probabilities(
    logits: Mapping[str, Sequence[float]], on: Collection[str]
) -> tuple[float, ...]:
    """Probabilities of the classes with some branches on.

    With all of them, those of the network. With some, those of the mean logits of their
    classifiers, which is the normalized geometric mean of their probabilities; with one, those of
    its own classifier.

    Args:
        logits: see ``branch_logits``.
        on: names of branches.

    Returns:
        (C,) numbers that sum to 1.

    Raises:
        ValueError: no branch is on, or one has no classifier.
    """
    branches = logits.keys() - {ALL}
    if branches and (not on or not set(on) <= branches):
        raise ValueError(f"expected some of {sorted(branches)}, got {sorted(on)}")
    used = [ALL] if set(on) >= branches else sorted(on)
    mean = np.mean([logits[name] for name in used], axis=0)
    grown = np.exp(mean - mean.max())
    return tuple((grown / grown.sum()).tolist())
