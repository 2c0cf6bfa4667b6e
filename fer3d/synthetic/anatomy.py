"""Anatomy of the 468-vertex face mesh: vertex indices and parts of the reference face.

Right and left are the subject's. Source: MediaPipe Face Mesh, ``face_mesh_connections.py``.
"""

import numpy as np

RIGHT_EYE_UPPER = (33, 246, 161, 160, 159, 158, 157, 173, 133)  # outer to inner corner
RIGHT_EYE_LOWER = (33, 7, 163, 144, 145, 153, 154, 155, 133)
LEFT_EYE_UPPER = (263, 466, 388, 387, 386, 385, 384, 398, 362)
LEFT_EYE_LOWER = (263, 249, 390, 373, 374, 380, 381, 382, 362)
RIGHT_EYE = tuple(sorted({*RIGHT_EYE_UPPER, *RIGHT_EYE_LOWER}))
LEFT_EYE = tuple(sorted({*LEFT_EYE_UPPER, *LEFT_EYE_LOWER}))

# The rings around the lid margins, corner to corner as above.
LEFT_LID_FOLD = (359, 467, 260, 259, 257, 258, 286, 414, 463)
LEFT_LID_BAG = (359, 255, 339, 254, 253, 252, 256, 341, 463)

LIPS_OUTER_UPPER = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)  # right to left
LIPS_OUTER_LOWER = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
LIPS_INNER_UPPER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LIPS_INNER_LOWER = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
MOUTH = tuple(sorted({*LIPS_INNER_UPPER, *LIPS_INNER_LOWER}))

LEFT_BROW_UPPER = (336, 296, 334, 293, 300)  # inner to outer
LEFT_BROW_LOWER = (285, 295, 282, 283, 276)

CHIN = 152
# The rim of the mesh, clockwise in a frontal photo from the middle of the forehead.
FACE_OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip

SKIN, RIGHT_EYE_OPENING, LEFT_EYE_OPENING, MOUTH_OPENING = 0, 1, 2, 3


def face_parts(triangles: np.ndarray) -> np.ndarray:
    """The part of each triangle: skin, or an opening.

    In the reference mesh, eyes and mouth are closed by triangles between the vertices of their
    rims.

    Args:
        triangles: (T, 3) integer vertex indices.

    Returns:
        (T,) int64: SKIN, RIGHT_EYE_OPENING, LEFT_EYE_OPENING or MOUTH_OPENING.
    """
    part = np.full(len(triangles), SKIN)
    rims = ((RIGHT_EYE_OPENING, RIGHT_EYE), (LEFT_EYE_OPENING, LEFT_EYE), (MOUTH_OPENING, MOUTH))
    for number, rim in rims:
        part[np.isin(triangles, rim).all(axis=1)] = number
    return part
