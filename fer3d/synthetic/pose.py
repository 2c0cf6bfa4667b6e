"""Head pose: the rotation from the face frame to the viewer's frame.

The viewer's frame has the face frame's axes when the head looks straight into the camera: x to
the right of the image, y up, z out of the scene towards the camera. Degrees: yaw positive when the
subject turns to the own left (the nose moves to the image's right), pitch positive when it looks
up, roll positive when the head tilts to the subject's own right shoulder. Angles and their order
are those of ``fer3d.geometry.frames``.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Pose:
    """Head pose, degrees."""

    pitch: float = 0.0
    yaw: float = 0.0
    roll: float = 0.0

    def scaled(self, share: float) -> "Pose":
        """The same turn gone a share of its way."""
        return Pose(self.pitch * share, self.yaw * share, self.roll * share)


def rotation(pose: Pose) -> np.ndarray:
    """viewer_from_face, for column vectors: R_y(yaw) R_x(-pitch) R_z(roll), roll first.

    Returns:
        (3, 3) float64, determinant +1.
    """
    pitch, yaw, roll = np.radians([-pose.pitch, pose.yaw, pose.roll])
    about_x = [[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]]
    about_y = [[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]]
    about_z = [[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]]
    return np.array(about_y) @ np.array(about_x) @ np.array(about_z)
