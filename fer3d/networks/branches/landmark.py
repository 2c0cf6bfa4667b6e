"""The landmark branch: all pairwise distances between 68 landmarks (paper A, section 4.2)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from fer3d.networks.branches.standardized import StandardizedBranch, zero_where_absent
from fer3d.networks.layers import EMBEDDING, fully_connected

POINTS = 68
NOSE = 30  # the nose tip in the 68-point scheme of iBUG 300-W, counted from 0
DISTANCES = POINTS * (POINTS - 1) // 2  # 2,278
WIDTHS = (1024, 512, 256, EMBEDDING)
NARROW_WIDTHS = (512, 256, EMBEDDING)  # of the preset `photos`: half of the weights

MIN_EXTENT = 1e-6  # px; avoids division by zero if all points are on a line

# Partners of the 68 points of iBUG 300-W in the mirrored face.
_PAIRS = (
    *((i, 16 - i) for i in range(8)),  # jaw
    *((17 + i, 26 - i) for i in range(5)),  # brows
    (31, 35), (32, 34),  # nostrils
    (36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46),  # eyes
    (48, 54), (49, 53), (50, 52), (55, 59), (56, 58),  # outer lips
    (60, 64), (61, 63), (65, 67),  # inner lips
)  # fmt: skip
_PARTNER = dict(_PAIRS) | {second: first for first, second in _PAIRS}
MIRRORED = tuple(_PARTNER.get(point, point) for point in range(68))


def normalize_points(points: Tensor) -> Tensor:
    """Max-min normalization with the nose as the origin, each coordinate by its own extent.

    The face then has an extent of 1 in x and in y, so that distances are invariant to its position
    and size, and nearly invariant to yaw.

    Args:
        points: (..., 68, 2) float32, any unit.

    Returns:
        (..., 68, 2) float32, with the nose tip at 0.

    Source: paper A, section 4.2, "max-min normalization with the position of the nose as the
    origin point".
    """
    extent = points.amax(dim=-2, keepdim=True) - points.amin(dim=-2, keepdim=True)
    return (points - points[..., NOSE : NOSE + 1, :]) / extent.clamp_min(MIN_EXTENT)


def pairwise_distances(points: Tensor) -> Tensor:
    """Distances d_12, d_13, ..., d_67,68 between all pairs of points.

    Args:
        points: (..., P, 2) float32.

    Returns:
        (..., P (P - 1) / 2) float32, in the points' unit.

    Source: paper A, equation 4.
    """
    count = points.shape[-2]
    first, second = torch.triu_indices(count, count, offset=1, device=points.device)
    return (points[..., first, :] - points[..., second, :]).norm(dim=-1)


def landmark_features(points: Tensor) -> Tensor:
    """The 2,278 normalized distances of 68 landmarks.

    Args:
        points: (..., 68, 2) or (..., 68, 3) float32, px, image frame; a third
            coordinate is ignored.

    Returns:
        (..., 2278) float32, each in [0, sqrt(2)].

    Raises:
        ValueError: another number of points or coordinates.

    Source: paper A, section 4.2, equations 3 and 4.
    """
    if points.shape[-2] != POINTS or points.shape[-1] not in (2, 3):
        raise ValueError(f"landmarks: expected (..., 68, 2 or 3), got {tuple(points.shape)}")
    return pairwise_distances(normalize_points(points[..., :2]))


def mirror_landmarks(points: Tensor, side: int) -> Tensor:
    """The landmarks of mirrored photos; left and right points change their places.

    Args:
        points: (B, 68, 2 or 3) float32, px, image frame.
        side: side of the image, px.

    Returns:
        (B, 68, 2 or 3).
    """
    x, rest = points[:, list(MIRRORED)].split((1, points.shape[-1] - 1), dim=-1)
    return torch.cat([side - x, rest], dim=-1)


class LandmarkNetwork(StandardizedBranch):
    """Four fully connected layers of 1024, 512, 256, 128 on the normalized distances.

    Not specified by the paper and chosen here: the distances are standardized by their means and
    standard deviations over the training set (an expression changes them by only a few hundredths);
    batch normalization and ReLU after every layer. A face without landmarks gets features of zero,
    those of the mean face.
    """

    least_spread = 1e-4

    def __init__(self, *, dropout: float = 0.4, widths: Sequence[int] = WIDTHS):
        """
        Args:
            dropout: probability, between the fully connected layers.
            widths: of the layers; the last one is 128.
        """
        super().__init__(DISTANCES)
        self.encoder = fully_connected((DISTANCES, *widths), dropout)

    def forward(self, points: Tensor, present: Tensor | None = None) -> Tensor:
        """
        Args:
            points: (B, 68, 2) or (B, 68, 3) float32, px, image frame.
            present: (B,) bool, whether there are landmarks; the points of other faces are ignored.
                All true by default.

        Returns:
            (B, 128) float32.
        """
        features = self.standardized(landmark_features(points))
        return self.encoder(zero_where_absent(features, present))
