"""What decides the shape of the network."""

from dataclasses import dataclass


@dataclass(frozen=True)
class NetworkConfig:
    """Branches and free choices of the recognition network.

    Attributes:
        base: the branch that sees the aligned image.
        shading: the branch that sees the shading image.
        landmark: the branch that sees the distances between 68 landmarks.
        dropout: probability that a unit after a hidden fully connected layer is dropped, 0 .. 1.
        stem_stride: stride of the base branch's first convolution, 2 or 4, see ``base``.
        image_channels: 3 for RGB, 1 for grey (the mean of the three is taken).

    Raises:
        ValueError: no branch is on, or a value is out of range.
    """

    base: bool = True
    shading: bool = True
    landmark: bool = True
    dropout: float = 0.4
    stem_stride: int = 4
    image_channels: int = 3

    def __post_init__(self) -> None:
        if not (self.base or self.shading or self.landmark):
            raise ValueError("network: expected at least one of base, shading, landmark, got none")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"network.dropout: expected 0 <= dropout < 1, got {self.dropout}")
        if self.stem_stride not in (2, 4):
            raise ValueError(f"network.stem_stride: expected 2 or 4, got {self.stem_stride}")
        if self.image_channels not in (1, 3):
            raise ValueError(f"network.image_channels: expected 1 or 3, got {self.image_channels}")

    @property
    def branches(self) -> tuple[str, ...]:
        """The names of the branches that are on."""
        return tuple(name for name in ("base", "shading", "landmark") if getattr(self, name))
