"""The normal equations of the perspective fit of ``rigid``, compiled."""

import numpy as np

from fer3d.geometry.compiled import compiled

UNKNOWNS = 4  # scale, and a turn about each axis of the image frame


@compiled
def normal_equations(
    image: np.ndarray,
    model: np.ndarray,
    weights: np.ndarray,
    rotations: np.ndarray,
    distance: float,
    depth: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Least squares over scale and a small turn of a model that is seen in perspective.

    Args:
        image: (N, V, 3) float64, px, about their weighted centre.
        model: (V, 3) float64, cm, about its weighted centre.
        weights: (V,) float64, summing to 1.
        rotations: (N, 3, 3) float64, ``image_from_face`` so far.
        distance: cm, from the camera to the model's centre.
        depth: weight of a residual in depth, next to 1 of one in x and y.

    Returns:
        Matrices (N, 4, 4) and right sides (N, 4); the second to fourth unknowns are the turn
        times the scale.
    """
    counts = (1.0, 1.0, depth * depth)
    matrices = np.zeros((len(image), UNKNOWNS, UNKNOWNS))
    right = np.zeros((len(image), UNKNOWNS))
    column = np.empty((3, UNKNOWNS))
    means = np.empty((3, UNKNOWNS))
    for n in range(len(image)):
        means[:] = 0.0
        for v in range(len(model)):
            _columns(rotations[n], model[v], distance, column)
            for d in range(3):
                share = weights[v] * counts[d]
                for i in range(UNKNOWNS):
                    means[d, i] += weights[v] * column[d, i]
                    right[n, i] += share * column[d, i] * image[n, v, d]
                    for j in range(UNKNOWNS):
                        matrices[n, i, j] += share * column[d, i] * column[d, j]
        for d in range(3):
            for i in range(UNKNOWNS):
                for j in range(UNKNOWNS):
                    matrices[n, i, j] -= counts[d] * means[d, i] * means[d, j]
    return matrices, right


@compiled
def _columns(rotation: np.ndarray, point: np.ndarray, distance: float, column: np.ndarray) -> None:
    """Write a point in perspective (3,) and its derivatives by a turn about each axis."""
    x = rotation[0, 0] * point[0] + rotation[0, 1] * point[1] + rotation[0, 2] * point[2]
    y = rotation[1, 0] * point[0] + rotation[1, 1] * point[1] + rotation[1, 2] * point[2]
    z = rotation[2, 0] * point[0] + rotation[2, 1] * point[1] + rotation[2, 2] * point[2]
    near = 1 / (1 + z / distance)  # z points away from the viewer
    u, v = x * near, y * near
    column[0, 0], column[1, 0], column[2, 0] = u, v, z
    turns = (0.0, -z, y), (z, 0.0, -x), (-y, x, 0.0)  # axis cross point
    for axis in range(3):
        across, down, away = turns[axis]
        column[0, axis + 1] = (across - u * away / distance) * near
        column[1, axis + 1] = (down - v * away / distance) * near
        column[2, axis + 1] = away
