"""Rotation of a reconstructed face to the front: orthogonal Procrustes and similarities."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Shaped

MIN_PAIRS = 6
"""Number of point pairs that the solution needs (paper A, section 3.2)."""

DEGENERATE_RATIO = 1e-6
"""Ratio of the second singular value of the points to the first, below which they are collinear, so
that the rotation about their line is undetermined."""


@dataclass(frozen=True)
class Similarity:
    """``target = scale * rotation @ source + translation``.

    Attributes:
        rotation: (..., 3, 3) float64, determinant +1.
        scale: (...) float64, target units per source unit.
        translation: (..., 3) float64, target units.
    """

    rotation: Float[np.ndarray, "*batch 3 3"]
    scale: Float[np.ndarray, "*batch"] | np.floating
    translation: Float[np.ndarray, "*batch 3"]

    def __call__(self, points: Shaped[np.ndarray, "... n 3"]) -> Float[np.ndarray, "... n 3"]:
        """Transform points (..., N, 3) from the source frame to the target frame, float64."""
        turned = points @ np.swapaxes(self.rotation, -1, -2)
        return np.asarray(self.scale)[..., None, None] * turned + self.translation[..., None, :]

    def inverse(self) -> "Similarity":
        """The inverse, from the target frame to the source frame."""
        rotation = np.swapaxes(self.rotation, -1, -2)
        back = np.einsum("...ij,...j->...i", rotation, self.translation)
        return Similarity(rotation, 1 / self.scale, -back / np.asarray(self.scale)[..., None])


def procrustes(
    source: Shaped[np.ndarray, "..."],
    target: Shaped[np.ndarray, "..."],
    weights: Shaped[np.ndarray, "..."] | None = None,
) -> Float[np.ndarray, "*batch 3 3"]:
    """The rotation that maps ``source`` to ``target`` in the least squares sense.

    Args:
        source: (..., N, 3) float, points relative to the origin, any frame.
        target: (..., N, 3) float, their counterparts relative to the origin.
        weights: (..., N) float, not negative, one per pair; zeros exclude pairs.

    Returns:
        (..., 3, 3) float64 R with determinant +1, never a reflection: R @ source ~ target.

    Raises:
        ValueError: shapes differ, fewer than 6 pairs, or collinear points.

    Source: paper A, equation 1 (SVD of P* P^T); the sign that excludes reflections: S. Umeyama,
    Least-Squares Estimation of Transformation Parameters, 1991, equation 40.
    """
    source, target, weights = _checked(source, target, weights)
    if np.any(is_degenerate(source, weights) | is_degenerate(target, weights)):
        raise ValueError("expected points that span a plane or more, got points on one line")
    return _rotation(source, target, weights)


def fit_similarity(
    source: Shaped[np.ndarray, "..."],
    target: Shaped[np.ndarray, "..."],
    weights: Shaped[np.ndarray, "..."] | None = None,
) -> Similarity:
    """Rotation, scale and translation that map ``source`` to ``target`` in the least squares sense.

    Arguments and errors as for :func:`procrustes`, but the points need not be centred.

    Source: paper A, section 3.2, for the rotation; Umeyama 1991, equations 41 and 42, for scale and
    translation, which the paper takes from its reconstruction network.
    """
    source, target, weights = _checked(source, target, weights)
    share = weights / weights.sum(axis=-1, keepdims=True)
    source_centre, target_centre = centroid(source, share), centroid(target, share)
    source = source - source_centre[..., None, :]
    target = target - target_centre[..., None, :]
    rotation = procrustes(source, target, weights)
    scale = _scale(source @ np.swapaxes(rotation, -1, -2), target, source, weights)
    turned_centre = np.einsum("...ij,...j->...i", rotation, source_centre)
    return Similarity(rotation, scale, target_centre - np.asarray(scale)[..., None] * turned_centre)


def place(
    source: Shaped[np.ndarray, "*batch n 3"],
    target: Shaped[np.ndarray, "n 3"],
    rotation: Float[np.ndarray, "*batch 3 3"],
    weights: Shaped[np.ndarray, " n"],
) -> Similarity:
    """The least squares similarity from ``source`` to ``target`` with a given rotation.

    Args:
        source: (..., N, 3) float, any frame.
        target: (N, 3) float, their counterparts.
        rotation: (..., 3, 3) float.
        weights: (N,) float, not negative.

    Source: Umeyama 1991, equations 41 and 42.
    """
    weights = weights / weights.sum()
    turned = source @ np.swapaxes(rotation, -1, -2)
    centre, aim = centroid(turned, weights), weights @ target
    turned = turned - centre[..., None, :]
    scale = _scale(turned, target - aim, turned, weights)
    return Similarity(rotation, scale, aim - np.asarray(scale)[..., None] * centre)


def centroid(
    points: Shaped[np.ndarray, "*#batch n 3"], share: Shaped[np.ndarray, "*#batch n"]
) -> Float[np.ndarray, "... 3"]:
    """The weighted mean of points (..., N, 3); the shares (..., N) sum to 1."""
    return np.einsum("...n,...nd->...d", share, points)


def is_degenerate(
    points: Shaped[np.ndarray, "*batch n 3"], weights: Shaped[np.ndarray, "..."] | None = None
) -> Bool[np.ndarray, "*batch"] | np.bool:
    """Whether points are collinear, coincide, or are not finite.

    Args:
        points: (..., N, 3) float.
        weights: (..., N) float, not negative; points of weight zero are left out.

    Returns:
        (...) bool.
    """
    points = np.asarray(points, dtype=np.float64)
    weights = np.ones(points.shape[:-1]) if weights is None else np.asarray(weights, np.float64)
    finite = np.isfinite(points).all(axis=(-1, -2))
    points = np.where(finite[..., None, None], points, 0.0)
    total = np.maximum(weights.sum(axis=-1), np.finfo(float).tiny)  # for zero weights
    centre = np.einsum("...n,...nd->...d", weights, points) / total[..., None]
    spread = (points - centre[..., None, :]) * np.sqrt(weights)[..., None]
    values = np.linalg.svd(spread, compute_uv=False)
    return ~finite | (values[..., 1] <= DEGENERATE_RATIO * values[..., 0])


def _rotation(source: np.ndarray, target: np.ndarray, weights: np.ndarray) -> np.ndarray:
    covariance = np.einsum("...n,...ni,...nj->...ij", weights, target, source)
    left, _, right = np.linalg.svd(covariance)
    sign = np.ones((*covariance.shape[:-2], 3))
    sign[..., 2] = np.sign(np.linalg.det(left @ right))
    return (left * sign[..., None, :]) @ right


def _scale(
    turned: np.ndarray, target: np.ndarray, source: np.ndarray, weights: np.ndarray
) -> Float[np.ndarray, "*batch"] | np.floating:
    """Umeyama 1991, equation 42, for centred points; independent of a rotation of the source."""
    shared = np.einsum("...n,...nd,...nd->...", weights, turned, target)
    return shared / np.einsum("...n,...nd,...nd->...", weights, source, source)


def _checked(
    source: np.ndarray, target: np.ndarray, weights: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    source, target = np.asarray(source, np.float64), np.asarray(target, np.float64)
    if source.shape[-2:] != target.shape[-2:] or source.shape[-1:] != (3,):
        raise ValueError(
            f"expected two sets of points (..., N, 3), got {source.shape} and {target.shape}"
        )
    shape = np.broadcast_shapes(source.shape, target.shape)[:-1]
    weights = np.ones(shape) if weights is None else np.broadcast_to(weights, shape)
    pairs = (weights > 0).sum(axis=-1).min(initial=shape[-1])
    if pairs < MIN_PAIRS:
        raise ValueError(f"expected at least {MIN_PAIRS} pairs of points, got {pairs}")
    return source, target, weights
