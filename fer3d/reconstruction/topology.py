"""The topology of the face mesh: reference face, triangles, dense surface, landmark indices.

The 468 vertices and their order are those of MediaPipe Face Mesh. The mesh is a disc: eyes and
lips are closed by triangles, its one boundary runs along the outline of the face.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import Float, Integer

from fer3d.geometry.typing import Triangles
from fer3d.reconstruction.subdivision import Subdivision, subdivide

VERTICES = 468
MIRROR_TOLERANCE = 0.01  # cm, largest distance of a vertex from the mirror image of another
REFERENCE_MODEL = "canonical_face_model.pt"
TRIANGLES_MODEL = "canonical_face_tessellation.json"
MODELS = (REFERENCE_MODEL, TRIANGLES_MODEL)

RIGHT_EYE_CORNERS = (33, 133)  # outer, inner; of the subject's right eye, left in a frontal photo
LEFT_EYE_CORNERS = (263, 362)

LANDMARKS_68 = np.array(
    [
        # outline, from the subject's right ear over the chin to the left ear
        *(127, 93, 132, 58, 172, 150, 149, 148, 152, 377, 378, 379, 397, 288, 361, 323, 356),
        *(46, 53, 52, 65, 55),  # right brow, outer end first
        *(285, 295, 282, 283, 276),  # left brow, inner end first
        *(168, 197, 5, 4),  # ridge of the nose, downwards
        *(75, 97, 2, 326, 305),  # below the nose, right to left
        *(33, 160, 158, 133, 153, 144),  # right eye: outer corner, upper lid, inner, lower lid
        *(362, 385, 387, 263, 373, 380),  # left eye: inner corner, upper lid, outer, lower lid
        *(61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181),  # outer lips, clockwise
        *(78, 82, 13, 312, 308, 317, 14, 87),  # inner lips, clockwise
    ]
)
"""(68,) vertex of each of the 68 points of iBUG 300-W, in its order, which is dlib's.

Eyes, nose and lips by anatomy; outline and brows are the outline and lower brow vertices nearest
to dlib's points, in the median over 210 photos. Left and right are mirror images of each other on
the reference face. Points of the outline differ: those of 300-W follow the visible contour of a
rotated head, vertices stay on the skin.
"""


@dataclass(frozen=True)
class Topology:
    """Reference face and mesh.

    Attributes:
        reference: (468, 3) float64, cm, face frame.
        triangles: (898, 3) int64, counter-clockwise when seen from outside the face.
        dense: the subdivided surface; 7,257 points at two levels.
        mirror: (468,) int64, index of the mirror image of each vertex.
    """

    reference: Float[np.ndarray, "468 3"]
    triangles: Triangles
    dense: Subdivision
    mirror: Integer[np.ndarray, "468"]


@lru_cache(maxsize=4)
def load_topology(assets: Path, subdivisions: int) -> Topology:
    """Read the reference face and prepare its dense surface, once per process.

    Args:
        assets: folder of model files with ``canonical_face_model.pt`` (468 x 3 tensor, cm) and
            ``canonical_face_tessellation.json``.
        subdivisions: levels of Loop subdivision.

    Raises:
        ValueError: a file has another mesh.
    """
    import torch

    reference = torch.load(assets / REFERENCE_MODEL, weights_only=True).numpy()
    text = (assets / TRIANGLES_MODEL).read_text(encoding="utf-8")
    triangles = np.asarray(json.loads(text)["triangles"], dtype=np.int64)
    if reference.shape != (VERTICES, 3) or triangles.max() != VERTICES - 1:
        raise ValueError(f"expected a face of {VERTICES} vertices, got {reference.shape}")
    reference = reference.astype(np.float64)
    dense = subdivide(triangles, VERTICES, subdivisions)
    return Topology(reference, triangles, dense, mirror_indices(reference))


def mirror_indices(reference: Float[np.ndarray, "v 3"]) -> Integer[np.ndarray, " v"]:
    """The index of the mirror image of each vertex of a symmetric face.

    Args:
        reference: (V, 3) float, face frame (x to the subject's left).

    Returns:
        (V,) int64, an involution.

    Raises:
        ValueError: the face is not symmetric in x to ``MIRROR_TOLERANCE``.
    """
    mirrored = reference * [-1.0, 1.0, 1.0]
    distance = np.linalg.norm(mirrored[:, None] - reference, axis=-1)
    apart = distance.min(axis=1).max()
    if apart > MIRROR_TOLERANCE:
        raise ValueError(f"expected a symmetric face, vertices differ by {apart:.3f}")
    return distance.argmin(axis=1)
