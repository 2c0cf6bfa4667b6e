"""The whole network: branches and their fusion (paper A, section 4.3)."""

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn

from fer3d.networks.branches.base import BaseNetwork
from fer3d.networks.branches.features import FeaturesNetwork, mirror_features
from fer3d.networks.branches.landmark import NARROW_WIDTHS, LandmarkNetwork, mirror_landmarks
from fer3d.networks.branches.landmark import WIDTHS as LANDMARK_WIDTHS
from fer3d.networks.branches.residual import ResidualNetwork
from fer3d.networks.branches.shading import ShadingNetwork
from fer3d.networks.branches.vertices import VerticesNetwork, mirror_vertices
from fer3d.networks.config import NetworkConfig
from fer3d.networks.inputs import input_fractions
from fer3d.networks.late import LateFusion
from fer3d.networks.layers import EMBEDDING, fully_connected

WIDTHS = (512, 128)
SPARSE = ("landmark", "vertices", "features")  # branches whose input a face may lack


def base_branch(config: NetworkConfig, size: int) -> nn.Module:
    """The branch for an aligned image of ``size`` px, (B, 3, H, W) to (B, 128)."""
    if config.preset == "paper":
        return BaseNetwork(
            size=size,
            channels=config.image_channels,
            stem_stride=config.stem_stride,
            dropout=config.dropout,
        )
    return ResidualNetwork(
        size=size,
        channels=config.image_channels,
        width=config.width,
        blocks=config.blocks,
        full=config.preset == "photos",
        crop=config.center_crop,
    )


def shading_branch(config: NetworkConfig, size: int) -> nn.Module:
    """The branch for a shading image of ``size`` px, (B, 1, H, W) to (B, 128).

    A residual one has half the width of the base branch, at half resolution: a shading image has
    less detail.
    """
    if config.preset == "paper":
        return ShadingNetwork(size=size, dropout=config.dropout)
    width = max(config.width // 2, 1)
    return ResidualNetwork(size=size, channels=1, width=width, centred=False)


def landmark_branch(config: NetworkConfig) -> LandmarkNetwork:
    """The branch for landmarks, (B, 68, 2 or 3) to (B, 128)."""
    widths = NARROW_WIDTHS if config.preset == "photos" else LANDMARK_WIDTHS
    return LandmarkNetwork(dropout=config.dropout, widths=widths)


class FusionNetwork(nn.Module):
    """Concatenated embeddings (128 per branch, 384 with all three), then layers of 512, 128, C.

    ``forward`` returns logits; the softmax is part of the loss and of ``probabilities``. There is
    dropout after the layer of 512 and before the last layer. The preset `photos` has the
    classifiers of ``LateFusion`` instead of these layers. With ``mirrored``, logits in evaluation
    mode are the means of those of the faces and of the mirrored faces.
    """

    temperature: Tensor

    def __init__(
        self,
        config: NetworkConfig,
        classes: int,
        *,
        image_size: int = 100,
        shading_size: int = 100,
        vertices: int = 468,
        features: int = 0,
    ):
        """
        Args:
            config: branches and their hyperparameters.
            classes: number of expressions, C.
            image_size: side of an aligned image, px.
            shading_size: side of a shading image, px.
            vertices: number of a face's vertices, V.
            features: number of the mesh network's features, F.
        """
        super().__init__()
        self.config = config
        self.image_size = image_size
        self.branches = nn.ModuleDict()
        if config.base:
            self.branches["base"] = base_branch(config, image_size)
        if config.shading:
            self.branches["shading"] = shading_branch(config, shading_size)
        if config.landmark:
            self.branches["landmark"] = landmark_branch(config)
        if config.vertices:
            self.branches["vertices"] = VerticesNetwork(points=vertices, dropout=config.dropout)
        if config.features:
            self.branches["features"] = FeaturesNetwork(count=features, dropout=config.dropout)
        self.register_buffer("temperature", torch.ones(()))
        width = EMBEDDING * len(self.branches)
        if config.preset == "photos":
            self.late = LateFusion(config.branches, classes, config.dropout)
            return
        self.fusion = fully_connected((width, *WIDTHS), config.dropout)
        self.classifier = nn.Sequential(nn.Dropout(config.dropout), nn.Linear(WIDTHS[-1], classes))

    @property
    def first_layers(self) -> list[Tensor]:
        """Weights of first layers for which AdamW's steps are better than Muon's.

        In the features branch, with thousands of inputs, they also take a quarter of the time
        (docs/notes/recognition.md).
        """
        if "features" not in self.branches:
            return []
        layer = cast(FeaturesNetwork, self.branches["features"]).encoder[0]
        return [cast(nn.Linear, layer).weight]

    def forward(
        self,
        image: Tensor | None = None,
        shading: Tensor | None = None,
        landmarks: Tensor | None = None,
        reconstructed: Tensor | None = None,
        vertices: Tensor | None = None,
        features: Tensor | None = None,
    ) -> Tensor:
        """Logits of a batch. Inputs of branches that are off are ignored and can be omitted.

        Args:
            image: (B, 3, H, W) float32, RGB in [0, 1].
            shading: (B, 1, H, W) float32 in [0, 1], 0 where the face is hidden.
            landmarks: (B, 68, 2) or (B, 68, 3) float32, px, image frame.
            reconstructed: (B,) bool, whether the face was reconstructed and has landmarks,
                vertices and features; all true by default.
            vertices: (B, V, 3) float32, cm, face frame.
            features: (B, 2, F) float16 or float32, of the photo and the mirrored photo.

        Returns:
            (B, C) float32 logits.

        Raises:
            ValueError: the input of a branch is missing.
        """
        return self.heads(
            image=image,
            shading=shading,
            landmarks=landmarks,
            reconstructed=reconstructed,
            vertices=vertices,
            features=features,
        )[0]

    def heads(self, **inputs: Tensor | None) -> list[Tensor]:
        """Logits of every trained classifier, each (B, C) float32; arguments as ``forward``.

        The first are those of the whole network, which ``forward`` returns.
        """
        if self.training or not self.config.mirrored:
            return self._classify(inputs)
        both = zip(self._classify(inputs), self._classify(self.mirror(inputs)), strict=True)
        return [(straight + across) / 2 for straight, across in both]

    def mirror(self, inputs: Mapping[str, Tensor | None]) -> dict[str, Tensor | None]:
        """The arguments of ``forward`` for the mirrored photos; the same keys and shapes."""
        changed = dict(inputs)
        for name in ("image", "shading"):
            if (pixels := inputs.get(name)) is not None:
                changed[name] = pixels.flip(-1)
        if (points := inputs.get("landmarks")) is not None:
            changed["landmarks"] = mirror_landmarks(points, self.image_size)
        if (vertices := inputs.get("vertices")) is not None and "vertices" in self.branches:
            branch = cast(VerticesNetwork, self.branches["vertices"])
            changed["vertices"] = mirror_vertices(vertices, branch.partners)
        if (features := inputs.get("features")) is not None:
            changed["features"] = mirror_features(features)
        return changed

    def _classify(self, inputs: dict[str, Tensor | None]) -> list[Tensor]:
        embeddings = self.embed(**inputs)
        if self.config.preset == "photos":
            return self.late(embeddings, inputs.get("reconstructed"))
        return [self.classifier(self.fusion(embeddings))]

    def embed(
        self,
        image: Tensor | None = None,
        shading: Tensor | None = None,
        landmarks: Tensor | None = None,
        reconstructed: Tensor | None = None,
        vertices: Tensor | None = None,
        features: Tensor | None = None,
    ) -> Tensor:
        """Concatenated embeddings, (B, 128 x branches) float32; arguments as ``forward``."""
        inputs = {
            "base": image,
            "shading": shading,
            "landmark": landmarks,
            "vertices": vertices,
            "features": features,
        }
        parts = []
        for name, branch in self.branches.items():
            value = inputs[name]
            if value is None:
                raise ValueError(f"the {name} branch is on, but its input is missing")
            parts.append(branch(value, reconstructed) if name in SPARSE else branch(value))
        return torch.cat(parts, dim=1)

    def reduced(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """Reduce images to the resolution of the branches, so that augmentation costs less.

        Args:
            inputs: arguments of ``forward``; images may be uint8, as from ``raw_inputs``.

        Returns:
            Arguments for which ``forward`` returns the same logits; an image that no branch sees
            has a single pixel.
        """
        small = {}
        for branch, name in (("base", "image"), ("shading", "shading")):
            if branch not in self.branches:
                small[name] = inputs[name][..., :1, :1]
            elif isinstance(network := self.branches[branch], ResidualNetwork):
                small[name] = network.reduced(inputs[name])
        return input_fractions(inputs | small)

    @torch.no_grad()
    def probabilities(self, **inputs: Tensor | None) -> Tensor:
        """Softmax of the logits, (B, C) float32, rows summing to 1; arguments as ``forward``.

        The logits are divided by ``temperature``, which calibrates the probabilities and changes no
        answer; see ``fer3d.training.temperature``.
        """
        return (self(**inputs) / self.temperature).softmax(dim=1)
