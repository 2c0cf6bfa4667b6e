"""Pictures in notebooks, as HTML that needs no other file."""

import html
from base64 import b64encode
from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from fer3d.files.images import encode_png, resize

SIDE = 480  # px, longest side of the picture of an image
LINE = (255, 220, 60)  # RGB


def thumbnail(image: np.ndarray) -> np.ndarray:
    """An image (H, W, 3) uint8 of which no side is longer than ``SIDE``."""
    height, width = image.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    return resize(image, max(1, round(width * scale)), max(1, round(height * scale)))


def with_boxes(image: np.ndarray, boxes: Sequence[Sequence[float]]) -> np.ndarray:
    """An image (H, W, 3) uint8 with boxes: x, y, width, height in its px."""
    drawn = image.copy()
    for x, y, width, height in boxes:
        corners = np.rint([x, y, x + width, y + height]).astype(int)
        left, top, right, bottom = map(int, corners)
        cv2.rectangle(drawn, (left, top), (right, bottom), LINE, 2, cv2.LINE_AA)
    return drawn


def image_html(image: np.ndarray, description: str) -> str:
    """An image (H, W, 3) or (H, W) uint8, with a description for those who do not see it."""
    return f'<img alt="{html.escape(description)}" src="{png_url(image)}">'


def png_url(image: np.ndarray) -> str:
    """An image (H, W, 3) or (H, W) uint8 as a data URL, without loss."""
    return f"data:image/png;base64,{b64encode(encode_png(image)).decode()}"


def bars_html(values: Mapping[str, float]) -> str:
    """A bar for each value from 0 to 1."""
    rows = (
        f'<tr><td>{html.escape(name)}</td><td><progress aria-label="{html.escape(name)}" '
        f'value="{value:.4f}"></progress></td><td>{value:.2f}</td></tr>'
        for name, value in values.items()
    )
    return f"<table>{''.join(rows)}</table>"


def figure_html(parts: Sequence[str], caption: str) -> str:
    """Pieces of HTML side by side, and a caption."""
    style = "display:flex;flex-wrap:wrap;gap:1em;align-items:start"
    return (
        f'<figure><div style="{style}">{"".join(parts)}</div>'
        f"<figcaption>{html.escape(caption)}</figcaption></figure>"
    )
