"""Displacements of the reference face by action unit.

The linear model of py-feat, fitted to detections on photographs, gives small displacements for 20
action units, mixed with the shapes of the heads. They are therefore made symmetric and restricted
to the region of the unit's muscles. Muscles in the sense of Waters (see ``fields``) are added so
that the unit looks as FACS describes it (Ekman, Friesen & Hager, Facial Action Coding System,
2002).
"""

import numpy as np

from fer3d.synthetic import anatomy
from fer3d.synthetic.fields import (
    LOWER_LID,
    MOUTH_CORNER,
    UPPER_LID,
    Anatomy,
    Pull,
    jaw_field,
    lid_field,
    mirrored,
    pull_field,
    window,
)

ACTION_UNITS = (1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 17, 20, 23, 24, 25, 26, 28, 43)

FITTED_SHARE = 0.6  # weight of the fitted displacement, which is added to the muscles
WINDOW_SPREAD = 1.5  # region of the fitted displacement, in radii of the muscles
JAW_DROP = 2.0  # cm at the chin, AU 26 at full strength
LID_REST_LIFT = 0.24  # cm; the lids of the reference face are too low at rest

_INNER_BROW, _MIDDLE_BROW, _OUTER_BROW = (1.5, 4.8, 5.3), (3.4, 4.9, 4.7), (5.0, 4.5, 3.7)
_CHEEK, _NOSE_WING, _CHIN_BOSS = (4.4, -0.6, 3.7), (1.6, -0.8, 5.6), (0.0, -7.2, 5.1)

# Muscles of each unit on the subject's left, cm. Sizes were set by eye.
MUSCLES: dict[int, tuple[Pull, ...]] = {
    1: (Pull(_INNER_BROW, (0.0, 0.95, 0.05), 1.15),),
    2: (Pull(_OUTER_BROW, (0.0, 0.9, 0.0), 1.4), Pull(_MIDDLE_BROW, (0.0, 0.3, 0.0), 1.0)),
    4: (
        Pull(_INNER_BROW, (-0.35, -0.95, 0.2), 1.1),
        Pull(_MIDDLE_BROW, (-0.15, -0.45, 0.1), 1.1),
    ),
    5: (),
    6: (Pull(_CHEEK, (0.1, 0.55, 0.35), 1.4),),
    7: (),
    9: (
        Pull(_NOSE_WING, (0.12, 0.65, 0.1), 0.9),
        Pull(_INNER_BROW, (-0.15, -0.55, 0.1), 1.0),
        Pull((1.0, -3.4, 5.7), (0.05, 0.3, 0.15), 0.8, "upper"),
        Pull((2.8, 0.2, 4.4), (-0.1, 0.25, 0.2), 0.9),
    ),
    10: (
        Pull((1.1, -3.4, 5.6), (0.05, 0.7, 0.25), 0.8, "upper"),
        Pull(_NOSE_WING, (0.1, 0.15, 0.05), 0.9),
    ),
    11: (Pull((2.6, -2.2, 4.8), (0.05, 0.2, -0.1), 0.9),),
    12: (Pull(MOUTH_CORNER, (0.8, 0.8, -0.4), 1.1), Pull((4.0, -1.5, 4.0), (0.2, 0.3, 0.35), 1.3)),
    14: (Pull(MOUTH_CORNER, (0.2, 0.0, -0.35), 0.9),),
    15: (
        Pull(MOUTH_CORNER, (0.15, -1.0, -0.1), 0.95),
        Pull((3.0, -5.8, 4.0), (0.1, -0.2, 0.1), 1.0),
    ),
    17: (
        Pull(_CHIN_BOSS, (0.0, 0.5, 0.35), 1.5),
        Pull((0.7, -5.2, 5.5), (0.0, 0.4, 0.25), 0.8, "lower"),
        Pull((0.7, -3.9, 5.6), (0.0, 0.3, 0.1), 0.8, "upper"),
    ),
    20: (
        Pull(MOUTH_CORNER, (0.95, -0.15, -0.5), 1.1),
        Pull((1.4, -5.2, 5.2), (0.2, -0.25, 0.0), 0.8, "lower"),
    ),
    23: (
        Pull(MOUTH_CORNER, (-0.6, 0.0, 0.15), 0.9),
        Pull((0.7, -3.3, 5.9), (0.0, -0.3, -0.2), 0.6, "upper"),
        Pull((0.7, -5.4, 5.5), (0.0, 0.35, -0.15), 0.6, "lower"),
    ),
    24: (
        Pull((0.7, -3.3, 5.9), (0.0, -0.3, -0.15), 0.7, "upper"),
        Pull((0.7, -5.4, 5.5), (0.0, 0.3, -0.1), 0.7, "lower"),
    ),
    25: (
        Pull((0.7, -5.0, 5.4), (0.05, -0.5, 0.0), 0.9, "lower"),
        Pull((0.7, -3.7, 5.8), (0.0, 0.2, 0.0), 0.8, "upper"),
    ),
    26: (Pull(MOUTH_CORNER, (-0.15, -0.35, 0.0), 0.8),),
    28: (
        Pull((0.7, -3.4, 5.8), (0.0, -0.3, -0.45), 0.7, "upper"),
        Pull((0.7, -5.3, 5.5), (0.0, 0.35, -0.45), 0.7, "lower"),
    ),
    43: (),
}

# Lids, cm at full strength: (upper, lower), up positive.
LIDS: dict[int, tuple[float, float]] = {
    5: (0.34, -0.06),
    6: (-0.08, 0.18),
    7: (-0.16, 0.2),
    9: (-0.2, 0.16),
    12: (0.0, 0.05),
    43: (-0.72, 0.1),
}


def displacements(face: Anatomy, coefficients: np.ndarray, scale: float) -> np.ndarray:
    """The displacement of every vertex by every action unit at full strength.

    Args:
        face: the reference face.
        coefficients: (20, 468, 3) displacements of the fitted model, in its units, y up.
        scale: cm per unit of the fitted model.

    Returns:
        (20, 468, 3) float64, cm, face frame, rows as in ``ACTION_UNITS``.
    """
    rows = zip(ACTION_UNITS, coefficients * scale, strict=True)
    return np.stack([_one(face, unit, fitted) for unit, fitted in rows])


def rest(face: Anatomy) -> np.ndarray:
    """From the reference face to a resting face (lips closed, eyes open): (468, 3) cm."""
    return _close_lips(face) + lid_field(face, UPPER_LID, LID_REST_LIFT)


def _one(face: Anatomy, unit: int, fitted: np.ndarray) -> np.ndarray:
    muscles = MUSCLES[unit]
    symmetric = (fitted + mirrored(fitted, face.mirror)) / 2.0
    field = FITTED_SHARE * window(face, muscles, WINDOW_SPREAD)[:, None] * symmetric
    field += pull_field(face, muscles)
    if unit == 26:
        field += jaw_field(face, JAW_DROP)
    upper, lower = LIDS.get(unit, (0.0, 0.0))
    return field + lid_field(face, UPPER_LID, upper) + lid_field(face, LOWER_LID, lower)


def _close_lips(face: Anatomy) -> np.ndarray:
    """Close the inner rims of the lips; the outer rims move less."""
    upper, lower = list(anatomy.LIPS_INNER_UPPER), list(anatomy.LIPS_INNER_LOWER)
    gaps = face.vertices[upper] - face.vertices[lower]
    field = np.zeros_like(face.vertices)
    field[upper], field[lower] = -0.49 * gaps, 0.49 * gaps
    height = gaps * np.array([0.0, 0.3, 0.0])
    field[list(anatomy.LIPS_OUTER_UPPER)] = -height
    field[list(anatomy.LIPS_OUTER_LOWER)] = height
    return field
