"""Conversion of 68 landmarks to the input of a compared model."""

import torch
from torch import Tensor

from fer3d.networks.branches.landmark import POINTS

SUBNASALE = 33  # the lowest point of the nose in the 68-point scheme of iBUG 300-W, from 0
MIN_SPREAD = 1e-6  # px, standard deviation of a coordinate; for equal points


def present_points(points: Tensor, present: Tensor | None) -> Tensor:
    """2D landmarks, zero if they were not found.

    Args:
        points: (B, 68, 2 or 3) float32, px, image frame; any values, also NaN, if not present.
        present: (B,) bool; all by default.

    Returns:
        (B, 68, 2) float32.

    Raises:
        ValueError: another number of points or coordinates.
    """
    if points.shape[-2] != POINTS or points.shape[-1] not in (2, 3):
        raise ValueError(f"landmarks: expected (B, 68, 2 or 3), got {tuple(points.shape)}")
    points = points[..., :2]
    if present is None:
        return points
    return torch.where(present[:, None, None], points, 0.0)


def scaled_points(points: Tensor, present: Tensor | None = None) -> Tensor:
    """Landmarks minus the nose point, each coordinate over its standard deviation in the face.

    Args:
        points: (B, 68, 2 or 3) float32, px, image frame.
        present: (B,) bool, whether the landmarks were found; all by default.

    Returns:
        (B, 68, 2) float32; zero if they were not found.

    Source: Jung et al. 2015, section 4.2: coordinates relative to the nose, over the standard
    deviation of the x (y) coordinates.
    """
    points = present_points(points, present)
    spread = points.std(dim=1, keepdim=True, correction=0).clamp_min(MIN_SPREAD)
    return (points - points[:, SUBNASALE : SUBNASALE + 1]) / spread
