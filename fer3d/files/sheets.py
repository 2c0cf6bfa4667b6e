"""Contact sheets."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fer3d.files.images import resize


def contact_sheet(
    rows: Sequence[Sequence[np.ndarray]],
    *,
    row_titles: Sequence[str] = (),
    column_titles: Sequence[str] = (),
    cell: int = 100,
    gap: int = 4,
) -> np.ndarray:
    """Images in a grid of square cells, with titles at the left and on top.

    Args:
        rows: rows of (H, W, 3) RGB or (H, W) grey uint8 images; rows may differ in length.
        cell: side of a cell, px.
        gap: white space between cells, px.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    columns = max((len(row) for row in rows), default=0)
    font = ImageFont.load_default(size=13)
    left = max((int(font.getlength(title)) + 12 for title in row_titles), default=0)
    top = 22 if column_titles else 0
    size = (left + columns * (cell + gap) + gap, top + len(rows) * (cell + gap) + gap)
    sheet = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(sheet)
    for j, title in enumerate(column_titles):
        draw.text((left + gap + j * (cell + gap), 4), title, fill="black", font=font)
    for i, row in enumerate(rows):
        y = top + gap + i * (cell + gap)
        if i < len(row_titles):
            draw.text((6, y + cell // 2 - 8), row_titles[i], fill="black", font=font)
        for j, image in enumerate(row):
            sheet.paste(_fit(image, cell), (left + gap + j * (cell + gap), y))
    return np.asarray(sheet)


def _fit(image: np.ndarray, cell: int) -> Image.Image:
    scale = cell / max(image.shape[:2])
    width, height = (max(1, round(side * scale)) for side in (image.shape[1], image.shape[0]))
    fitted = Image.new("RGB", (cell, cell), "white")
    picture = Image.fromarray(resize(image, width, height)).convert("RGB")
    fitted.paste(picture, ((cell - width) // 2, (cell - height) // 2))
    return fitted
