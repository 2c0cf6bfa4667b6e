"""Tracking of a face from one frame to the next by optical flow in its box.

Source: Kalal et al., "Forward-Backward Error: Automatic Detection of Tracking Failures", ICPR 2010:
points are tracked forward and backward by the optical flow of Lucas and Kanade; those that do not
return to their start are rejected. A similarity is fitted to the others.
"""

import cv2
import numpy as np

from fer3d.alignment.boxes import overlap as box_overlap
from fer3d.geometry import affine

POINTS = 60  # largest number of tracked corners
MIN_POINTS = 8  # inliers required
MIN_SHARE = 0.5  # inliers required, fraction of all points
MAX_RETURN = 1.0  # px, largest forward-backward error
MAX_RESIDUAL = 2.0  # px, largest residual of an inlier
MARGIN = 0.5  # largest motion between two frames, relative to the box's longer side
MAX_SCALING = 1.3  # largest change of the box's size between two frames
_QUALITY, _DISTANCE = 0.01, 0.04  # of corners: relative strength, distance in box sides


def motion(before: np.ndarray, after: np.ndarray, box: np.ndarray) -> np.ndarray | None:
    """The motion of a face between two frames.

    Args:
        before: (H, W) uint8 grey.
        after: the later frame, likewise.
        box: (4,) x, y, width, height of the face in ``before``, px.

    Returns:
        (2, 3) float64, similarity from the earlier frame to the later; None if tracking fails.
    """
    window = _window(box, before.shape)
    old, new = before[window], after[window]
    corner = np.array([window[1].start, window[0].start])
    points = _corners(old, box[:2] - corner, box[2:])
    if len(points) < MIN_POINTS:
        return None
    there, found = _flow(old, new, points)
    back, returned = _flow(new, old, there)
    close = np.linalg.norm(back - points, axis=-1)[:, 0] < MAX_RETURN
    kept = close & found & returned
    if kept.sum() < MIN_POINTS:
        return None
    moved, inliers = cv2.estimateAffinePartial2D(
        points[kept], there[kept], ransacReprojThreshold=MAX_RESIDUAL
    )
    if moved is None or inliers.sum() < max(MIN_POINTS, MIN_SHARE * len(points)):
        return None
    if not 1 / MAX_SCALING < affine.scale_of(moved) < MAX_SCALING:
        return None
    moved[:, 2] += corner - moved[:, :2] @ corner
    return moved


def overlap(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of each box with each of the others.

    Args:
        boxes: (n, 4) x, y, width, height, px.
        others: (m, 4).

    Returns:
        (n, m) float64.
    """
    return box_overlap(_corners_of(boxes)[:, None], _corners_of(others)[None])


def _corners_of(boxes: np.ndarray) -> np.ndarray:
    """Boxes (n, 4) x, y, width, height as x and y of two corners, float64."""
    boxes = np.asarray(boxes, np.float64)
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)


def _window(box: np.ndarray, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Rows and columns of the image around a box."""
    margin = MARGIN * float(box[2:].max())
    low = np.clip(np.floor(box[:2] - margin), 0, [shape[1] - 1, shape[0] - 1]).astype(int)
    high = np.clip(np.ceil(box[:2] + box[2:] + margin), low + 1, [shape[1], shape[0]]).astype(int)
    return slice(low[1], high[1]), slice(low[0], high[0])


def _corners(image: np.ndarray, corner: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Points (n, 1, 2) float32 in the ellipse that a box encloses."""
    mask = np.zeros(image.shape, np.uint8)
    middle = tuple(float(v) for v in corner + size / 2)
    cv2.ellipse(mask, (middle, tuple(float(v) for v in size), 0.0), 255, -1)
    distance = max(1.0, _DISTANCE * float(size.max()))
    found = cv2.goodFeaturesToTrack(image, POINTS, _QUALITY, distance, mask=mask)
    return np.zeros((0, 1, 2), np.float32) if found is None else found


def _flow(
    before: np.ndarray, after: np.ndarray, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """New positions of points (n, 1, 2), and which (n,) were found."""
    # OpenCV's stubs require the optional array of results
    there, found, _ = cv2.calcOpticalFlowPyrLK(before, after, points, None)  # type: ignore[call-overload]
    return there, found[:, 0] == 1
