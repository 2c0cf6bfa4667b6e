"""PRN's points of an image, in the image frame.

Three conventions of the authors are converted. Their origin is a pixel centre, ours a pixel corner.
Their z points towards the viewer (their renderer shows the surface with larger z, and the farthest
point of a map is at zero), ours away from the viewer. They crop around a box, here around five
points.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8

from fer3d.geometry.affine import Crop, whole_crop
from fer3d.geometry.typing import FivePoints, Image
from fer3d.machine.threads import reproducible_torch
from fer3d.reconstruction.crops import five_point_layout
from fer3d.reconstruction.mesh import Mesh
from fer3d.reconstruction.prnet import files
from fer3d.reconstruction.prnet.network import POSITION_RANGE, SIZE, from_variables, variable_shapes

CROP_SCALE = 1.6  # side of the crop, relative to the mean side of the face's box, as published

# The box is that of the 68 landmarks, as in the authors' training. On the reference face, relative
# to the larger of the distances between the eyes and between eyes and mouth:
BOX_SIDE = 2.11  # mean of width and height
BOX_DROP = 0.227  # its centre below the midpoint of eyes and mouth

PIXEL_CENTRE = 0.5  # px, from a pixel's corner
AWAY_FROM_VIEWER = np.array([1.0, 1.0, -1.0])


class Prn:
    """The loaded network; calls are independent of each other."""

    def __init__(self, file: Path, device: str = "cpu"):
        """Load the network and its tables from PRN's model file.

        Raises:
            UserError: the file is damaged, or is not PRN's.
        """
        self._device = torch.device(device)
        variables = files.read_variables(file, variable_shapes())
        self._network = from_variables(variables).to(self._device)
        self._tables = files.read_tables(file)

    def __call__(self, image: Image, points: FivePoints) -> Mesh:
        """The points of one face.

        Args:
            image: (H, W, 3) uint8, RGB.
            points: (5, 2) float, px, image frame: eyes, nose and corners of the mouth, left and
                right as seen; NaN if no face was detected: then the whole image is used.

        Returns:
            43,867 vertices. PRN has no confidence: presence is 1 if a face was detected, else 0.
        """
        crop = prn_crop(image.shape[:2], points)
        positions = to_image_frame(self.position_map(crop.sample(image, SIZE)), crop)
        return Mesh(
            self._tables.points(positions),
            self._tables.landmarks(positions),
            float(np.isfinite(points).all()),
        )

    def position_map(
        self, pixels: UInt8[np.ndarray, "256 256 3"]
    ) -> Float[np.ndarray, "256 256 3"]:
        """The output of the network for a crop (256, 256, 3) uint8 RGB.

        Returns:
            (256, 256, 3) float64: x, y, z in crop px, in the authors' convention.
        """
        crop = torch.from_numpy(pixels).to(self._device).permute(2, 0, 1)[None]
        with torch.inference_mode(), reproducible_torch(cudnn=True):
            (positions,) = self._network(crop.float() / 255)
        return positions.permute(1, 2, 0).cpu().numpy().astype(np.float64) * POSITION_RANGE


@lru_cache(maxsize=2)
def load_prn(file: Path, device: str) -> Prn:
    """The network of a file, once per process."""
    return Prn(file, device)


def prn_crop(shape: tuple[int, int], points: FivePoints) -> Crop:
    """The crop around the five points, or the whole image without them.

    Args:
        shape: height and width of the image, px.
        points: (5, 2) float, as for ``Prn``.
    """
    if not np.isfinite(points).all():
        return whole_crop(shape)
    middle, across, unit = five_point_layout(points)
    down = np.array([-across[1], across[0]]) / max(np.linalg.norm(across), np.finfo(float).tiny)
    x, y = middle + BOX_DROP * unit * down
    return Crop(float(x), float(y), float(CROP_SCALE * BOX_SIDE * unit))


def to_image_frame(
    positions: Float[np.ndarray, "*shape 3"], crop: Crop
) -> Float[np.ndarray, "*shape 3"]:
    """Transform a position map (..., 3) from crop px, authors' convention, to the image frame."""
    corner = np.array([PIXEL_CENTRE, PIXEL_CENTRE, 0.0])
    return crop.to_image(positions * AWAY_FROM_VIEWER + corner, SIZE)
