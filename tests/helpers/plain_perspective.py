"""The normal equations of the perspective fit without compiled code: what
``perspective.normal_equations`` is compared with."""

import numpy as np


def normal_equations(image, model, weights, rotation, distance, depth):
    """Arguments and result of ``fer3d.reconstruction.perspective.normal_equations``."""
    turned = model @ np.swapaxes(rotation, -1, -2)
    nearness = 1 / (1 + turned[..., 2:] / distance)
    seen = np.concatenate([turned[..., :2] * nearness, turned[..., 2:]], axis=-1)
    columns = [_centred(seen, weights)]
    for axis in np.eye(3):
        turn = np.cross(axis, turned)
        planar = (turn[..., :2] - seen[..., :2] * turn[..., 2:] / distance) * nearness
        columns.append(_centred(np.concatenate([planar, turn[..., 2:]], axis=-1), weights))
    counts = np.sqrt(weights)[:, None] * np.array([1.0, 1.0, depth])
    design = np.stack(columns, axis=-1) * counts[..., None]
    normal = np.einsum("...vdi,...vdj->...ij", design, design)
    return normal, np.einsum("...vdi,...vd->...i", design, image * counts)


def _centred(values, weights):
    return values - np.einsum("v,...vd->...d", weights, values)[..., None, :]
