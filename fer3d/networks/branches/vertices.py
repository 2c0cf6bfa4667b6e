"""The recommended branch for the frontal 3D face: its vertices, seen by fully connected layers."""

import torch
from torch import Tensor, nn

from fer3d.networks.layers import EMBEDDING, fully_connected

WIDTHS = (512, 256, EMBEDDING)
MIN_SPREAD = 1e-3  # cm; a coordinate that never varies has no spread, which would be divided by


class VerticesNetwork(nn.Module):
    """Fully connected layers of 512, 256, 128 on standardized vertices.

    The vertices are those after the fit: centred, scaled, turned to the front. Each coordinate is
    its displacement from the mean face of the training set, in units of its standard deviation
    there. A face that was not reconstructed has features of zero, which is the mean face.
    """

    mean: Tensor
    spread: Tensor
    partners: Tensor

    def __init__(self, *, points: int, dropout: float = 0.4):
        """
        Args:
            points: number of vertices, V.
            dropout: probability, between the fully connected layers.
        """
        super().__init__()
        self.register_buffer("mean", torch.zeros(points, 3))
        self.register_buffer("spread", torch.ones(points, 3))
        self.register_buffer("partners", torch.arange(points))
        self.encoder = fully_connected((3 * points, *WIDTHS), dropout)

    def standardize_by(self, mean: Tensor, spread: Tensor) -> None:
        """Set the mean face and the spread about it, and with them each vertex's mirror partner.

        Args:
            mean: (V, 3) float32, cm, face frame, over the training set.
            spread: (V, 3) float32, cm, its standard deviation.
        """
        self.mean.copy_(mean)
        self.spread.copy_(spread.clamp_min(MIN_SPREAD))
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
        features = (vertices - self.mean) / self.spread
        if present is not None:
            features = torch.where(present[:, None, None], features, 0.0)
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
