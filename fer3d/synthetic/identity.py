"""Identity: a low-dimensional, smooth deformation of the reference face.

Named modes change proportions; a few smooth random modes from a fixed seed add other differences,
including asymmetries.
"""

import numpy as np

from fer3d.synthetic.fields import Anatomy, Pull, mirrored, pull_field

# One standard deviation of each mode, cm or relative to the size; set by eye.
_PROPORTIONS = ("head_width", "head_height", "head_depth", "jaw_width", "chin_length")
_PULLS: dict[str, tuple[Pull, ...]] = {
    "chin_forward": (Pull((0.0, -8.0, 5.1), (0.0, 0.0, 0.3), 1.8),),
    "cheekbones": (Pull((5.2, 0.6, 3.0), (0.2, 0.0, 0.15), 1.8),),
    "nose_width": (Pull((1.6, -0.8, 5.7), (0.16, 0.0, 0.0), 0.8),),
    "nose_length": (Pull((0.0, -0.8, 7.0), (0.0, -0.25, 0.0), 1.2),),
    "nose_tip": (Pull((0.0, -0.4, 7.5), (0.0, 0.05, 0.3), 1.1),),
    "nose_bridge": (Pull((0.0, 2.4, 5.7), (0.0, 0.0, 0.18), 1.1),),
    "eye_distance": (Pull((3.2, 2.7, 3.8), (0.14, 0.0, 0.0), 1.4),),
    "eye_height": (
        Pull((3.2, 3.05, 4.0), (0.0, 0.05, 0.0), 0.5),
        Pull((3.2, 2.2, 3.8), (0.0, -0.03, 0.0), 0.4),
    ),
    "eye_slant": (Pull((4.5, 2.7, 3.2), (0.0, 0.1, 0.0), 0.8),),
    "brow_height": (Pull((3.5, 4.7, 4.7), (0.0, 0.09, 0.0), 1.4),),
    "brow_slant": (
        Pull((1.5, 4.6, 5.2), (0.0, -0.05, 0.0), 1.0),
        Pull((5.2, 4.4, 3.5), (0.0, 0.05, 0.0), 1.0),
    ),
    "brow_ridge": (Pull((3.0, 4.3, 4.8), (0.0, 0.0, 0.14), 1.3),),
    "mouth_width": (Pull((2.3, -4.3, 4.4), (0.17, 0.0, -0.08), 0.9),),
    "upper_lip": (Pull((0.7, -3.35, 5.9), (0.0, 0.09, 0.08), 0.6, "upper"),),
    "lower_lip": (Pull((0.7, -5.35, 5.5), (0.0, -0.1, 0.08), 0.6, "lower"),),
    "mouth_height": (Pull((0.0, -4.3, 5.4), (0.0, 0.18, 0.0), 2.2),),
    "cheek_fullness": (Pull((4.5, -3.0, 3.2), (0.15, 0.0, 0.3), 2.0),),
}
_PROPORTION_SIZE = 0.04  # relative to the size, one standard deviation
_RANDOM_SYMMETRIC, _RANDOM_ASYMMETRIC = 6, 4
_RANDOM_SIZE = {True: 0.05, False: 0.04}  # cm, root mean square; symmetric or not
_RANDOM_WAVELENGTH = 9.0  # cm; features smaller than half of it do not change
_RANDOM_SEED = 2019

IDENTITY_MODES = (
    *_PROPORTIONS,
    *_PULLS,
    *(f"random_{i}" for i in range(_RANDOM_SYMMETRIC + _RANDOM_ASYMMETRIC)),
)


def identity_modes(face: Anatomy) -> np.ndarray:
    """Displacements of the vertices by each mode at one standard deviation.

    Returns:
        (M, 468, 3) float64, cm, face frame; rows as in ``IDENTITY_MODES``.
    """
    pulls = [pull_field(face, value) for value in _PULLS.values()]
    return np.concatenate([_proportions(face), pulls, _random_modes(face)])


def _proportions(face: Anatomy) -> np.ndarray:
    x, y, z = face.vertices.T
    none = np.zeros_like(x)
    low = np.clip((-y - 1.0) / 8.0, 0.0, 1.0)
    below_mouth = np.clip((-y - 5.0) / 4.4, 0.0, 1.0)
    fields = [
        (x, none, none),
        (none, y, none),
        (none, none, z - z.mean()),
        (1.8 * x * low, none, none),
        (none, -9.0 * below_mouth, none),
    ]
    return _PROPORTION_SIZE * np.array([np.stack(field, axis=1) for field in fields])


def _random_modes(face: Anatomy) -> np.ndarray:
    rng = np.random.default_rng(_RANDOM_SEED)
    modes = []
    for i in range(_RANDOM_SYMMETRIC + _RANDOM_ASYMMETRIC):
        waves = rng.normal(size=(3, 3)) * (2.0 * np.pi / _RANDOM_WAVELENGTH / np.sqrt(3.0))
        phase = rng.uniform(0.0, 2.0 * np.pi, 3)
        field = np.sin(face.vertices @ waves.T + phase)
        other = mirrored(field, face.mirror)
        symmetric = i < _RANDOM_SYMMETRIC
        field = field + other if symmetric else field - other
        modes.append(field * (_RANDOM_SIZE[symmetric] / np.sqrt((field**2).mean())))
    return np.array(modes)
