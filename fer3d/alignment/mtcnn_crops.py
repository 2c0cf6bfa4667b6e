"""Cropping and resizing, equal to the TensorFlow operations of the `mtcnn` package."""

import cv2
import numpy as np
import torch
from torch import Tensor


def normalize(values: Tensor) -> Tensor:
    """Pixel values 0 to 255, normalised to about -1 to 1 for MTCNN's networks."""
    return (values - 127.5) / 128


def shrink(images: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resize images (N, H, W, 3) float32 to (N, height, width, 3) by area averages.

    Equals ``tf.image.resize(method=AREA)`` for shrinking.
    """
    out = np.empty((len(images), height, width, images.shape[-1]), np.float32)
    for image, target in zip(images, out, strict=True):
        cv2.resize(image, (width, height), target, interpolation=cv2.INTER_AREA)
    return out


def pack(images: np.ndarray) -> Tensor:
    """RGB images (N, H, W, 3) uint8 packed into one integer per pixel: (N, H, W) int32.

    Crops then gather whole pixels instead of single channels.
    """
    padded = np.zeros((*images.shape[:3], 4), np.uint8)
    padded[..., :3] = images
    return torch.from_numpy(padded.view(np.int32)[..., 0])


def crop(packed: Tensor, owner: Tensor, boxes: Tensor, size: int) -> Tensor:
    """Crops of boxes, resized bilinearly and normalized; zero outside the image.

    Equals ``tf.image.crop_and_resize`` on normalized images, with boxes relative to the image's
    sides.

    Args:
        packed: (N, H, W) int32, see ``pack``.
        owner: (n,) int64, index of the image of each box.
        boxes: (n, 4) float64, x1, y1, x2, y2, px.
        size: side of the crops, px.

    Returns:
        (n, 3, size, size) float32, channels last in memory.
    """
    _, height, width = packed.shape
    left, right, across, in_x = _axis(boxes[:, 0], boxes[:, 2], width, size)
    top, bottom, down, in_y = _axis(boxes[:, 1], boxes[:, 3], height, size)
    flat = packed.flatten()
    upper = (owner[:, None] * height + top)[:, :, None] * width
    lower = (owner[:, None] * height + bottom)[:, :, None] * width
    across, down = across[:, None, :, None], down[:, :, None, None]
    first = torch.lerp(_pixels(flat, upper, left), _pixels(flat, upper, right), across)
    second = torch.lerp(_pixels(flat, lower, left), _pixels(flat, lower, right), across)
    crops = normalize(torch.lerp(first, second, down)[..., :3])
    inside = (in_y[:, :, None] & in_x[:, None, :])[..., None]
    return (crops * inside).permute(0, 3, 1, 2)


def _axis(
    start: Tensor, stop: Tensor, side: int, size: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Along one axis: the two pixels (n, size) around each sample, its weight, and if it is inside.

    Computed in float32 and in TensorFlow's order, so that samples on the border are classified
    alike.
    """
    low, high = (start / side).float(), (stop / side).float()
    step = (high - low) * (side - 1) / (size - 1)
    position = low[:, None] * (side - 1) + torch.arange(size, device=start.device) * step[:, None]
    inside = (position >= 0) & (position <= side - 1)
    floor = position.floor()
    near = floor.long().clamp(0, side - 1)
    far = position.ceil().long().clamp(0, side - 1)
    return near, far, position - floor, inside


def _pixels(flat: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Pixels (n, size, size, 4) at the row offsets (n, size, 1) and columns (n, size)."""
    return torch.take(flat, rows + columns[:, None, :])[..., None].view(torch.uint8).float()
