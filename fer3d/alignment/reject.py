"""Rejection of images by the faces in them: the RAF-subset of paper A (section 5.2).

The paper drops faces under 50 px and images with more than two major faces, and does not say which
face is major. Here a face is major if the side of its box is at least a given fraction of the
largest one's.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from fer3d.alignment.params import RejectParams
from fer3d.errors import UserError
from fer3d.files.specs import Spec

if TYPE_CHECKING:
    import pandas as pd

# Additional results of an image, where images are rejected.
SIDE, MAJOR = "face_side", "major_faces"
SPECS = {SIDE: Spec((), "float32"), MAJOR: Spec((), "uint16")}


class FaceRejection(StrEnum):
    """Reason why an image is rejected."""

    SMALL_FACE = "small_face"  # the face is smaller than align.reject.min_face_side
    SEVERAL_FACES = "several_faces"  # more major faces than align.reject.max_major_faces


def face_side(box: np.ndarray) -> np.ndarray:
    """Side of a face, px: the mean of width and height of its box (..., 4)."""
    return box[..., 2:].mean(axis=-1)


def count_major(sides: np.ndarray, major_face: float) -> int:
    """Number of major faces of an image.

    Args:
        sides: (n,) of all its faces, px.
        major_face: smallest side of a major face, as a fraction of the largest side, 0 .. 1.
    """
    return int((sides >= major_face * sides.max(initial=0)).sum())


def rejected_rows(
    frame: "pd.DataFrame", faces: Mapping[str, np.ndarray], params: RejectParams
) -> "pd.DataFrame":
    """The rows that are rejected, with ``reason`` (``FaceRejection``) and ``detail``.

    Images without a face are not rejected.

    Args:
        frame: manifest of N rows.
        faces: arrays of ``SPECS``, (N,) each; not used if nothing is rejected.

    Raises:
        UserError: all rows are rejected.
    """
    reasons, details = np.full((2, len(frame)), "", dtype=object)
    if params.max_major_faces is not None:
        many = faces[MAJOR] > params.max_major_faces
        reasons[many] = FaceRejection.SEVERAL_FACES.value
        details[many] = [f"{count} major faces" for count in faces[MAJOR][many]]
    if params.min_face_side is not None:
        small = faces[SIDE] < params.min_face_side  # false for NaN, without a face
        reasons[small] = FaceRejection.SMALL_FACE.value
        details[small] = [f"{side:.1f} px" for side in faces[SIDE][small]]
    rejected = frame.assign(reason=reasons, detail=details)[reasons != ""]
    if len(frame) and len(rejected) == len(frame):
        raise UserError(
            f"all {len(frame)} images are rejected for their faces: see align.reject in params.yaml"
        )
    return rejected


def rejections_by_class(rejected: "pd.DataFrame") -> dict[str, dict[str, int]]:
    """Numbers of rejected images by reason and class."""
    from fer3d.files import manifest  # imports pandas

    return {
        reason.value: manifest.tally(rejected["label"][rejected["reason"] == reason.value])
        for reason in FaceRejection
    }
