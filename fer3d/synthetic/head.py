"""Skull, hair, ears, neck and clothes, as meshes in the face frame.

The skull starts at the rim of the face mesh, so there are no gaps or intersections.
"""

import numpy as np

from fer3d.geometry.meshes import TriangleMesh
from fer3d.synthetic import anatomy

SKULL, EAR, NECK, CLOTHES, LONG_HAIR = 1, 2, 3, 4, 5  # 0 is the face itself

SKULL_CENTRE = np.array([0.0, 2.2, -3.6])  # cm, face frame
SKULL_AXES = np.array([8.0, 10.0, 9.4])  # cm: half width, height, depth
SKULL_RINGS = 14
BALD_HAIRLINE = 8.3  # cm, y; no hair with a hairline above
HAIR_RISE = 0.16  # fraction of the depth over which hair reaches its full thickness

NECK_CENTRE = np.array([0.0, 0.0, -3.9])  # cm
NECK_RADIUS = np.array([4.9, 5.0])  # cm, across and front to back
NECK_TOP, NECK_BOTTOM = -5.0, -19.0  # cm, y
SHOULDER_CENTRE = np.array([0.0, -23.0, -4.8])  # cm
SHOULDER_AXES = np.array([20.5, 10.0, 8.5])  # cm
EAR_CENTRE = np.array([7.7, 0.4, -4.0])  # cm, the subject's left
EAR_AXES = np.array([0.7, 2.5, 1.5])  # cm
BODY_PIVOT = np.array([0.0, -14.0, -4.0])  # cm; the head rotates above it


def grid_triangles(rows: int, columns: int, closed: bool) -> np.ndarray:
    """Triangles of a grid of rows x columns vertices, optionally closed to a tube.

    Returns:
        (T, 3) int32, counter-clockwise if columns run to the right and rows up.
    """
    spans = columns if closed else columns - 1
    i, j = np.meshgrid(np.arange(rows - 1), np.arange(spans), indexing="ij")
    a, b = i * columns + j, i * columns + (j + 1) % columns
    c, d = a + columns, b + columns
    return np.concatenate([np.stack(t, -1).reshape(-1, 3) for t in ((a, b, d), (a, d, c))]).astype(
        np.int32
    )


def skull(face: np.ndarray, hair_thickness: float) -> TriangleMesh:
    """The head from the rim of the face to the back, including a layer of short hair.

    Args:
        face: (468, 3) cm, face frame.
        hair_thickness: cm.
    """
    rim = face[list(anatomy.FACE_OVAL)]
    width = np.abs(rim[:, 0]).max() / 7.74  # relative to the half width of the reference face, cm
    axes = SKULL_AXES * np.array([width, 1.0, 1.0])
    azimuth = np.arctan2(rim[:, 1] - SKULL_CENTRE[1], rim[:, 0] / width)
    start = np.arccos(np.clip((rim[:, 2] - SKULL_CENTRE[2]) / axes[2], -0.9, 0.9))
    t = np.linspace(0.0, 1.0, SKULL_RINGS)[:, None]
    polar = start + t * (np.pi - start)
    around = np.stack(
        [np.cos(azimuth) * np.sin(polar), np.sin(azimuth) * np.sin(polar), np.cos(polar)], -1
    )
    ellipsoid = SKULL_CENTRE + axes * around
    stays = ((1.0 - t) ** 3)[..., None]
    surface = stays * (rim + (ellipsoid - ellipsoid[0])) + (1.0 - stays) * ellipsoid
    thick = hair_thickness * np.clip(t / HAIR_RISE, 0.0, 1.0)[..., None] ** 0.6
    surface = surface + thick * hair_zone(surface)[..., None] * around
    return TriangleMesh(surface.reshape(-1, 3), grid_triangles(SKULL_RINGS, len(rim), closed=True))


def hair_zone(points: np.ndarray) -> np.ndarray:
    """Density of hair on the skull: above a line from the temples to the nape.

    Args:
        points: (…, 3) cm, face frame.

    Returns:
        (…,) in 0..1.
    """
    y, z = points[..., 1], points[..., 2]
    line = np.interp(z, (-9.0, -5.5, -3.5, -1.0, 1.5), (-5.5, -3.0, 1.0, 2.5, 6.0))
    return np.clip((y - line) / 1.2 + 0.5, 0.0, 1.0)


def ears(face: np.ndarray) -> TriangleMesh:
    """Both ears: flat ellipsoids, tilted backwards."""
    half_width = np.abs(face[:, 0]).max() / 7.74
    ball = _ball(10, 14)
    turn = np.radians(22.0)
    across = np.array(
        [[np.cos(turn), 0, -np.sin(turn)], [0, 1, 0], [np.sin(turn), 0, np.cos(turn)]]
    )
    left = (ball.vertices * EAR_AXES) @ across + EAR_CENTRE * np.array([half_width, 1.0, 1.0])
    right = left * np.array([-1.0, 1.0, 1.0])
    flipped = ball.triangles[:, ::-1] + len(left)
    return TriangleMesh(np.concatenate([left, right]), np.concatenate([ball.triangles, flipped]))


def neck(head_turn: np.ndarray) -> TriangleMesh:
    """A tube that follows the rotation of the head at the top and of the body at the bottom.

    Args:
        head_turn: (3, 3) head frame from body frame.
    """
    rows, columns = 8, 24
    share = np.linspace(0.0, 1.0, rows)[:, None]  # 0 at the bottom
    angle = np.linspace(0.0, 2.0 * np.pi, columns, endpoint=False)[None]
    y = NECK_BOTTOM + share * (NECK_TOP - NECK_BOTTOM) + 0.0 * angle
    flare = 1.0 + 0.35 * (1.0 - share) ** 2
    tube = np.stack(
        [
            NECK_CENTRE[0] + flare * NECK_RADIUS[0] * np.sin(angle),
            y,
            NECK_CENTRE[2] + flare * NECK_RADIUS[1] * np.cos(angle),
        ],
        axis=-1,
    )
    with_body = (tube - BODY_PIVOT) @ head_turn.T + BODY_PIVOT
    blended = share[..., None] * tube + (1.0 - share[..., None]) * with_body
    return TriangleMesh(blended.reshape(-1, 3), grid_triangles(rows, columns, closed=True))


def clothes(head_turn: np.ndarray) -> TriangleMesh:
    """Shoulders, with the rotation of the body."""
    ball = _ball(14, 28)
    body = ball.vertices * SHOULDER_AXES + SHOULDER_CENTRE
    return TriangleMesh((body - BODY_PIVOT) @ head_turn.T + BODY_PIVOT, ball.triangles)


def long_hair(face: np.ndarray, length: float, thickness: float) -> TriangleMesh:
    """Long hair behind the face, from the top of the head to ``length`` cm below the eyes."""
    rows, columns = 12, 30
    half_width = np.abs(face[:, 0]).max() / 7.74
    angle = np.radians(np.linspace(-112.0, 112.0, columns))[None]
    y = np.linspace(2.5 - length, 9.0, rows)[:, None] + 0.0 * angle
    upper = np.clip((y - 3.0) / 9.0, 0.0, 1.0)
    radius = np.sqrt(1.0 - 0.9 * upper**2) * (1.0 + 0.03 * np.sin(5.0 * angle) * (1.0 - upper))
    x = -(8.2 * half_width + thickness) * np.sin(angle) * radius
    z = SKULL_CENTRE[2] - 0.6 - (9.2 + thickness) * np.cos(angle) * radius
    return TriangleMesh(
        np.stack([x, y, z], -1).reshape(-1, 3), grid_triangles(rows, columns, closed=False)
    )


def _ball(rows: int, columns: int) -> TriangleMesh:
    polar = np.linspace(np.pi, 0.0, rows)[:, None]
    angle = np.linspace(0.0, 2.0 * np.pi, columns, endpoint=False)[None]
    points = np.stack(
        [np.sin(polar) * np.sin(angle), np.cos(polar) + 0.0 * angle, np.sin(polar) * np.cos(angle)],
        -1,
    )
    return TriangleMesh(points.reshape(-1, 3), grid_triangles(rows, columns, closed=True))
