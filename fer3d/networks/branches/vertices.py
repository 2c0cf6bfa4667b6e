"""The recommended branch for the frontal 3D face: its vertices, seen by fully connected layers."""

import torch
from torch import Tensor

from fer3d.networks.branches.standardized import StandardizedBranch, zero_where_absent
from fer3d.networks.layers import EMBEDDING, fully_connected

WIDTHS = (512, 256, EMBEDDING)


class VerticesNetwork(StandardizedBranch):
    """Fully connected layers of 512, 256, 128 on standardized vertices.

    The vertices are those after the fit: centred, scaled, turned to the front. Each coordinate is
    its displacement from the mean face of the training set, in units of its standard deviation
    there. A face that was not reconstructed has features of zero, which is the mean face.
    """

    least_spread = 1e-3  # cm
    partners: Tensor

    def __init__(self, *, points: int, dropout: float = 0.4):
        """
        Args:
            points: number of vertices, V.
            dropout: probability, between the fully connected layers.
        """
        super().__init__(points, 3)
        self.register_buffer("partners", torch.arange(points))
        self.encoder = fully_connected((3 * points, *WIDTHS), dropout)

    def standardize_by(self, mean: Tensor, spread: Tensor) -> None:
        """Set the mean face and the spread about it, and with them each vertex's mirror partner.

        Args:
            mean: (V, 3) float32, cm, face frame, over the training set.
            spread: (V, 3) float32, cm, its standard deviation.
        """
        super().standardize_by(mean, spread)
        self.partners.copy_(mirror_partners(mean))

    def forward(self, vertices: Tensor, present: Tensor | None = None) -> Tensor:
        """
        Args:
            vertices: (B, V, 3) float32, cm, face frame.
            present: (B,) bool, whether the face was reconstructed; where not, its vertices are not
                used. All of them by default.

        Returns:
            (B, 128) float32.
        """
        features = zero_where_absent(self.standardized(vertices), present)
        return self.encoder(features.flatten(1))


def mirror_partners(mean: Tensor) -> Tensor:
    """For each vertex the one that takes its place in the mirrored face, the nearest there.

    Args:
        mean: (V, 3) float32, cm, face frame, a face that is about symmetric to x = 0.

    Returns:
        (V,) int64.
    """
    return torch.cdist(mean * mean.new_tensor([-1.0, 1.0, 1.0]), mean).argmin(dim=1)


def mirror_vertices(vertices: Tensor, partners: Tensor) -> Tensor:
    """Mirror frontal faces; the vertices change their places with their partners.

    Args:
        vertices: (B, V, 3) float32, face frame, whose x points to the subject's left.
        partners: (V,) int64, see ``mirror_partners``.

    Returns:
        (B, V, 3).
    """
    x, rest = vertices[:, partners].split((1, 2), dim=-1)
    return torch.cat([-x, rest], dim=-1)
