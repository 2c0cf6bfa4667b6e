"""Eyeballs and teeth, behind the openings of the face.

Rays that hit an opening are intersected with a sphere or a dental arch in closed form, so these
cannot penetrate the skin.
"""

from dataclasses import dataclass

import numpy as np

from fer3d.geometry.frames import direction
from fer3d.synthetic import anatomy
from fer3d.synthetic.spec import Colour

EYE_RADIUS = 1.6  # cm; larger than real (1.2), to fill the opening of a large face
EYE_SINK = 0.12  # cm, from the lid margins back to the front of the eyeball
IRIS_RADIUS, PUPIL_RADIUS = 0.66, 0.27  # cm
SCLERA: Colour = (0.84, 0.82, 0.80)
CORNER: Colour = (0.35, 0.14, 0.11)  # if a ray misses the eyeball
CATCHLIGHT_AT, CATCHLIGHT_RADIUS = (-0.22, 0.22), 0.13  # cm, from the centre of the iris

ARCH_CENTRE_Z, ARCH_AXES = 1.75, (2.8, 3.0)  # cm, face frame: the dental arch, an ellipse
TOOTH_WIDTH, TOOTH_HEIGHT = 0.78, 0.95  # cm
UPPER_EDGE_BELOW_LIP = 0.28  # cm, from the resting upper lip to the edge of the upper teeth
ENAMEL: Colour = (0.80, 0.76, 0.68)
CAVITY: Colour = (0.05, 0.012, 0.01)
TONGUE: Colour = (0.34, 0.10, 0.09)


@dataclass(frozen=True)
class Rays:
    """Rays in the face frame: (n, 3) origins in cm and unit directions."""

    origins: np.ndarray
    directions: np.ndarray


def eye_centre(person: np.ndarray, ring: tuple[int, ...]) -> np.ndarray:
    """The centre of the eyeball of a resting face: (3,) cm."""
    rim = person[list(ring)]
    front = rim[:, 2].max() - EYE_SINK
    middle = 0.5 * (rim.min(axis=0) + rim.max(axis=0))
    return np.array([middle[0], middle[1], front - EYE_RADIUS])


def eye_colours(
    rays: Rays, centre: np.ndarray, gaze: tuple[float, float], iris: Colour
) -> tuple[np.ndarray, np.ndarray]:
    """Colours of an eyeball.

    Args:
        centre: (3,) cm. gaze: degrees to the subject's left, degrees up. iris: its colour.

    Returns:
        (n, 3) linear RGB reflectance and (n, 3) unit normals, face frame.
    """
    hit, points = _sphere(rays, centre)
    normals = (points - centre) / EYE_RADIUS
    left, up = np.radians(gaze)
    axis = direction(left, up)
    from_axis = EYE_RADIUS * np.arccos(np.clip(normals @ axis, -1.0, 1.0))
    colours = np.tile(np.array(SCLERA), (len(points), 1))
    ring = 0.55 + 0.9 * np.clip((IRIS_RADIUS - from_axis) / IRIS_RADIUS, 0.0, 0.6)
    colours = _blend(colours, np.array(iris) * ring[:, None], _disc(from_axis, IRIS_RADIUS))
    colours = _blend(colours, np.full(3, 0.006), _disc(from_axis, PUPIL_RADIUS))
    glint = (normals - axis) * EYE_RADIUS
    away = np.hypot(glint[:, 0] - CATCHLIGHT_AT[0], glint[:, 1] - CATCHLIGHT_AT[1])
    colours = _blend(colours, np.full(3, 1.0), _disc(away, CATCHLIGHT_RADIUS))
    return np.where(hit[:, None], colours, CORNER), normals


def mouth_colours(rays: Rays, entries: np.ndarray, upper: float, lower: float) -> np.ndarray:
    """Colours of teeth, tongue and the dark background.

    Args:
        entries: (n, 3) cm, points where the rays enter the mouth.
        upper, lower: cm, y of the edges of the upper and lower teeth.

    Returns:
        (n, 3) linear RGB, with light, without the brightness of the scene.
    """
    points = _arch(rays)
    y = points[:, 1]
    along = np.arctan2(points[:, 0], points[:, 2] - ARCH_CENTRE_Z) * ARCH_AXES[1]
    gap = np.clip(np.abs((along / TOOTH_WIDTH) % 1.0 - 0.5) * 2.0 - 0.8, 0.0, 0.2) * 1.2
    side = np.clip(1.0 - (np.abs(along) / 3.3) ** 2, 0.12, 1.0)
    enamel = np.array(ENAMEL) * ((1.0 - gap) * side)[:, None]
    is_upper = _step(y - upper) * _step(upper + TOOTH_HEIGHT + 0.4 - y)
    is_lower = _step(lower - y) * _step(y - lower + TOOTH_HEIGHT) * 0.7
    tongue = np.exp(-(((y - lower + 0.1) / 0.5) ** 2) - (points[:, 0] / 1.5) ** 2)
    colours = _blend(np.tile(np.array(CAVITY), (len(y), 1)), np.array(TONGUE), 0.6 * tongue)
    colours = _blend(colours, enamel, np.maximum(is_upper, is_lower))
    depth = np.linalg.norm(points - entries, axis=1)
    return colours * np.exp(-0.22 * depth)[:, None]


def teeth_edges(person: np.ndarray, face: np.ndarray) -> tuple[float, float]:
    """y of the edges of the upper and lower teeth, cm; the lower ones move with the jaw.

    Args:
        person: (468, 3) the resting face. face: (468, 3) with its expression.
    """
    upper = person[anatomy.LIPS_INNER_UPPER[5], 1] - UPPER_EDGE_BELOW_LIP
    sunk = min(0.0, face[anatomy.CHIN, 1] - person[anatomy.CHIN, 1])
    return upper, upper + 0.05 + 0.95 * sunk


def _sphere(rays: Rays, centre: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which rays hit the eyeball, and the first point on it (on its outline if they miss)."""
    to_centre = centre - rays.origins
    along = (to_centre * rays.directions).sum(axis=1)
    half_chord = EYE_RADIUS**2 - (to_centre**2).sum(axis=1) + along**2
    t = along - np.sqrt(np.maximum(half_chord, 0.0))
    return half_chord > 0.0, rays.origins + t[:, None] * rays.directions


def _arch(rays: Rays) -> np.ndarray:
    """Intersections of rays with the front of the dental arch, a vertical elliptic cylinder."""
    scale = np.array([1.0 / ARCH_AXES[0], 1.0 / ARCH_AXES[1]])
    origin = (rays.origins[:, [0, 2]] - np.array([0.0, ARCH_CENTRE_Z])) * scale
    direction = rays.directions[:, [0, 2]] * scale
    a = np.maximum((direction**2).sum(axis=1), 1e-9)  # prevents division by zero for vertical rays
    b, c = (origin * direction).sum(axis=1), (origin**2).sum(axis=1) - 1.0
    t = (-b - np.sqrt(np.maximum(b**2 - a * c, 0.0))) / a
    return rays.origins + t[:, None] * rays.directions


def _disc(distance: np.ndarray, radius: float) -> np.ndarray:
    return np.clip((radius - distance) / 0.08 + 0.5, 0.0, 1.0)


def _step(distance: np.ndarray) -> np.ndarray:
    return np.clip(distance / 0.08 + 0.5, 0.0, 1.0)


def _blend(colours: np.ndarray, other: np.ndarray, share: np.ndarray) -> np.ndarray:
    return colours + share[:, None] * (other - colours)
