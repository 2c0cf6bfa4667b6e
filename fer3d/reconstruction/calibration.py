"""The face mesh network's systematic error, measured once and taken away.

Seen from the front, MediaPipe's mesh draws the chin 0.4 cm too high and the outer corners of the
eyes 0.1 cm too near to the temples; as a head turns, the mesh shrinks from the camera and its
shape drifts. Both were measured on rendered faces whose vertices are known: the mean error of
each vertex, in the face frame, as a polynomial of the fitted yaw and pitch. The faces' pitch is
spread as that of photos is, because the fields take back what the mesh shows of a pitch too
little, and noise with it: the wider the spread, the more of both. What the error's mean does not
explain is left alone: a regression of the error on the mesh's own shape would do better on
renderings, but on photographs it does worse (docs/accuracy3d.md).

``calibration.npz`` beside this file holds the fields; ``tools/calibrate_mesh.py`` makes it.
"""

from functools import lru_cache
from importlib.resources import files
from io import BytesIO

import numpy as np
from jaxtyping import Float, Shaped

from fer3d.geometry.frames import pose_from_rotation
from fer3d.reconstruction.rigid import fit_rigid

FIELDS = "calibration.npz"
MAX_PITCH, MAX_YAW = 25.0, 60.0  # degrees: what was measured; beyond, the error is that at the end


def pose_terms(face_from_image: Shaped[np.ndarray, "*batch 3 3"]) -> Float[np.ndarray, "*batch 11"]:
    """What the fields are multiplied by: powers of the sines of pitch and yaw.

    Args:
        face_from_image: (..., 3, 3) float, rotation.

    Returns:
        (..., 11) float64: six terms even in yaw, then five odd ones.
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
) -> Float[np.ndarray, "*batch 468 3"]:
    """Meshes without their systematic error.

    Args:
        vertices: (..., 468, 3) float, px, image frame, as the network gives them.
        reference: (468, 3) float, cm, face frame.
        weights: (468,) float, of the pose's fit, see ``rigid_weights``.

    Returns:
        (..., 468, 3) float64, px, image frame.
    """
    fit = fit_rigid(vertices, reference, weights)
    error = np.einsum("...k,kvd->...vd", pose_terms(fit.rotation), load_fields())
    return vertices + error @ fit.rotation / np.asarray(fit.scale)[..., None, None]


@lru_cache(maxsize=1)
def load_fields() -> Float[np.ndarray, "11 468 3"]:
    """(11, 468, 3) float64, cm, face frame: what to add to each vertex, for each pose term."""
    data = files("fer3d.reconstruction").joinpath(FIELDS).read_bytes()
    with np.load(BytesIO(data), allow_pickle=False) as stored:
        return stored["fields"].astype(np.float64)
