"""The two frames of a face, and the angles between them.

image frame   pixels; x right, y down, z towards the scene (away from the viewer). The origin is
              the top left corner of the top left pixel, so its centre is at (0.5, 0.5).
face frame    centimetres; the frame of the reference face: x towards the subject's left (the right
              side of a frontal photo), y up, z out of the face towards the viewer.

Both are right-handed. For a face that looks straight into the camera, they differ by half a turn
about x: (x, y, z) -> (x, -y, -z).

Pose is (pitch, yaw, roll) in degrees:

pitch   positive: the subject looks up
yaw     positive: the subject turns to their own left
roll    positive: the head tilts towards the subject's own right shoulder

The rotation of the head is R_y(yaw) R_x(-pitch) R_z(roll) about the axes of the face frame, roll
first: yaw and pitch give the direction of the nose, roll the rotation about this direction.
"""

import numpy as np
from jaxtyping import Float, Shaped

from fer3d.geometry.typing import Reals

VERTICAL = 1e-9  # cosine of the pitch below which a face points straight up or down
FRONTAL_FACE_FROM_IMAGE = np.diag([1.0, -1.0, -1.0])
"""``face_from_image`` of a face that looks straight into the camera."""


def pose_from_rotation(
    face_from_image: Shaped[np.ndarray, "..."],
) -> Float[np.ndarray, "*batch 3"]:
    """Pitch, yaw and roll of a head.

    Args:
        face_from_image: (..., 3, 3) float, rotation from the image frame to the face frame.

    Returns:
        (..., 3) float64, degrees: pitch in [-90, 90], yaw and roll in [-180, 180]. If the face
        points straight up or down, yaw and roll are not unique; the pair with roll 0 is returned.

    Raises:
        ValueError: the last two dimensions are not 3 x 3.
    """
    face_from_image = _checked(face_from_image, (3, 3))
    head = FRONTAL_FACE_FROM_IMAGE @ np.swapaxes(face_from_image, -1, -2)
    pitch = np.arcsin(np.clip(head[..., 1, 2], -1.0, 1.0))  # rounding may exceed [-1, 1]
    vertical = np.hypot(head[..., 0, 2], head[..., 2, 2]) < VERTICAL
    yaw = np.where(
        vertical,
        np.arctan2(-head[..., 2, 0], head[..., 0, 0]),
        np.arctan2(head[..., 0, 2], head[..., 2, 2]),
    )
    roll = np.where(vertical, 0.0, np.arctan2(head[..., 1, 0], head[..., 1, 1]))
    return np.degrees(np.stack([pitch, yaw, roll], axis=-1))


def rotation_from_pose(pose: Shaped[np.ndarray, "..."]) -> Float[np.ndarray, "*batch 3 3"]:
    """Rotation from the image frame to the face frame of a head with the given pose.

    Args:
        pose: (..., 3) float, degrees: pitch, yaw, roll.

    Returns:
        (..., 3, 3) float64, the inverse of :func:`pose_from_rotation`.

    Raises:
        ValueError: the last dimension is not 3.
    """
    return np.swapaxes(viewer_from_face(pose), -1, -2) @ FRONTAL_FACE_FROM_IMAGE


def viewer_from_face(pose: Shaped[np.ndarray, "..."]) -> Float[np.ndarray, "*batch 3 3"]:
    """Rotation of a head: R_y(yaw) R_x(-pitch) R_z(roll), roll first, for column vectors.

    It maps the face frame to a viewer's frame: x to the right of the image, y up, z towards the
    camera. Both have the same axes if the head looks straight into the camera.

    Args:
        pose: (..., 3) float, degrees: pitch, yaw, roll.

    Returns:
        (..., 3, 3) float64.

    Raises:
        ValueError: the last dimension is not 3.
    """
    pitch, yaw, roll = np.moveaxis(np.radians(_checked(pose, (3,))), -1, 0)
    return _rotation(1, yaw) @ _rotation(0, -pitch) @ _rotation(2, roll)


def direction(azimuth: float | Reals, elevation: float | Reals) -> Float[np.ndarray, "*batch 3"]:
    """Unit vectors: the z axis, turned towards x by an azimuth and towards y by an elevation.

    Args:
        azimuth, elevation: (...) radians.
    """
    flat = np.cos(elevation)
    x, y, z = flat * np.sin(azimuth), np.sin(elevation), flat * np.cos(azimuth)
    return np.stack([x, y, z], axis=-1)


def rotation_from_vector(vector: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch 3 3"]:
    """Rotation about an axis by its length in radians, right-handed: Rodrigues' formula.

    Args:
        vector: (..., 3) float64, in any frame.
    """
    angle = np.linalg.norm(vector, axis=-1)[..., None, None]
    cross = np.zeros((*vector.shape, 3))
    for axis in range(3):
        first, second = (axis + 1) % 3, (axis + 2) % 3
        cross[..., second, first] = vector[..., axis]
        cross[..., first, second] = -vector[..., axis]
    half = np.sinc(angle / (2 * np.pi))  # sin(a / 2) / (a / 2), 1 for a = 0
    return np.eye(3) + np.sinc(angle / np.pi) * cross + half**2 / 2 * (cross @ cross)


def _rotation(axis: int, angle: Reals) -> np.ndarray:
    """Right-handed rotation about a coordinate axis: (...) radians to (..., 3, 3)."""
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.zeros((*angle.shape, 3, 3))
    matrix[..., axis, axis] = 1.0
    matrix[..., first, first] = matrix[..., second, second] = np.cos(angle)
    matrix[..., second, first] = np.sin(angle)
    matrix[..., first, second] = -np.sin(angle)
    return matrix


def _checked(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    values = np.asarray(values, dtype=np.float64)
    if values.shape[-len(shape) :] != shape:
        raise ValueError(f"expected shape (..., {', '.join(map(str, shape))}), got {values.shape}")
    return values
