"""The shading branch: the relit, re-centralized face (paper A, section 4.1)."""

from torch import Tensor, nn

from fer3d.networks.layers import EMBEDDING, convolution, convolved_side, fully_connected

FILTERS = (256, 128, 64)
KERNEL = 3  # px
STRIDE = 2


class ShadingNetwork(nn.Module):
    """Three convolutions of 256, 128, 64 filters, kernel 3, stride 2, then two layers to 128.

    Not specified by the paper and chosen here: no padding (the border of a shading image is empty,
    and it is cheaper); ReLU after every layer; batch normalization as in the base branch, but not
    after the first convolution, where its 256 large maps would take a fifth of the branch's time;
    128 units also in the first fully connected layer, the only width that the paper gives. The
    input in [0, 1] is not standardized, so that pixels without a visible face point stay zero.
    """

    def __init__(self, *, size: int = 100, dropout: float = 0.4):
        """
        Args:
            size: side of the shading image, px.
            dropout: probability that a unit between the fully connected layers is dropped.
        """
        super().__init__()
        channels, side = FILTERS[0], convolved_side(size, KERNEL, STRIDE, 0)
        layers: list[nn.Module] = [nn.Conv2d(1, channels, KERNEL, STRIDE), nn.ReLU(inplace=True)]
        for filters in FILTERS[1:]:
            layers += [*convolution(channels, filters, KERNEL, STRIDE), nn.ReLU(inplace=True)]
            channels, side = filters, convolved_side(side, KERNEL, STRIDE, 0)
        if side < 1:
            raise ValueError(f"shading images of {size} px are too small for the shading branch")
        self.convolutions = nn.Sequential(*layers)
        self.encoder = fully_connected((channels * side * side, EMBEDDING, EMBEDDING), dropout)

    def forward(self, shading: Tensor) -> Tensor:
        """
        Args:
            shading: (B, 1, H, W) float32, N . L in [0, 1], 0 where the face is hidden.

        Returns:
            (B, 128) float32.
        """
        return self.encoder(self.convolutions(shading).flatten(1))
