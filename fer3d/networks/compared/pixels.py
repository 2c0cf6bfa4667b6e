"""Conversion of aligned RGB images to the input of a compared model."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fer3d.networks.inputs import fractions

LUMA = (0.299, 0.587, 0.114)  # of red, green and blue (ITU-R BT.601), as OpenCV converts to grey
MIN_STD = 1e-3  # of pixels in [0, 1] over the training set; for equal images


def grey(image: Tensor) -> Tensor:
    """Luma of RGB, (B, 3, H, W) to (B, 1, H, W)."""
    return (image * image.new_tensor(LUMA)[:, None, None]).sum(dim=1, keepdim=True)


class PixelInput(nn.Module):
    """Conversion to grey or RGB, area-averaging resize, standardization, central crop.

    Pixels in [0, 1] are standardized per channel by mean and standard deviation of the training
    images. None of the six articles specifies another scale.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, side: int, channels: int, *, crop: int | None = None):
        """
        Args:
            side: of the image after resizing, px.
            channels: 3 for RGB, 1 for grey.
            crop: side of the central crop, px; by default no crop.
        """
        super().__init__()
        self.side, self.channels, self.crop = side, channels, crop
        self.register_buffer("mean", torch.full((channels, 1, 1), 0.5))
        self.register_buffer("std", torch.full((channels, 1, 1), 0.25))

    def standardize_by(self, mean: Tensor, std: Tensor) -> None:
        """Set mean and standard deviation, (C,) each, of pixels in [0, 1]."""
        self.mean.copy_(mean.view_as(self.mean))
        self.std.copy_(std.view_as(self.std).clamp_min(MIN_STD))

    def reduced(self, image: Tensor) -> Tensor:
        """The image in the model's colours and size; a reduced image is not changed.

        Args:
            image: (B, 3, H, W) uint8, or float32 in [0, 1].

        Returns:
            (B, C, side, side) float32 in [0, 1], contiguous with channels first. These networks are
            equally fast, and oneDNN's strided 1 x 1 convolution of few channels, channels last,
            wrote outside its memory (PyTorch 2.13).
        """
        image = fractions(image)
        if self.channels == 1 and image.shape[1] == len(LUMA):
            image = grey(image)
        if image.shape[-2:] != (self.side, self.side):
            image = F.interpolate(image, size=(self.side, self.side), mode="area")
        return image.contiguous()

    def forward(self, image: Tensor) -> Tensor:
        """(B, 3, H, W) as ``reduced`` takes it to (B, C, crop, crop), standardized."""
        image = (self.reduced(image) - self.mean) / self.std
        if self.crop is None:
            return image
        start = (self.side - self.crop) // 2
        return image[..., start : start + self.crop, start : start + self.crop]
