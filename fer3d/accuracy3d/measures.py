"""Error measures: pure functions of a prediction and its ground truth."""

import numpy as np

YAW_BINS = ((0, 15), (15, 30), (30, 45), (45, 60))  # degrees, absolute yaw; the last bin is closed


def box_side(points: np.ndarray) -> np.ndarray:
    """Geometric mean of width and height of the box around points.

    Args:
        points: (..., N, 2) or (..., N, 3) float; z is ignored.

    Returns:
        (...) float64, in the unit of the points.
    """
    sides = np.ptp(np.asarray(points, np.float64)[..., :2], axis=-2)
    return np.sqrt(sides.prod(axis=-1))


def landmark_error(found: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Box-normalised mean error (NME): mean 2D distance over the side of the true points' box.

    Args:
        found, truth: (..., N, 2) or (..., N, 3) float, px, image frame; z is ignored.

    Returns:
        (...) float64, percent.

    Source: X. Zhu et al., Face Alignment Across Large Poses, 2016, section 5.
    """
    apart = np.linalg.norm(found[..., :2] - truth[..., :2], axis=-1).mean(axis=-1)
    return 100 * apart / box_side(truth)


def vertex_error(found: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Mean 3D distance over the side of the true points' box.

    A single image does not determine the distance of a face, so the mean depth of each face is
    subtracted first.

    Args:
        found, truth: (..., N, 3) float, px, image frame.

    Returns:
        (...) float64, percent.
    """
    apart = found.astype(np.float64) - truth
    apart[..., 2] -= apart[..., 2].mean(axis=-1, keepdims=True)
    return 100 * np.linalg.norm(apart, axis=-1).mean(axis=-1) / box_side(truth)


def rotation_error(found: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Geodesic distance of two rotations: the angle of the relative rotation.

    Args:
        found, truth: (..., 3, 3) float.

    Returns:
        (...) float64, degrees, 0 to 180.
    """
    apart = np.asarray(found, np.float64) @ np.swapaxes(np.asarray(truth, np.float64), -1, -2)
    # from the chord; the arc cosine of the trace would be inaccurate near zero
    chord = np.linalg.norm(apart - np.eye(3), axis=(-2, -1)) / np.sqrt(8.0)
    return np.degrees(2 * np.arcsin(np.clip(chord, 0.0, 1.0)))


def angle_error(found: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Signed difference of angles, degrees, in [-180, 180)."""
    return (np.asarray(found, np.float64) - truth + 180) % 360 - 180


def normal_error(found: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Angle between unit normals (..., 3): (...) float64, degrees."""
    cosine = (np.asarray(found, np.float64) * truth).sum(axis=-1)
    return np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))


def overlap(found: np.ndarray, truth: np.ndarray) -> float:
    """Intersection over union of two masks of one shape; 1 if both are empty."""
    union = np.count_nonzero(found | truth)
    return np.count_nonzero(found & truth) / union if union else 1.0


def correlation(a: np.ndarray, b: np.ndarray, mask: np.ndarray) -> float:
    """Normalised cross-correlation of two pictures on the pixels of a mask.

    Args:
        a, b: (H, W) numbers.
        mask: (H, W) bool.

    Returns:
        -1 to 1; NaN if one of them has no contrast on the mask.
    """
    first, second = (np.asarray(picture, np.float64)[mask] for picture in (a, b))
    if first.size == 0:
        return float("nan")
    first, second = first - first.mean(), second - second.mean()
    power = np.sqrt((first @ first) * (second @ second))
    return float(first @ second / power) if power > 0 else float("nan")


def in_bin(yaw: np.ndarray, low: float, high: float) -> np.ndarray:
    """(N,) bool: |yaw| in [low, high), or [low, high] for the last bin."""
    size = np.abs(yaw)
    return (size >= low) & ((size < high) | ((size == high) & (high == YAW_BINS[-1][1])))
