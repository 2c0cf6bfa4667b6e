"""The whole network: the branches side by side and what joins them (paper A, section 4.3)."""

import torch
from torch import Tensor, nn

from fer3d.networks.base import BaseNetwork
from fer3d.networks.config import NetworkConfig
from fer3d.networks.landmark import LandmarkNetwork
from fer3d.networks.layers import EMBEDDING, fully_connected
from fer3d.networks.residual import ResidualNetwork
from fer3d.networks.shading import ShadingNetwork
from fer3d.networks.vertices import VerticesNetwork

WIDTHS = (512, 128)
SPARSE = ("landmark", "vertices")  # branches whose input a face may lack


def base_branch(config: NetworkConfig, size: int) -> nn.Module:
    """The branch for an aligned image of ``size`` px, (B, 3, H, W) to (B, 128)."""
    if config.preset == "recommended":
        return ResidualNetwork(size=size, channels=config.image_channels, width=config.width)
    return BaseNetwork(
        size=size,
        channels=config.image_channels,
        stem_stride=config.stem_stride,
        dropout=config.dropout,
    )


def shading_branch(config: NetworkConfig, size: int) -> nn.Module:
    """The branch for a shading image of ``size`` px, (B, 1, H, W) to (B, 128).

    The recommended one has half the base branch's width: a shading image shows less.
    """
    if config.preset == "recommended":
        width = max(config.width // 2, 1)
        return ResidualNetwork(size=size, channels=1, width=width, centred=False)
    return ShadingNetwork(size=size, dropout=config.dropout)


class FusionNetwork(nn.Module):
    """Embeddings of 128 a branch, concatenated (384 with all three), then layers of 512, 128, C.

    The softmax belongs to the loss and to ``probabilities``: ``forward`` gives logits. Dropout
    follows the concatenation's layer of 512 and stands before the last layer.
    """

    def __init__(
        self,
        config: NetworkConfig,
        classes: int,
        *,
        image_size: int = 100,
        shading_size: int = 100,
        vertices: int = 468,
    ):
        """
        Args:
            config: which branches are on, and their free choices.
            classes: number of expressions, C.
            image_size: side of an aligned image, px.
            shading_size: side of a shading image, px.
            vertices: number of a face's vertices, V.
        """
        super().__init__()
        self.config = config
        self.branches = nn.ModuleDict()
        if config.base:
            self.branches["base"] = base_branch(config, image_size)
        if config.shading:
            self.branches["shading"] = shading_branch(config, shading_size)
        if config.landmark:
            self.branches["landmark"] = LandmarkNetwork(dropout=config.dropout)
        if config.vertices:
            self.branches["vertices"] = VerticesNetwork(points=vertices, dropout=config.dropout)
        width = EMBEDDING * len(self.branches)
        self.fusion = fully_connected((width, *WIDTHS), config.dropout)
        self.classifier = nn.Sequential(nn.Dropout(config.dropout), nn.Linear(WIDTHS[-1], classes))

    def forward(
        self,
        image: Tensor | None = None,
        shading: Tensor | None = None,
        landmarks: Tensor | None = None,
        reconstructed: Tensor | None = None,
        vertices: Tensor | None = None,
    ) -> Tensor:
        """Inputs of branches that are off are not used and may be left out.

        Args:
            image: (B, 3, H, W) float32, RGB in [0, 1].
            shading: (B, 1, H, W) float32 in [0, 1], 0 where the face is hidden.
            landmarks: (B, 68, 2) or (B, 68, 3) float32, px, image frame.
            reconstructed: (B,) bool, whether the face was reconstructed, so that it has landmarks
                and vertices; all by default.
            vertices: (B, V, 3) float32, cm, face frame.

        Returns:
            (B, C) float32 logits.

        Raises:
            ValueError: the input of a branch that is on is missing.
        """
        return self.classifier(
            self.fusion(self.embed(image, shading, landmarks, reconstructed, vertices))
        )

    def embed(
        self,
        image: Tensor | None = None,
        shading: Tensor | None = None,
        landmarks: Tensor | None = None,
        reconstructed: Tensor | None = None,
        vertices: Tensor | None = None,
    ) -> Tensor:
        """The branches' embeddings side by side, (B, 128 x branches) float32; see ``forward``."""
        inputs = {"base": image, "shading": shading, "landmark": landmarks, "vertices": vertices}
        parts = []
        for name, branch in self.branches.items():
            value = inputs[name]
            if value is None:
                raise ValueError(f"the {name} branch is on and its input is missing")
            parts.append(branch(value, reconstructed) if name in SPARSE else branch(value))
        return torch.cat(parts, dim=1)

    def reduced(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """Pixels at the resolution that the branches look at; what is done to them then costs less.

        Args:
            inputs: of ``forward``.

        Returns:
            The same, for which ``forward`` gives the same logits.
        """
        pairs = (("base", "image"), ("shading", "shading"))
        return inputs | {
            name: self.branches[branch].reduced(inputs[name])
            for branch, name in pairs
            if branch in self.branches and hasattr(self.branches[branch], "reduced")
        }

    @torch.no_grad()
    def probabilities(self, **inputs: Tensor | None) -> Tensor:
        """Softmax of the logits, (B, C) float32, rows summing to 1; arguments as ``forward``."""
        return self(**inputs).softmax(dim=1)
