"""Correction of the systematic error of the face mesh network.

The mean error of each vertex, in the face frame, is a polynomial of the fitted yaw and pitch. It
was measured on rendered faces with known vertices (docs/notes/accuracy3d.md).

``calibration.npz`` contains the coefficients, by number of passes of the network;
``tools/calibrate_mesh.py`` computes them.
"""

from functools import lru_cache
from importlib.resources import files
from io import BytesIO

import numpy as np
from jaxtyping import Float, Shaped

from fer3d.geometry.frames import pose_from_rotation
from fer3d.reconstruction.rigid import fit_rigid

FIELDS = "calibration.npz"
MAX_PITCH, MAX_YAW = 25.0, 60.0  # degrees, range of the measurement; constant beyond it


def pose_terms(face_from_image: Shaped[np.ndarray, "*batch 3 3"]) -> Float[np.ndarray, "*batch 11"]:
    """Terms of the polynomial: powers of the sines of pitch and yaw.

    Args:
        face_from_image: (..., 3, 3) float, rotation.

    Returns:
        (..., 11) float64: six terms even in yaw, then five odd terms.
    """
    pitch, yaw, _ = np.moveaxis(pose_from_rotation(face_from_image), -1, 0)
    up = np.sin(np.radians(np.clip(pitch, -MAX_PITCH, MAX_PITCH)))
    left = np.sin(np.radians(np.clip(yaw, -MAX_YAW, MAX_YAW)))
    even = (np.ones_like(up), up, up**2, left**2, left**2 * up, left**4)
    odd = (left, left * up, left**3, left * up**2, left**3 * up)
    return np.stack([*even, *odd], axis=-1)


def calibrate(
    vertices: Float[np.ndarray, "*batch 468 3"],
    reference: Float[np.ndarray, "468 3"],
    weights: Float[np.ndarray, "468"],
    fields: Float[np.ndarray, "11 468 3"],
) -> Float[np.ndarray, "*batch 468 3"]:
    """Correct the systematic error of meshes.

    Args:
        vertices: (..., 468, 3) float, px, image frame, from the network.
        reference: (468, 3) float, cm, face frame.
        weights: (468,) float, for the fit of the pose, see ``rigid_weights``.
        fields: (11, 468, 3) float, cm, see ``load_fields``.

    Returns:
        (..., 468, 3) float64, px, image frame.
    """
    fit = fit_rigid(vertices, reference, weights)
    error = np.einsum("...k,kvd->...vd", pose_terms(fit.rotation), fields)
    return vertices + error @ fit.rotation / np.asarray(fit.scale)[..., None, None]


@lru_cache(maxsize=2)
def load_fields(passes: int) -> Float[np.ndarray, "11 468 3"]:
    """(11, 468, 3) float64, cm, face frame: the correction of each vertex per pose term.

    Args:
        passes: 3 or 5, of the network for each image; each scheme has its own error.
    """
    data = files("fer3d.reconstruction").joinpath(FIELDS).read_bytes()
    with np.load(BytesIO(data), allow_pickle=False) as stored:
        return stored[f"passes{passes}"].astype(np.float64)
