"""What decides the shape of the network."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

NETWORK_PRESETS = ("recommended", "paper")


@dataclass(frozen=True)
class NetworkConfig:
    """Branches and free choices of the recognition network; the defaults are the paper's.

    Attributes:
        preset: paper: the published layers; recommended: small ResNets for photo and shading.
        base: the branch that sees the aligned image.
        shading: the branch that sees the shading image.
        landmark: the branch that sees the distances between 68 landmarks.
        dropout: probability that a unit after a hidden fully connected layer is dropped, 0 .. 1.
        stem_stride: of the paper's base branch, its first convolution's stride, 2 or 4.
        width: of the recommended base branch, filters of its first stage.
        image_channels: 3 for RGB, 1 for grey (the mean of the three is taken).

    Raises:
        ValueError: no branch is on, or a value is out of range.
    """

    preset: str = "paper"
    base: bool = True
    shading: bool = True
    landmark: bool = True
    dropout: float = 0.4
    stem_stride: int = 4
    width: int = 32
    image_channels: int = 3

    def __post_init__(self) -> None:
        if self.preset not in NETWORK_PRESETS:
            expected = " | ".join(NETWORK_PRESETS)
            raise ValueError(f"network.preset: expected {expected}, got {self.preset!r}")
        if not (self.base or self.shading or self.landmark):
            raise ValueError("network: expected at least one of base, shading, landmark, got none")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"network.dropout: expected 0 <= dropout < 1, got {self.dropout}")
        if self.stem_stride not in (2, 4):
            raise ValueError(f"network.stem_stride: expected 2 or 4, got {self.stem_stride}")
        if self.width < 4:
            raise ValueError(f"network.width: expected at least 4, got {self.width}")
        if self.image_channels not in (1, 3):
            raise ValueError(f"network.image_channels: expected 1 or 3, got {self.image_channels}")

    @property
    def branches(self) -> tuple[str, ...]:
        """The names of the branches that are on."""
        return tuple(name for name in ("base", "shading", "landmark") if getattr(self, name))


PAPER_NETWORK = NetworkConfig()
RECOMMENDED_NETWORK = NetworkConfig(preset="recommended", dropout=0.2)


def network_config(values: Mapping[str, object]) -> NetworkConfig:
    """A preset with other values where they are given.

    Args:
        values: of ``NetworkConfig``, ``preset`` among them; None stands for the preset's value.
    """
    preset = PAPER_NETWORK if values["preset"] == "paper" else RECOMMENDED_NETWORK
    return replace(preset, **{name: value for name, value in values.items() if value is not None})
