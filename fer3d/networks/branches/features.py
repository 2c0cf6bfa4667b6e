"""The branch for the mesh network's features of a face, seen by fully connected layers."""

import torch
from torch import Tensor, nn

from fer3d.networks.branches.standardized import StandardizedBranch, zero_where_absent
from fer3d.networks.layers import EMBEDDING, fully_connected

WIDTHS = (512, 256, EMBEDDING)
INPUT_DROPOUT = 0.2
NOISE = 0.5  # standard deviations, in training steps; without it a training learns faces by heart
LARGEST = 6.0  # standard deviations; features have rare large values


class FeaturesNetwork(StandardizedBranch):
    """Fully connected layers of 512, 256, 128 on standardized features.

    A face has the features of its photo and of the mirrored photo. A training step sees the first
    of them; augmentation exchanges the two in half of the steps (``mirror_features``). The
    embedding of an answer is the mean over both. A face that was not reconstructed has features of
    zero, the mean face.
    """

    least_spread = 1e-3

    def __init__(self, *, count: int, dropout: float = 0.4):
        """
        Args:
            count: number of features, F.
            dropout: probability, between the fully connected layers.

        Raises:
            ValueError: no features.
        """
        if count < 1:
            raise ValueError("the features branch is on, but there are no features")
        super().__init__(count)
        self.drop = nn.Dropout(INPUT_DROPOUT)
        self.encoder = fully_connected((count, *WIDTHS), dropout)

    def forward(self, features: Tensor, present: Tensor | None = None) -> Tensor:
        """
        Args:
            features: (B, 2, F) float16 or float32, of the photo and the mirrored photo.
            present: (B,) bool, whether the face was reconstructed; where not, its features are not
                used. All of them by default.

        Returns:
            (B, 128) float32.
        """
        if self.training:
            return self._embed(features[:, 0], present)
        return (self._embed(features[:, 0], present) + self._embed(features[:, 1], present)) / 2

    def _embed(self, features: Tensor, present: Tensor | None) -> Tensor:
        scaled = self.standardized(features.float()).clamp(-LARGEST, LARGEST)
        if self.training:
            scaled = scaled + NOISE * torch.randn_like(scaled)
        return self.encoder(self.drop(zero_where_absent(scaled, present)))


def mirror_features(features: Tensor) -> Tensor:
    """About the features (B, 2, F) of the mirrored photos: the two exchanged.

    Exact they are not, for the mesh network's crops of photo and mirrored photo differ in size.
    """
    return features.flip(1)
