"""The templates of the pages, and pictures in them."""

import base64
import io

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from PIL import Image

from fer3d.files.images import resize
from fer3d.reporting import charts

QUALITY = 85  # of the pictures, as WebP


def template(name: str) -> Template:
    """A template of this package; unknown variables are errors, and texts are escaped."""
    environment = Environment(
        loader=PackageLoader("fer3d.reporting", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["plane"] = charts
    return environment.get_template(name)


def data_url(image: np.ndarray, side: int) -> str:
    """A picture as the address of an image in a page; equal pictures give equal addresses.

    Args:
        image: (H, W, 3) RGB or (H, W) grey, uint8.
        side: largest side in px; smaller images are not enlarged.
    """
    scale = min(side / max(image.shape[:2]), 1)
    width, height = (max(1, round(length * scale)) for length in image.shape[1::-1])
    buffer = io.BytesIO()
    Image.fromarray(resize(image, width, height)).save(buffer, "WEBP", quality=QUALITY)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
