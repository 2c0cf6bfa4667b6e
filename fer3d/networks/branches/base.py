"""The base branch: a shallow ResNet on the aligned image (paper A, section 4.3)."""

from torch import Tensor, nn

from fer3d.networks.layers import (
    EMBEDDING,
    convolution,
    convolved_side,
    fully_connected,
    max_pool,
    shortcut,
    standardize_pixels,
)

STEM_KERNEL = 7  # px, as in ResNet
POOL = 4  # side of the final max pooling


class BaseNetwork(nn.Module):
    """Seven convolutions of 128 | 64, 64, 128 | 64, 64, 256 filters, max pooling 4, three layers.

    A separate convolution, one identity block, one convolution block. The paper does not specify
    the following, which is chosen as in ResNet (He et al. 2016, figure 5 right, and its Keras
    version, from which the names of the blocks come): kernel 7 in the separate convolution, and 1,
    3, 1 in a block; stride 2 in the first convolution of the convolution block and in its shortcut,
    a projection that is not one of the seven convolutions; batch normalization after every
    convolution; ReLU. The stride of the separate convolution is 4; ResNet has a stride of 2 and a
    pooling of 2 there, but the paper pools only at the end. With stride 2 the branch costs six
    times as much.
    """

    def __init__(
        self, *, size: int = 100, channels: int = 3, stem_stride: int = 4, dropout: float = 0.4
    ):
        """
        Args:
            size: side of the input image, px.
            channels: 3 for RGB, 1 for grey.
            stem_stride: stride of the separate convolution.
            dropout: probability that a unit of the fully connected layers is dropped.
        """
        super().__init__()
        padding = STEM_KERNEL // 2
        self.grey = channels == 1
        self.stem = nn.Sequential(
            *convolution(channels, 128, STEM_KERNEL, stem_stride, padding=padding), nn.ReLU()
        )
        self.identity_block = ResidualBlock(128, (64, 64, 128))
        self.convolution_block = ResidualBlock(128, (64, 64, 256), stride=2)
        side = convolved_side(size, STEM_KERNEL, stem_stride, padding)
        side = convolved_side(side, 1, 2, 0) // POOL
        if side < 1:
            raise ValueError(f"images of {size} px are too small for the base branch")
        self.encoder = fully_connected((256 * side * side, 1024, 1024, EMBEDDING), dropout)

    def forward(self, image: Tensor) -> Tensor:
        """
        Args:
            image: (B, 3, H, W) float32, RGB in [0, 1]; or (B, 1, H, W) if ``channels`` is 1.

        Returns:
            (B, 128) float32.
        """
        if self.grey:
            image = image.mean(dim=1, keepdim=True)
        maps = self.stem(standardize_pixels(image))
        maps = self.convolution_block(self.identity_block(maps))
        return self.encoder(max_pool(maps, POOL).flatten(1))


class ResidualBlock(nn.Module):
    """A bottleneck: convolutions of 1, 3 and 1, added to the input or to its projection.

    With stride 1 and as many output filters as input channels it is ResNet's identity block,
    otherwise its convolution block.
    """

    def __init__(self, channels: int, filters: tuple[int, int, int], stride: int = 1):
        super().__init__()
        first, second, third = filters
        self.residual = nn.Sequential(
            *convolution(channels, first, 1, stride),
            nn.ReLU(),
            *convolution(first, second, 3, padding=1),
            nn.ReLU(),
            *convolution(second, third, 1),
        )
        self.shortcut = shortcut(channels, third, stride)

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) to (B, filters[2], ceil(H / stride), ceil(W / stride))."""
        return (self.residual(maps) + self.shortcut(maps)).relu()
