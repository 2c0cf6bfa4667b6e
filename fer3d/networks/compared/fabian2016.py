"""Fabian-2016: EmotioNet's landmark and Gabor features, classified by KSDA."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from fer3d.networks.branches.landmark import DISTANCES, POINTS
from fer3d.networks.compared.contract import ComparedNetwork
from fer3d.networks.compared.discriminant import KernelSubclassDiscriminant
from fer3d.networks.compared.gabor import (
    FILTERS,
    gabor_features,
    geometry_features,
    scaled_shape,
    triangulate,
)
from fer3d.networks.compared.pixels import grey
from fer3d.networks.compared.points import present_points
from fer3d.networks.inputs import fractions

MIN_SPREAD = 1e-6  # of a feature over the training set; for constant features
CHUNK = 32  # faces at a time; the patches of a face need 2.5 MB


class Fabian2016(ComparedNetwork):
    """Features of the shape and of the shading, and one discriminant analysis for all classes.

    Shape: 2,278 distances between landmarks and three angles for each triangle of their Delaunay
    triangulation, with the face scaled to 300 px between the eyes. Shading: 60 Gabor responses per
    orientation and landmark (16,320 with four orientations). Nothing is learned by gradients: call
    ``triangulate`` once, then ``fit``.

    Left open by the sources and chosen here:

    - The article trains a discriminant for each action unit; here one with C classes.
    - Classification by the nearest subclass mean, not the nearest neighbour.
    - The orientations of the article are numbers of angles over pi; the published script takes the
      digits as radians.
    - Gabor filters are applied to the image, within 3 sigma of the landmark; the script evaluates
      their formula at the landmark's coordinates.
    - One triangulation, of the mean training shape, so that angles are comparable.
    - Each feature is standardized by the training faces, and each of the two blocks is divided by
      the root of its size, so that 16,320 shading features do not dominate the shape.
    - Centring divides by the number of samples, not by its square as in the authors' code.
    - Scores are minus squared distances; their softmax over the classes is not calibrated.
    - A face without landmarks has the features of the mean face, zero; ``fit`` ignores it.
    """

    triangles: Tensor  # (T, 3) int64
    mean: Tensor  # (D,) of the features
    spread: Tensor  # (D,)

    def __init__(
        self,
        classes: int,
        *,
        orientations: int = 4,
        triangles: int = 0,
        discriminant: Mapping[str, Any] | None = None,
    ):
        """
        Args:
            classes: C.
            orientations: of the Gabor filters; the article chooses among 4, 6, 8 and 10.
            triangles: T of a state to load.
            discriminant: further arguments of ``KernelSubclassDiscriminant``.
        """
        super().__init__()
        self.orientations = orientations
        self.discriminant = KernelSubclassDiscriminant(classes, **(discriminant or {}))
        self._use(torch.zeros(triangles, 3, dtype=torch.int64))

    @property
    def geometry_size(self) -> int:
        """Number of features of the shape: 2,278 + 3 T."""
        return DISTANCES + 3 * len(self.triangles)

    def triangulate(self, landmarks: Tensor) -> None:
        """Set the triangles to those of the mean shape.

        Args:
            landmarks: (N, 68, 2 or 3) float32, px, of training faces.
        """
        self._use(triangulate(scaled_shape(landmarks[..., :2]).mean(dim=0)).to(landmarks.device))

    @torch.no_grad()
    def features(self, image: Tensor, landmarks: Tensor) -> Tensor:
        """The features before standardization.

        Args:
            image: (B, 3, H, W) uint8, or float32 in [0, 1], RGB.
            landmarks: (B, 68, 2 or 3) float32, px, image frame.

        Returns:
            (B, D) float32, D = 2278 + 3 T + 68 x 60 x orientations.
        """
        parts = []
        for pixels, points in zip(image.split(CHUNK), landmarks[..., :2].split(CHUNK), strict=True):
            shading = gabor_features(grey(fractions(pixels)), points, self.orientations)
            parts.append(torch.cat([geometry_features(points, self.triangles), shading], dim=1))
        return torch.cat(parts)

    @torch.no_grad()
    def fit(self, features: Tensor, labels: Tensor) -> None:
        """Standardize the features and fit the discriminant analysis.

        Args:
            features: (N, D) float32, of training faces that have landmarks; see ``features``.
            labels: (N,) int64.
        """
        self.mean.copy_(features.mean(dim=0))
        self.spread.copy_(features.std(dim=0, correction=0).clamp_min(MIN_SPREAD))
        self.discriminant.fit(self.standardized(features), labels)

    def standardized(self, features: Tensor) -> Tensor:
        """Each feature by its mean and spread, each block over the root of its size: (B, D)."""
        return (features - self.mean) / self.spread / self._block_roots().to(features)

    def scores(self, features: Tensor, present: Tensor | None = None) -> Tensor:
        """Features before standardization, (B, D), to the scores of the classes, (B, C) float32."""
        values = self.standardized(features)
        if present is not None:
            values = torch.where(present[:, None], values, 0.0)
        return self.discriminant.decision_function(values)

    def forward(
        self,
        image: Tensor,
        landmarks: Tensor,
        reconstructed: Tensor | None = None,
        **_: Tensor | None,
    ) -> Tensor:
        """(B, C) scores; see ``ComparedNetwork``."""
        points = present_points(landmarks, reconstructed)
        return self.scores(self.features(image, points), reconstructed)

    def _block_roots(self) -> Tensor:
        sizes = torch.tensor([self.geometry_size, POINTS * FILTERS * self.orientations])
        return sizes.repeat_interleave(sizes).sqrt()

    def _use(self, triangles: Tensor) -> None:
        """Set the triangles, and allocate the statistics of the resulting number of features."""
        self.register_buffer("triangles", triangles)
        size = self.geometry_size + POINTS * FILTERS * self.orientations
        self.register_buffer("mean", torch.zeros(size, device=triangles.device))
        self.register_buffer("spread", torch.ones(size, device=triangles.device))
