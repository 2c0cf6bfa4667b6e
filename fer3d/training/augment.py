"""Label-preserving augmentation of a training batch, on its device.

Mirroring, small rotations, shifts and changes of scale, changes of brightness and contrast, and
erasing of rectangles do not change the expression. Photo and landmarks are moved together. The
shading image, which is frontal already, is mirrored with them and moved by a smaller random amount.
"""

import math
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

from fer3d.networks.branches.features import mirror_features
from fer3d.networks.branches.landmark import MIRRORED
from fer3d.networks.branches.vertices import mirror_vertices

# Largest change to either side at strength 1, uniformly distributed.
ROTATION = math.radians(15)
SCALE = 0.12  # of the logarithm of the size
SHIFT = 0.08  # of the image's side
SHADING_SHARE = 0.4  # of the above, for the shading image
BRIGHTNESS = 0.15  # of the range of a pixel
CONTRAST = 0.35  # of the logarithm of the contrast
ERASED = 0.5  # probability that a rectangle is covered
ERASED_SIDE = (0.1, 0.4)  # of the rectangle, in image sides
COARSE = 0.64  # of the sides of images, in the coarse epochs: 32 px instead of 50
JITTER = 0.004  # standard deviation of a landmark's shift, in image sides

GREY = 0.5  # value of erased rectangles in a photo


def augment(
    inputs: dict[str, Tensor],
    strength: float,
    generator: torch.Generator,
    *,
    side: int,
    partners: Tensor | None = None,
) -> dict[str, Tensor]:
    """Change each image of a batch at random.

    Args:
        inputs: arguments of ``FusionNetwork.forward``: image (B, 3, S, S) and shading (B, 1, T, T)
            float32 in [0, 1], landmarks (B, 68, 2 or 3) float32, px, image frame.
        strength: factor of the changes; 0 changes nothing, otherwise half of the faces are
            mirrored.
        generator: on the device of the batch.
        side: side of the image that the landmarks refer to, px; ``image`` may be a reduced one.
        partners: (V,) int64, the partner of each vertex in the mirrored face; needed if the inputs
            have vertices (B, V, 3) float32, cm, face frame.

    Returns:
        The same keys and shapes; pixels may be outside [0, 1]. The landmarks of faces that were not
        reconstructed are meaningless. The two halves of features (B, 2, F) of mirrored faces are
        exchanged.
    """
    if strength == 0:
        return inputs
    image, shading = inputs["image"], inputs["shading"]
    count = len(image)
    mirror = 1 - 2 * (uniform(generator, count) < 0.5).float()
    turn, shift = _motion(generator, count, strength)
    landmarks = move_points(inputs["landmarks"], _mirrored(turn, mirror), shift, side, mirror < 0)
    noise = torch.randn(landmarks.shape, generator=generator, device=landmarks.device)
    small_turn, small_shift = _motion(generator, count, strength * SHADING_SHARE)
    changed = inputs | {
        "image": _cover(
            _relight(warp(image, _mirrored(turn, mirror), shift, "border"), strength, generator),
            GREY, strength, generator,
        ),
        "shading": _cover(
            warp(shading, _mirrored(small_turn, mirror), small_shift, "zeros"),
            0.0, strength * SHADING_SHARE, generator,
        ),
        "landmarks": landmarks + strength * JITTER * side * noise,
    }  # fmt: skip
    return changed | _faces(inputs, mirror < 0, partners)


def _faces(
    inputs: dict[str, Tensor], mirrored: Tensor, partners: Tensor | None
) -> dict[str, Tensor]:
    """Vertices and features, where they are among the inputs, of mirrored faces mirrored."""
    across = {}
    if partners is not None:
        across["vertices"] = mirror_vertices(inputs["vertices"], partners)
    if "features" in inputs:
        across["features"] = mirror_features(inputs["features"])
    chosen = mirrored[:, None, None]
    return {name: torch.where(chosen, values, inputs[name]) for name, values in across.items()}


def coarser(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    """Reduce image and shading image to ``COARSE`` of their sides by averaging.

    A residual network takes images of any size. Trained with small ones first, it needs less than
    half of the time for these epochs; the last epochs, with all pixels, fit it to the size in use.

    Args:
        inputs: arguments of ``FusionNetwork.forward``, reduced to the resolution of the branches.
    """
    return inputs | {
        name: F.interpolate(inputs[name], scale_factor=COARSE, mode="area")
        for name in ("image", "shading")
        if inputs[name].shape[-1] > 1
    }


def warp(image: Tensor, turn: Tensor, shift: Tensor, padding: str) -> Tensor:
    """Warp images: the content at p moves to turn p + shift, relative to the centre.

    Args:
        image: (B, C, S, S).
        turn: (B, 2, 2), invertible.
        shift: (B, 2), x and y, in image sides.
        padding: border | zeros, the values outside the image.

    Returns:
        (B, C, S, S), interpolated bilinearly.
    """
    back = torch.linalg.inv_ex(turn).inverse
    offset = -back @ (2 * shift)[..., None]  # the grid's side is 2
    grid = _affine_grid(back, offset, image.shape[-1])
    return F.grid_sample(image, grid, "bilinear", padding, align_corners=False)


def _affine_grid(matrix: Tensor, offset: Tensor, side: int) -> Tensor:
    """Sampling points of an affine map, (B, S, S, 2), as ``torch.nn.functional.affine_grid``.

    A sum of a column's and a row's share, instead of a product of matrices for every pixel.
    """
    centres = (2 * torch.arange(side, device=matrix.device) + 1) / side - 1
    columns = matrix[:, :, :1] * centres
    rows = matrix[:, :, 1:] * centres + offset
    return (columns[:, :, None] + rows[..., None]).movedim(1, -1)


def move_points(points: Tensor, turn: Tensor, shift: Tensor, side: int, mirrored: Tensor) -> Tensor:
    """Move landmarks as ``warp`` moves the image; landmarks of mirrored faces are relabelled.

    Args:
        points: (B, 68, 2 or 3) float32, px, image frame; a third coordinate is kept.
        turn: (B, 2, 2).
        shift: (B, 2), in image sides.
        side: side of the image, px.
        mirrored: (B,) bool, whether left and right points are exchanged.

    Returns:
        (B, 68, 2 or 3).
    """
    partners = points[:, _mirrored_order(points.device)]
    points = torch.where(mirrored[:, None, None], partners, points)
    flat = (points[..., :2] - side / 2) @ turn.mT + side / 2 + side * shift[:, None]
    return torch.cat([flat, points[..., 2:]], dim=-1)


@cache
def _mirrored_order(device: torch.device) -> Tensor:
    """``MIRRORED`` as (68,) int64 on a device, copied once so that steps do not wait for it."""
    return torch.tensor(MIRRORED, device=device)


def _motion(generator: torch.Generator, count: int, strength: float) -> tuple[Tensor, Tensor]:
    """Random rotations with scale, (B, 2, 2), and shifts, (B, 2), in image sides."""
    angle = strength * ROTATION * _symmetric(generator, count)
    scale = torch.exp(strength * SCALE * _symmetric(generator, count))
    cosine, sine = scale * angle.cos(), scale * angle.sin()
    turn = torch.stack([cosine, -sine, sine, cosine], dim=1).view(count, 2, 2)
    return turn, strength * SHIFT * _symmetric(generator, count, 2)


def _mirrored(turn: Tensor, mirror: Tensor) -> Tensor:
    """The matrices after x was multiplied by ``mirror``, (B,) of 1 and -1."""
    return turn * torch.stack([mirror, torch.ones_like(mirror)], dim=1)[:, None, :]


def _relight(image: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    contrast = torch.exp(strength * CONTRAST * _symmetric(generator, len(image)))
    brightness = strength * BRIGHTNESS * _symmetric(generator, len(image))
    return (image - GREY) * wide(contrast) + GREY + wide(brightness)


def _cover(image: Tensor, value: float, strength: float, generator: torch.Generator) -> Tensor:
    """Set a random rectangle of each image to a value, with probability ``ERASED`` x strength."""
    count = len(image)
    least, most = ERASED_SIDE
    extent = least + (most - least) * uniform(generator, count, 2)
    start = uniform(generator, count, 2) * (1 - extent)
    chosen = uniform(generator, count) < strength * ERASED
    mask = rectangles(start, start + extent, image.shape[-1]) & wide(chosen)
    return torch.where(mask, value, image)


def rectangles(start: Tensor, end: Tensor, side: int) -> Tensor:
    """Pixels inside of a rectangle for each image, (B, 1, S, S) bool, by their centres.

    Args:
        start: (B, 2), first row and column, in image sides.
        end: (B, 2), those after the last ones.
        side: S, px.
    """
    place = (torch.arange(side, device=start.device) + 0.5) / side
    inside = (place >= start[..., None]) & (place < end[..., None])
    return inside[:, None, 0, :, None] & inside[:, None, 1, None, :]


def wide(values: Tensor) -> Tensor:
    """(B,) as (B, 1, 1, 1)."""
    return values[:, None, None, None]


def uniform(generator: torch.Generator, *shape: int) -> Tensor:
    """Numbers in [0, 1), on the generator's device."""
    return torch.rand(shape, generator=generator, device=generator.device)


def _symmetric(generator: torch.Generator, *shape: int) -> Tensor:
    return 2 * uniform(generator, *shape) - 1
