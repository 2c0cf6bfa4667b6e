"""The features of Fabian-2016: distances and angles of landmarks, Gabor responses around them."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from fer3d.networks.branches.landmark import pairwise_distances

EYE_DISTANCE = 300.0  # px, between the eye centres, to which every face is scaled
LEFT_EYE, RIGHT_EYE = slice(36, 42), slice(42, 48)  # in the image
WAVELENGTHS = (4.0, 4 * math.sqrt(2), 8.0, 8 * math.sqrt(2), 16.0)  # px
WIDTHS = (0.25, 0.5, 0.75, 1.0)  # sigma of the envelope, in wavelengths
PHASES = (0.0, 1.0, 2.0)  # radians
REACH = 3  # sigmas to either side, extent of a filter
FILTERS = len(WAVELENGTHS) * len(WIDTHS) * len(PHASES)  # for each orientation
MIN_DISTANCE = 1e-6  # px, between the eyes; it is zero without landmarks


def eye_distance(points: Tensor) -> Tensor:
    """Distance of the eye centres, (B, 68, 2) to (B,), px."""
    left, right = points[:, LEFT_EYE].mean(dim=1), points[:, RIGHT_EYE].mean(dim=1)
    return (right - left).norm(dim=1)


def scaled_shape(points: Tensor) -> Tensor:
    """Landmarks relative to the midpoint of the eyes, with 300 px between the eyes: (B, 68, 2)."""
    middle = (points[:, LEFT_EYE].mean(dim=1) + points[:, RIGHT_EYE].mean(dim=1)) / 2
    scale = EYE_DISTANCE / eye_distance(points).clamp_min(MIN_DISTANCE)
    return (points - middle[:, None]) * scale[:, None, None]


def triangulate(shape: Tensor) -> Tensor:
    """Delaunay triangles of one shape, (68, 2) to (T, 3) int64."""
    from scipy.spatial import Delaunay  # not needed for training networks

    return torch.from_numpy(Delaunay(shape.double().cpu().numpy()).simplices).long()


def geometry_features(points: Tensor, triangles: Tensor) -> Tensor:
    """All distances between landmarks, and the three angles of each triangle.

    Args:
        points: (B, 68, 2) float32, px.
        triangles: (T, 3) int64.

    Returns:
        (B, 2278 + 3 T) float32, in px of the scaled face, then radians.
    """
    shape = scaled_shape(points)
    return torch.cat([pairwise_distances(shape), triangle_angles(shape, triangles)], dim=1)


def triangle_angles(points: Tensor, triangles: Tensor) -> Tensor:
    """Angles at the corners, (B, P, 2) and (T, 3) to (B, 3 T), radians, 0 .. pi."""
    corners = points[:, triangles]  # (B, T, 3, 2)
    forth, back = corners.roll(-1, dims=2) - corners, corners.roll(1, dims=2) - corners
    cross = forth[..., 0] * back[..., 1] - forth[..., 1] * back[..., 0]
    return torch.atan2(cross.abs(), (forth * back).sum(dim=-1)).flatten(1)


def gabor_features(image: Tensor, points: Tensor, orientations: int) -> Tensor:
    """Responses of Gabor filters at the landmarks of the face scaled to 300 px between the eyes.

    The filter is exp(-(u^2 + v^2) / 2 sigma^2) cos(2 pi u / lambda + phi), u along its orientation,
    cut at 3 sigma; orientations are multiples of pi over their number.

    Args:
        image: (B, 1, H, W) float32, grey in [0, 1].
        points: (B, 68, 2) float32, px of the image.
        orientations: number of orientations.

    Returns:
        (B, 68 x 60 x orientations) float32, by landmark, wavelength and width, orientation, phase.
    """
    largest = _reach(WAVELENGTHS[-1] * WIDTHS[-1])
    patches = sample_patches(image, points, largest)  # (B, 68, S, S)
    responses = []
    for wavelength in WAVELENGTHS:
        for width in WIDTHS:
            sigma = width * wavelength
            inside = slice(largest - _reach(sigma), largest + _reach(sigma) + 1)
            bank = gabor_bank(wavelength, sigma, orientations).to(image)
            responses.append(patches[..., inside, inside].flatten(2) @ bank.flatten(1).T)
    return torch.cat(responses, dim=2).flatten(1)


def gabor_bank(wavelength: float, sigma: float, orientations: int) -> Tensor:
    """Filters of one wavelength and width.

    Returns:
        (orientations x 3, S, S) float32, S = 2 ceil(3 sigma) + 1.
    """
    reach = _reach(sigma)
    place = torch.arange(-reach, reach + 1, dtype=torch.float64)
    y, x = torch.meshgrid(place, place, indexing="ij")
    envelope = torch.exp(-(x**2 + y**2) / (2 * sigma**2))
    filters = []
    for number in range(orientations):
        angle = math.pi * number / orientations
        u = x * math.cos(angle) + y * math.sin(angle)
        filters += [envelope * (2 * math.pi * u / wavelength + phase).cos() for phase in PHASES]
    return torch.stack(filters).float()


def sample_patches(image: Tensor, points: Tensor, reach: int) -> Tensor:
    """Square patches around the landmarks, in pixels of the scaled face.

    Args:
        image: (B, 1, H, W) float32.
        points: (B, P, 2) float32, px, origin at the top left corner of the top left pixel.
        reach: pixels of the scaled face to either side.

    Returns:
        (B, P, 2 reach + 1, 2 reach + 1) float32, bilinear; outside the image, border pixels are
        repeated.
    """
    place = torch.arange(-reach, reach + 1, device=image.device, dtype=image.dtype)
    y, x = torch.meshgrid(place, place, indexing="ij")
    step = eye_distance(points)[:, None, None, None] / EYE_DISTANCE
    offsets = step * torch.stack([x, y], dim=-1).view(1, 1, -1, 2)
    size = image.new_tensor([image.shape[-1], image.shape[-2]])
    grid = 2 * (points[:, :, None] + offsets) / size - 1
    patches = F.grid_sample(image, grid, "bilinear", "border", align_corners=False)
    return patches.view(len(image), points.shape[1], len(place), len(place))


def _reach(sigma: float) -> int:
    """Pixels to either side of a filter's centre."""
    return math.ceil(REACH * sigma)
