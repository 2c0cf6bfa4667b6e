"""Pictures of the page."""

import io
from base64 import b64encode
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from fer3d.files.images import resize
from fer3d.geometry.frames import rotation_from_pose
from fer3d.inference.draw import draw_box
from fer3d.inference.face import Face
from fer3d.reconstruction.export import draw_face
from fer3d.reconstruction.surfaces import drawn_triangles
from fer3d.toolbox import Toolbox

LEAST_SIDE, MOST_SIDE = 480, 960  # px, longest side of a photo on the page
JPEG_QUALITY = 90
_NO_TRIANGLES = np.zeros((0, 3), np.int64)


def marked_photo(
    image: np.ndarray, faces: Sequence[Face], toolbox: Toolbox, *, mesh: bool = False
) -> np.ndarray:
    """A photo with the box, the number, the landmarks and the axes of each face.

    Args:
        image: (H, W, 3) uint8, RGB.
        faces: in the order of their numbers; a single one is not numbered.
        toolbox: model files.
        mesh: draw the mesh, too.

    Returns:
        (h, w, 3) uint8, RGB, its longer side between ``LEAST_SIDE`` and ``MOST_SIDE``.
    """
    height, width = image.shape[:2]
    longest = max(height, width)
    scale = float(np.clip(longest, LEAST_SIDE, MOST_SIDE)) / longest
    drawn = resize(image, max(1, round(scale * width)), max(1, round(scale * height)))
    for face in faces:
        if face.reconstruction.reason == "":
            drawn = _with_landmarks(drawn, face, scale, toolbox, mesh=mesh)
    return _with_boxes(drawn, [scale * face.aligned.box_source for face in faces])


def _with_landmarks(
    image: np.ndarray, face: Face, scale: float, toolbox: Toolbox, *, mesh: bool
) -> np.ndarray:
    vertices = face.vertices_source
    triangles = drawn_triangles(len(vertices), toolbox) if mesh else _NO_TRIANGLES
    rotation = rotation_from_pose(face.pose_source)
    return draw_face(image, scale * vertices, scale * face.landmarks_source, rotation, triangles)


def _with_boxes(image: np.ndarray, boxes: Sequence[np.ndarray]) -> np.ndarray:
    picture = Image.fromarray(image)
    pen = ImageDraw.Draw(picture)
    for number, box in enumerate(boxes, start=1):
        label = f" {number} " if len(boxes) > 1 else ""
        draw_box(pen, box.tolist(), label, number, size=max(picture.size) // 36)
    return np.asarray(picture)


def jpeg_url(image: np.ndarray) -> str:
    """An image (H, W, 3) uint8 as a data URL; smaller than PNG for photos."""
    data = io.BytesIO()
    Image.fromarray(image).save(data, "JPEG", quality=JPEG_QUALITY)
    return f"data:image/jpeg;base64,{b64encode(data.getvalue()).decode()}"
