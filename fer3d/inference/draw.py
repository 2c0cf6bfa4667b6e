"""Pictures of recognized faces: boxes, probabilities as bars, inputs of the network.

+-------------------------+---------------+
| photo: box and number,  | 1 happiness   |
| mesh where asked for    | ####    anger |
|                         | ...           |
|                         | aligned shade |
+-------------------------+---------------+
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fer3d.files.images import resize
from fer3d.geometry.frames import rotation_from_pose
from fer3d.inference.face import Face
from fer3d.inference.picture_paths import Part
from fer3d.inference.recognize import Prediction
from fer3d.reconstruction.export import draw_face
from fer3d.reconstruction.surfaces import drawn_triangles
from fer3d.toolbox import Toolbox

MIN_SIDE = 320  # px; smaller photos are enlarged
PANEL = 240  # px, width
_TITLE, _BAR, _THUMBNAIL, _GAP = 24, 14, 104, 8  # px, heights
_NAMES = 96  # px, width of the names of classes
_COLOURS = ((46, 134, 222), (230, 126, 34), (39, 174, 96), (142, 68, 173), (192, 57, 43))  # RGB
_INK, _PAPER, _REST = (40, 40, 40), (255, 255, 255), (200, 205, 210)  # RGB


@dataclass(frozen=True)
class Numbered:
    """A recognized face and its number in the picture, from 1."""

    number: int
    prediction: Prediction


def draw_photo(
    image: np.ndarray, predictions: Sequence[Prediction], parts: Collection[str], toolbox: Toolbox
) -> np.ndarray:
    """A photo with its faces, and a panel with an entry for each face at the right.

    Args:
        image: (H, W, 3) uint8, RGB; enlarged if it is small.
        predictions: predictions for its faces.
        parts: see ``Part``.
        toolbox: model files.

    Returns:
        (H', W', 3) uint8, RGB.
    """
    faces = [Numbered(*face) for face in enumerate(predictions, start=1)]
    marked = _marked(image, faces, parts, toolbox)
    height = max(len(marked), sum(_entry_height(face, parts) for face in faces))
    canvas = np.full((height, marked.shape[1] + PANEL, 3), _PAPER, np.uint8)
    canvas[: len(marked), : marked.shape[1]] = marked
    canvas[:, marked.shape[1] :] = _panel(faces, parts, height)
    return canvas


def draw_frame(
    image: np.ndarray, faces: Sequence[Numbered], parts: Collection[str], toolbox: Toolbox
) -> np.ndarray:
    """A frame like in ``draw_photo``; the size of the result depends only on that of the frame.

    Args:
        image: (H, W, 3) uint8, RGB.
        faces: in the order of the panel; those that do not fit are left out.
        parts: see ``Part``.
        toolbox: model files.

    Returns:
        (H', W', 3) uint8, RGB; even sides, for video codecs.
    """
    marked = _marked(image, faces, parts, toolbox)
    height, width = (side - side % 2 for side in marked.shape[:2])
    return np.hstack([marked[:height, :width], _panel(faces, parts, height)])


def draw_faces(image: np.ndarray, faces: Sequence[Face], toolbox: Toolbox) -> np.ndarray:
    """A photo with the mesh, landmarks and axes of each face.

    Args:
        image: (H, W, 3) uint8, RGB.
        faces: those without a reconstruction are left out.
        toolbox: model files.

    Returns:
        (H, W, 3) uint8, RGB.
    """
    for face in faces:
        found = face.reconstruction
        if found.reason == "":
            triangles = drawn_triangles(len(found.vertices_image), toolbox)
            rotation = rotation_from_pose(face.pose_source)
            vertices, landmarks = face.vertices_source, face.landmarks_source
            image = draw_face(image, vertices, landmarks, rotation, triangles)
    return image


def _marked(
    image: np.ndarray, faces: Sequence[Numbered], parts: Collection[str], toolbox: Toolbox
) -> np.ndarray:
    """The photo with the mesh of each face, if asked for, its box and its number."""
    if Part.MESH in parts:
        image = draw_faces(image, [face.prediction.face for face in faces], toolbox)
    height, width = image.shape[:2]
    scale = max(1.0, MIN_SIDE / max(height, width))
    picture = Image.fromarray(resize(image, round(scale * width), round(scale * height)))
    pen = ImageDraw.Draw(picture)
    for face in faces:
        x, y, across, down = (scale * float(v) for v in face.prediction.face.aligned.box_source)
        if np.isfinite(x):
            label = f" {face.number} {face.prediction.expression} "
            draw_box(pen, (x, y, across, down), label, face.number)
    return np.asarray(picture)


def draw_box(
    pen: ImageDraw.ImageDraw, box: Sequence[float], label: str, number: int, *, size: int = 14
) -> None:
    """Draw the box of a face, with a label above it.

    Args:
        pen: of a picture.
        box: x, y, width, height, px.
        label: may be empty.
        number: of the face, from 1; selects the colour.
        size: of the letters, px.
    """
    x, y, across, down = box
    colour, font = _colour(number), ImageFont.load_default(size=size)
    pen.rectangle((x, y, x + across, y + down), outline=colour, width=max(2, size // 7))
    if label:
        place = pen.textbbox((max(x, 0), max(y - size - size // 4, 0)), label, font=font)
        pen.rectangle(place, fill=colour)
        pen.text(place[:2], label, fill=_PAPER, font=font, anchor="lt")


def _panel(faces: Sequence[Numbered], parts: Collection[str], height: int) -> np.ndarray:
    """(height, PANEL, 3) uint8: the entries of the faces, as many as fit."""
    picture = Image.new("RGB", (PANEL, height), _PAPER)
    top = 0
    for face in faces:
        _draw_entry(picture, face, parts, top)
        top += _entry_height(face, parts)
        if top + _entry_height(face, parts) > height:
            break
    return np.asarray(picture)


def _entry_height(face: Numbered, parts: Collection[str]) -> int:
    thumbnails = _THUMBNAIL if {Part.ALIGNED, Part.SHADING} & set(parts) else 0
    return _TITLE + _BAR * len(face.prediction.probabilities) + thumbnails + _GAP


def _draw_entry(picture: Image.Image, face: Numbered, parts: Collection[str], top: int) -> None:
    """A title, a bar for each class, and thumbnails on request."""
    prediction, colour = face.prediction, _colour(face.number)
    pen, small = ImageDraw.Draw(picture), ImageFont.load_default(size=11)
    title = f"{face.number}  {prediction.expression}  {prediction.confidence:.0%}"
    pen.text((8, top + 5), title, fill=colour, font=ImageFont.load_default(size=14))
    y = top + _TITLE
    for name, value in prediction.probabilities.items():
        best = name == prediction.expression
        end = _NAMES + round(value * (PANEL - _NAMES - 8))
        pen.text((8, y), name, fill=_INK, font=small)
        pen.rectangle((_NAMES, y + 2, end, y + _BAR - 3), fill=colour if best else _REST)
        y += _BAR
    images = {Part.ALIGNED: prediction.face.aligned.image, Part.SHADING: prediction.relit.shading}
    for place, shown in enumerate(image for part, image in images.items() if part in parts):
        thumbnail = Image.fromarray(resize(shown, _THUMBNAIL - 4, _THUMBNAIL - 4)).convert("RGB")
        picture.paste(thumbnail, (8 + place * _THUMBNAIL, y + 2))


def _colour(number: int) -> tuple[int, int, int]:
    return _COLOURS[(number - 1) % len(_COLOURS)]
