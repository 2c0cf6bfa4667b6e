"""Export of faces: a PLY mesh, and a picture with landmarks and axes."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Integer, Shaped, UInt8

from fer3d.files.outputs import SOFTWARE
from fer3d.geometry.sampling import sample_colours
from fer3d.geometry.typing import Image, Triangles

LINE, POINT = (255, 220, 60), (60, 230, 120)  # RGB
AXES = ((230, 70, 70), (80, 200, 80), (70, 130, 255))  # RGB: x, y, z of the face frame
AXIS_LENGTH = 0.5  # of the landmarks' height
OPACITY = 0.35  # of the mesh's edges


def encode_ply(
    vertices: Shaped[np.ndarray, "v 3"], colours: UInt8[np.ndarray, "v 3"], triangles: Triangles
) -> bytes:
    """A coloured triangle mesh as binary PLY.

    Args:
        vertices: (V, 3) float.
        colours: (V, 3) uint8, RGB.
        triangles: (T, 3) integer.
    """
    points = np.empty(len(vertices), [("xyz", "<f4", 3), ("rgb", "u1", 3)])
    points["xyz"], points["rgb"] = vertices, colours
    faces = np.empty(len(triangles), [("count", "u1"), ("corners", "<i4", 3)])
    faces["count"], faces["corners"] = 3, triangles
    header = "\n".join(
        [
            "ply",
            "format binary_little_endian 1.0",
            f"comment {SOFTWARE}",
            f"element vertex {len(points)}",
            *(f"property float {axis}" for axis in "xyz"),
            *(f"property uchar {channel}" for channel in ("red", "green", "blue")),
            f"element face {len(faces)}",
            "property list uchar int vertex_indices",
            "end_header\n",
        ]
    )
    return header.encode() + points.tobytes() + faces.tobytes()


def scene_mesh(
    image: Image, faces: Sequence[Float[np.ndarray, "v 3"]], triangles: Triangles
) -> tuple[Float[np.ndarray, "nv 3"], UInt8[np.ndarray, "nv 3"], Integer[np.ndarray, "nt 3"]]:
    """All faces of a photo as one mesh: x right, y up, z towards the viewer, px.

    Args:
        image: (H, W, 3) uint8, RGB.
        faces: (V, 3) float, px, image frame, each.
        triangles: (T, 3) integer, of one face.

    Returns:
        Vertices (N V, 3) float64, their colours in the photo (N V, 3) uint8 and triangles
        (N T, 3) int64.
    """
    if not faces:
        return np.zeros((0, 3)), np.zeros((0, 3), np.uint8), np.zeros((0, 3), np.int64)
    vertices = np.concatenate(faces)
    offsets = np.arange(len(faces))[:, None, None] * len(faces[0])
    triangles = (triangles + offsets).reshape(-1, 3)
    return vertices * [1, -1, -1], sample_colours(image, vertices), triangles


def draw_face(
    image: Image,
    vertices: Float[np.ndarray, "v 3"],
    landmarks: Float[np.ndarray, "68 3"],
    face_from_image: Float[np.ndarray, "3 3"],
    triangles: Triangles,
) -> Image:
    """A photo with the edges of the mesh, the landmarks and the axes of the face.

    Args:
        image: (H, W, 3) uint8, RGB.
        vertices: (V, 3) float, px, image frame.
        landmarks: (68, 3) float, px, image frame.
        face_from_image: (3, 3) float, rotation.
        triangles: (T, 3) integer.

    Returns:
        (H, W, 3) uint8, RGB; a copy.
    """
    import cv2

    size = float(np.ptp(landmarks[:, 1]))
    thickness = max(1, round(size / 150))
    lines = image.copy()
    corners = _pixels(vertices)[triangles]
    cv2.polylines(lines, list(corners), True, LINE, 1, cv2.LINE_AA)
    canvas = cv2.addWeighted(image, 1 - OPACITY, lines, OPACITY, 0)
    for centre in _pixels(landmarks).tolist():
        cv2.circle(canvas, centre, thickness, POINT, -1, cv2.LINE_AA)
    start = landmarks[30]  # the tip of the nose
    for axis, colour in zip(face_from_image, AXES, strict=True):
        first, last = _pixels(np.stack([start, start + AXIS_LENGTH * size * axis])).tolist()
        cv2.line(canvas, first, last, colour, 2 * thickness, cv2.LINE_AA)
    return canvas


def _pixels(points: np.ndarray) -> np.ndarray:
    """(N, 2) int32, the pixel that each point (N, 2 or more), in px, lies in."""
    return np.floor(points[:, :2]).astype(np.int32)
