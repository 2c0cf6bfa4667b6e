"""The pose of a face mesh, fitted to all vertices with weights.

Orthogonal Procrustes over 68 landmarks (paper A) has three sources of error: the depth of a mesh is
less accurate than x and y, expressions move lips, brows and lids, and the projection is
perspective. Therefore this least squares fit of rotation, scale and translation has a perspective
projection, a lower weight for depth, and the largest weights on the cheeks. The constants were
chosen by the rotation error on rendered faces (docs/notes/accuracy3d.md).

The frontal face is corrected for perspective too: the near cheek of a rotated head is projected
larger than the far one, so without a correction the shape of the face would depend on its pose.
"""

import numpy as np
from jaxtyping import Float, Shaped

from fer3d.geometry.frames import rotation_from_vector
from fer3d.geometry.typing import Triangles
from fer3d.reconstruction.perspective import normal_equations
from fer3d.reconstruction.recentralize import Similarity, centroid, fit_similarity, place

CHEEK_X, CHEEK_Y = 1.9, (-2.2, 3.2)  # cm, face frame: lateral of the nose, below the brows
OTHERS = 0.1  # weight of other vertices; that of the cheeks is 1
DEPTH = 0.3  # weight of residuals in depth; that of x and y is 1
DISTANCE = 60.0  # cm, camera to face, of the fit
LENS = 85.0
"""cm, camera to face, for the correction of perspective: about the harmonic mean of 50 to 160 cm. A
single image does not determine it (docs/notes/accuracy3d.md)."""
STEPS = 5  # of Gauss-Newton, from the Procrustes solution; converges to under 0.01 degrees


def rigid_weights(
    reference: Float[np.ndarray, "v 3"], triangles: Triangles
) -> Float[np.ndarray, " v"]:
    """Weights of the vertices: the area around each, larger on the cheeks.

    Args:
        reference: (V, 3) float, cm, face frame.
        triangles: (T, 3) integer.

    Returns:
        (V,) float64, summing to 1.
    """
    a, b, c = (reference[triangles[:, i]] for i in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    around = np.bincount(triangles.ravel(), np.repeat(area, 3), len(reference))
    x, y, _ = reference.T
    cheek = (np.abs(x) > CHEEK_X) & (y > CHEEK_Y[0]) & (y < CHEEK_Y[1])
    weights = around * np.where(cheek, 1.0, OTHERS)
    return weights / weights.sum()


def fit_rigid(
    vertices_image: Shaped[np.ndarray, "*batch v 3"],
    reference: Float[np.ndarray, "v 3"],
    weights: Float[np.ndarray, " v"],
) -> Similarity:
    """The similarity that rotates a face mesh to the front.

    Args:
        vertices_image: (..., V, 3) float, px, image frame.
        reference: (V, 3) float, cm, face frame.
        weights: (V,) float, not negative.

    Returns:
        ``face_from_image``: rotation and translation of the perspective fit; the scale is that of
        the weighted points after rotation.
    """
    weights = weights / weights.sum()
    start = fit_similarity(vertices_image, reference, weights)
    image = _centred(vertices_image, weights).reshape(-1, *reference.shape)
    model = reference - weights @ reference
    image_from_face = np.swapaxes(start.rotation, -1, -2).reshape(-1, 3, 3)
    for _ in range(STEPS):
        image_from_face = _step(image, model, weights, image_from_face) @ image_from_face
    rotation = np.swapaxes(image_from_face, -1, -2).reshape(start.rotation.shape)
    return place(vertices_image, reference, rotation, weights)


def turn_to_front(
    vertices_image: Shaped[np.ndarray, "*batch v 3"],
    reference: Float[np.ndarray, "v 3"],
    weights: Float[np.ndarray, " v"],
) -> tuple[Similarity, Float[np.ndarray, "*batch v 3"]]:
    """The fit, and the frontal mesh, corrected for perspective.

    Args:
        vertices_image: (..., V, 3) float, px, image frame.
        reference: (V, 3) float, cm, face frame.
        weights: (V,) float, not negative.

    Returns:
        ``face_from_image`` of :func:`fit_rigid`, and vertices (..., V, 3) float64, cm, face frame.
    """
    fit = fit_rigid(vertices_image, reference, weights)
    parallel = undo_perspective(vertices_image, fit.scale, weights)
    return fit, place(parallel, reference, fit.rotation, weights)(parallel)


def undo_perspective(
    vertices_image: Shaped[np.ndarray, "*batch v 3"],
    scale: Float[np.ndarray, "*batch"] | np.floating | float,
    weights: Float[np.ndarray, " v"],
) -> Float[np.ndarray, "*batch v 3"]:
    """The parallel projection of a mesh, relative to its weighted centre.

    Args:
        vertices_image: (..., V, 3) float, px, image frame: x and y in perspective, from a distance
            of ``LENS``, z proportional to the depth.
        scale: (...) float, cm per px.
        weights: (V,) float, not negative.

    Returns:
        (..., V, 3) float64, px, image frame; z unchanged.
    """
    weights = weights / weights.sum()
    centre = centroid(vertices_image, weights)[..., None, :]
    apart = vertices_image - centre
    shrunk = 1 + apart[..., 2:] * np.asarray(scale)[..., None, None] / LENS
    return centre + np.concatenate([apart[..., :2] * shrunk, apart[..., 2:]], axis=-1)


def _step(
    image: np.ndarray, model: np.ndarray, weights: np.ndarray, rotation: np.ndarray
) -> np.ndarray:
    """(N, 3, 3): the rotations in the image frame of one step of Gauss-Newton."""
    rotation = np.ascontiguousarray(rotation)
    normal, right = normal_equations(image, model, weights, rotation, DISTANCE, DEPTH)
    scale, *turns = np.linalg.solve(normal, right[..., None])[..., 0].T
    return rotation_from_vector((np.stack(turns) / scale).T)


def _centred(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return values - centroid(values, weights)[..., None, :]
