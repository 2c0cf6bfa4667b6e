"""The recommended branch for photo or shading image: a small ResNet."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fer3d.networks.inputs import PIXEL_MAX, fractions
from fer3d.networks.layers import (
    EMBEDDING,
    convolution,
    convolved_side,
    fully_connected,
    shortcut,
    standardize_pixels,
)

MAX_SIDE = 50  # px; larger images are averaged down to this side, see ``ResidualNetwork``
STAGES = (1, 2, 4, 8)  # filters of each stage, in widths; all but the first have stride 2
FULL_STAGES = (2, 4, 8)  # the same for maps at full resolution, all with stride 2
KERNEL = 3  # px


class ResidualNetwork(nn.Module):
    """A convolution, residual blocks, global average pooling, a layer of 128.

    A ResNet (He et al. 2016) with blocks of two 3 x 3 convolutions. At half resolution the first
    convolution has stride 2 and four stages have 1, 2, 4 and 8 times ``width`` filters; the sides
    of the maps are 25, 25, 13, 7 and 4 px for an image of 50 px. At full resolution the first
    convolution has stride 1 and three stages have 2, 4 and 8 times ``width`` filters; the sides are
    50, 25, 13 and 7 px, at twice the cost.

    Batch normalization follows every convolution; the last one of a block is initialized to zero,
    so that a block starts as its shortcut. The image is reduced to 50 px by averaging: faces in the
    wild are often not larger, and it costs a quarter.
    """

    def __init__(
        self,
        *,
        size: int = 100,
        channels: int = 3,
        width: int = 32,
        blocks: int = 1,
        centred: bool = True,
        full: bool = False,
        crop: float = 1.0,
    ):
        """
        Args:
            size: side of the input image, px.
            channels: 3 for RGB, 1 for grey.
            width: filters of the first stage; doubling them costs three to four times as much.
            blocks: in each stage.
            centred: whether pixels are standardized. Shading images are not, so that pixels
                without a visible face point stay zero.
            full: full resolution instead of half.
            crop: side of the central square that is used, relative to ``size``: the mesh network
                needs a margin around the face, in this branch the face is larger without it.
        """
        super().__init__()
        self.size, self.margin = size, round(size * (1 - crop) / 2)
        self.side = min(size - 2 * self.margin, MAX_SIDE)
        self.grey, self.centred = channels == 1, centred
        stride = 1 if full else 2
        side = convolved_side(self.side, KERNEL, stride, KERNEL // 2)
        if convolved_side(side, KERNEL, 2, KERNEL // 2) < 4:
            raise ValueError(f"images of {size} px are too small for the recommended network")
        stem = convolution(channels, width, KERNEL, stride, padding=KERNEL // 2)
        layers: list[nn.Module] = [*stem, nn.ReLU(inplace=True)]
        before = width
        for factor in FULL_STAGES if full else STAGES:
            filters = factor * width
            layers.append(BasicBlock(before, filters, stride=1 if factor == 1 else 2))
            layers += [BasicBlock(filters, filters) for _ in range(blocks - 1)]
            before = filters
        self.convolutions = nn.Sequential(*layers)
        self.encoder = fully_connected((before, EMBEDDING), 0.0)

    def forward(self, image: Tensor) -> Tensor:
        """
        Args:
            image: (B, C, H, W) float32 in [0, 1]; if ``channels`` is 1, the mean over C is used.

        Returns:
            (B, 128) float32.
        """
        image = self.reduced(image)
        if self.centred:
            image = standardize_pixels(image)
        return self.encoder(self.convolutions(image).mean(dim=(2, 3)))

    def reduced(self, image: Tensor) -> Tensor:
        """The part of the image that is used, at the resolution of the branch if that is less.

        Args:
            image: (B, C, H, W) uint8, or float32 in [0, 1].

        Returns:
            (B, C or 1, h, w) float32 in [0, 1].
        """
        if self.margin and image.shape[-1] == self.size:
            inside = slice(self.margin, -self.margin)
            image = image[..., inside, inside]
        if image.dtype == torch.uint8 and image.shape[-2:] == (2 * self.side, 2 * self.side):
            image = halved(image)
        else:
            image = fractions(image)
        if self.grey and image.shape[1] > 1:
            image = image.mean(dim=1, keepdim=True)
        if image.shape[-1] <= self.side:
            return image
        return F.interpolate(image, size=(self.side, self.side), mode="area")


def halved(image: Tensor) -> Tensor:
    """Means of squares of 2 x 2 px, (B, C, 2 H, 2 W) uint8 to (B, C, H, W) float32 in [0, 1].

    Sums of integers, rows first (docs/speed.md); fastest for pixels stored with channels last.
    """
    count, channels, height, width = image.shape
    rows = image.movedim(1, -1).reshape(count, height // 2, 2, width * channels)
    sums = (rows[:, :, 0].short() + rows[:, :, 1]).view(count, height // 2, width // 2, 2, channels)
    total = (sums[..., 0, :] + sums[..., 1, :]).movedim(-1, 1)
    return (total / (4 * PIXEL_MAX)).contiguous()  # augmentation is faster with channels first


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions, added to the input or to its projection."""

    def __init__(self, channels: int, filters: int, stride: int = 1):
        super().__init__()
        first = convolution(channels, filters, KERNEL, stride, padding=1)
        second, normalization = convolution(filters, filters, KERNEL, padding=1)
        nn.init.zeros_(normalization.weight)
        self.residual = nn.Sequential(*first, nn.ReLU(inplace=True), second, normalization)
        self.shortcut = shortcut(channels, filters, stride)

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) to (B, filters, ceil(H / stride), ceil(W / stride))."""
        return (self.residual(maps) + self.shortcut(maps)).relu()
