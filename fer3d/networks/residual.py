"""The recommended branch for a photo or a shading image: a small ResNet on half the resolution."""

import torch.nn.functional as F
from torch import Tensor, nn

from fer3d.networks.layers import (
    EMBEDDING,
    convolution,
    convolved_side,
    fully_connected,
    shortcut,
    standardize_pixels,
)

MAX_SIDE = 50  # px; larger images are averaged down to it, see ``ResidualNetwork``
STAGES = (1, 2, 4, 8)  # of the width, filters of each stage; each but the first halves the maps
KERNEL = 3  # px


class ResidualNetwork(nn.Module):
    """A convolution of stride 2, four residual blocks, the mean over the maps, one layer of 128.

    A ResNet (He et al. 2016) with a block of two convolutions of 3 x 3 a stage, of width, 2, 4 and
    8 times the width filters: 25, 25, 13, 7 and 4 px for an image of 50. Batch normalization stands
    after every convolution; the last one of a block starts at zero, so that a block starts as its
    shortcut. The image is brought to 50 px by averaging: faces in the wild are often no larger, and
    it costs a quarter.
    """

    def __init__(
        self, *, size: int = 100, channels: int = 3, width: int = 32, centred: bool = True
    ):
        """
        Args:
            size: side of the input image, px.
            channels: 3 for RGB, 1 for grey.
            width: filters of the first stage; twice as many cost three to four times as much.
            centred: whether pixels are centred and scaled. A shading image is taken as it is: zero
                is what no visible point of the face covers, and stays zero.
        """
        super().__init__()
        self.side, self.grey, self.centred = min(size, MAX_SIDE), channels == 1, centred
        side = convolved_side(self.side, KERNEL, 2, KERNEL // 2)
        if convolved_side(side, KERNEL, 2, KERNEL // 2) < 4:
            raise ValueError(f"images of {size} px are too small for the recommended network")
        stem = convolution(channels, width, KERNEL, 2, padding=KERNEL // 2)
        layers: list[nn.Module] = [*stem, nn.ReLU(inplace=True)]
        before = width
        for number, factor in enumerate(STAGES):
            layers.append(BasicBlock(before, factor * width, stride=2 if number else 1))
            before = factor * width
        self.convolutions = nn.Sequential(*layers)
        self.encoder = fully_connected((before, EMBEDDING), 0.0)

    def forward(self, image: Tensor) -> Tensor:
        """
        Args:
            image: (B, C, H, W) float32 in [0, 1]; where ``channels`` is 1 the mean over C is taken.

        Returns:
            (B, 128) float32.
        """
        image = self.reduced(image)
        if self.centred:
            image = standardize_pixels(image)
        return self.encoder(self.convolutions(image).mean(dim=(2, 3)))

    def reduced(self, image: Tensor) -> Tensor:
        """The image as the branch looks at it; one that is reduced already stays as it is."""
        if self.grey and image.shape[1] > 1:
            image = image.mean(dim=1, keepdim=True)
        if image.shape[-1] == self.side:
            return image
        return F.interpolate(image, size=(self.side, self.side), mode="area")


class BasicBlock(nn.Module):
    """Two convolutions of 3 x 3, added to the input or, resized, to its projection."""

    def __init__(self, channels: int, filters: int, stride: int = 1):
        super().__init__()
        self.residual = nn.Sequential(
            *convolution(channels, filters, KERNEL, stride, padding=1),
            nn.ReLU(inplace=True),
            *convolution(filters, filters, KERNEL, padding=1),
        )
        nn.init.zeros_(self.residual[-1].weight)
        self.shortcut = shortcut(channels, filters, stride)

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) to (B, filters, ceil(H / stride), ceil(W / stride))."""
        return (self.residual(maps) + self.shortcut(maps)).relu()
