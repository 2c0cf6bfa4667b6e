"""Smooth displacement fields on the reference face: muscles of the action units.

Source: K. Waters, "A muscle model for animating three-dimensional facial expression", SIGGRAPH
1987: a muscle moves the skin around its attachment, decreasing with distance. Here the falloff is
Gaussian, and fields of the subject's left are mirrored to the right.
"""

from dataclasses import dataclass

import numpy as np

from fer3d.synthetic import anatomy

MOUTH_LINE_Y = -4.3  # cm, face frame: between the lips of the reference face
MOUTH_HALF_WIDTH = 2.2  # cm: corner of the opening
JAW_HINGE = np.array([0.0, 0.5, -2.5])  # cm, face frame: midpoint of the jaw joints
MOUTH_CORNER = (2.46, -4.34, 4.28)  # cm, face frame, the subject's left
CORNER_TIE, CORNER_TIE_RADIUS = 0.75, 0.8  # share of the jaw's movement removed at corners; cm


@dataclass(frozen=True)
class Pull:
    """A muscle on the subject's left: position, displacement and radius."""

    at: tuple[float, float, float]  # cm, face frame
    by: tuple[float, float, float]  # cm at full strength
    radius: float  # cm, standard deviation of the Gaussian
    lip: str = "both"  # "upper" or "lower": moves that side of the mouth line only


@dataclass(frozen=True)
class Anatomy:
    """Properties of the reference face's vertices for the fields; (468,) float64 unless stated."""

    vertices: np.ndarray  # (468, 3) cm, face frame
    mirror: np.ndarray  # (468,) index of the mirrored vertex
    lower: np.ndarray  # 1 below the mouth line, 0 above, smooth next to the mouth


def measure_anatomy(vertices: np.ndarray, mirror: np.ndarray) -> Anatomy:
    """Measure the reference face, (468, 3) cm, face frame, and its ``mirror`` (468,)."""
    softness = 0.05 + 0.6 * np.maximum(np.abs(vertices[:, 0]) - MOUTH_HALF_WIDTH, 0.0)
    lower = 1.0 / (1.0 + np.exp((vertices[:, 1] - MOUTH_LINE_Y) / softness))
    return Anatomy(vertices, mirror, lower)


def mirrored(field: np.ndarray, mirror: np.ndarray) -> np.ndarray:
    """A displacement field (468, 3), mirrored in x."""
    return field[mirror] * np.array([-1.0, 1.0, 1.0])


def influence(face: Anatomy, pull: Pull) -> np.ndarray:
    """Weight of a pull at each vertex: (468,) in 0..1."""
    squared = ((face.vertices - np.array(pull.at)) ** 2).sum(axis=1)
    side = {"both": 1.0, "upper": 1.0 - face.lower, "lower": face.lower}[pull.lip]
    return np.exp(-squared / (2.0 * pull.radius**2)) * side


def pull_field(face: Anatomy, pulls: tuple[Pull, ...]) -> np.ndarray:
    """Displacements of symmetric pulls at full strength: (468, 3) cm, face frame.

    A pull on the midline acts once, others on both sides.
    """
    field = np.zeros_like(face.vertices)
    for pull in pulls:
        one = influence(face, pull)[:, None] * np.array(pull.by)
        field += one if pull.at[0] == 0 else one + mirrored(one, face.mirror)
    return field


def window(face: Anatomy, pulls: tuple[Pull, ...], spread: float) -> np.ndarray:
    """The region in which pulls act, on both sides: (468,) in 0..1."""
    wide = [influence(face, Pull(p.at, p.by, p.radius * spread)) for p in pulls]
    region = np.max(wide, axis=0) if wide else np.zeros(len(face.vertices))
    return np.maximum(region, region[face.mirror])


def jaw_field(face: Anatomy, drop: float) -> np.ndarray:
    """Rotation of the jaw about its joints that lowers the chin by ``drop`` cm: (468, 3) cm."""
    arm = face.vertices - JAW_HINGE
    reach = face.vertices[anatomy.CHIN, 2] - JAW_HINGE[2]
    turn = np.stack([np.zeros(len(arm)), -arm[:, 2], arm[:, 1]], axis=1) * (drop / reach)
    rear = np.clip((arm[:, 2] + 0.5) / 4.0, 0.0, 1.0)  # the rim next to the joint does not move
    corners = Pull(MOUTH_CORNER, (0.0, 0.0, 0.0), CORNER_TIE_RADIUS)
    tied = influence(face, corners)
    tied = CORNER_TIE * np.maximum(tied, tied[face.mirror])
    return turn * (face.lower * rear * (1.0 - tied))[:, None]


# Lids: (ring, fraction of the movement) for each row of vertices along the lid margin.
UPPER_LID = ((anatomy.LEFT_EYE_UPPER, 1.0), (anatomy.LEFT_LID_FOLD, 0.55))
LOWER_LID = ((anatomy.LEFT_EYE_LOWER, 1.0), (anatomy.LEFT_LID_BAG, 0.4))


def lid_field(
    face: Anatomy, rows: tuple[tuple[tuple[int, ...], float], ...], lift: float
) -> np.ndarray:
    """Lids of both eyes raised by ``lift`` cm in the middle, less at the corners: (468, 3) cm."""
    field = np.zeros_like(face.vertices)
    for ring, share in rows:
        along = np.linspace(-1.0, 1.0, len(ring))
        field[list(ring), 1] = lift * share * (1.0 - along**2) ** 0.7
    return field + mirrored(field, face.mirror)
