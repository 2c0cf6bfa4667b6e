"""Random identities, expressions, poses, lights, cameras and appearances."""

from dataclasses import dataclass

import numpy as np

from fer3d.geometry.frames import direction
from fer3d.synthetic.action_units import ACTION_UNITS
from fer3d.synthetic.head import BALD_HAIRLINE
from fer3d.synthetic.identity import IDENTITY_MODES
from fer3d.synthetic.render import GAMMA
from fer3d.synthetic.spec import Appearance, Camera, Colour, FaceSpec, Light, Pose

# Action units of the basic expressions, relative to their peak. Source: Friesen & Ekman,
# EMFACS-7 (1983), and the FACS Investigator's Guide (2002), table 10-1.
PROTOTYPES: dict[str, dict[int, float]] = {
    "anger": {4: 1.0, 5: 0.5, 7: 0.8, 23: 1.0, 24: 0.3},
    "disgust": {9: 1.0, 10: 0.5, 15: 0.35, 17: 0.5},
    "fear": {1: 1.0, 2: 0.5, 4: 0.6, 5: 1.0, 7: 0.3, 20: 1.0, 25: 0.6, 26: 0.35},
    "happiness": {6: 0.9, 12: 1.0},
    "neutral": {},
    "sadness": {1: 1.0, 4: 0.55, 15: 1.0, 17: 0.25},
    "surprise": {1: 0.9, 2: 1.0, 5: 0.8, 25: 0.5, 26: 0.85},
}
# Units that only some people show: (unit, strength relative to the peak, probability).
OPTIONAL: dict[str, tuple[tuple[int, float, float], ...]] = {
    "anger": ((17, 0.4, 0.3),),
    "disgust": ((25, 0.4, 0.3), (4, 0.4, 0.3)),
    "happiness": ((25, 0.8, 0.65), (26, 0.2, 0.25)),
    "sadness": ((43, 0.3, 0.3),),
}
INTENSITY = (0.6, 1.0)  # relative to the peak
UNIT_JITTER = 0.12  # standard deviation of a unit's strength, relative
CO_ACTIVATIONS, CO_ACTIVATION_PEAK = 2, 0.12  # random units, and their largest strength

IDENTITY_LIMIT = 2.0  # standard deviations
FRONTAL_SHARE, FRONTAL_YAW = 0.6, 12.0  # near-frontal heads; degrees (std)
PITCH, ROLL, PITCH_LIMIT, ROLL_LIMIT = 7.0, 6.0, 20.0, 20.0  # degrees
LIGHT_AZIMUTH, LIGHT_AZIMUTH_LIMIT = 28.0, 70.0  # degrees from the camera: std, maximum
LIGHT_ELEVATION = (0.0, 50.0)  # degrees
AMBIENT = (0.35, 0.65)
DISTANCE = (50.0, 160.0)  # cm
FILL = (0.55, 0.76)
CENTRE_JITTER = 0.05  # relative to the image
BLUR = (0.0, 0.6)  # px, standard deviation
NOISE = (0.0, 4.0)  # grey levels, standard deviation
QUALITY = (60, 96)  # JPEG

# sRGB 0..255, from light to dark (roughly Fitzpatrick I to VI).
_SKINS = (
    (252, 222, 200),
    (238, 204, 178),
    (224, 176, 140),
    (198, 142, 104),
    (150, 98, 68),
    (104, 68, 50),
)
_HAIRS = ((22, 18, 16), (44, 30, 22), (74, 48, 30), (110, 62, 34), (168, 128, 78), (130, 128, 126))
_IRISES = ((58, 36, 20), (88, 58, 30), (104, 112, 60), (84, 122, 150), (60, 84, 110))


@dataclass(frozen=True)
class Degradation:
    """Degradation by a camera and a file format."""

    blur: float = 0.0  # px, standard deviation
    noise: float = 0.0  # grey levels, standard deviation
    quality: int = 90  # JPEG


def sample_identity(rng: np.random.Generator) -> np.ndarray:
    """(M,) standard deviations, limited to ``IDENTITY_LIMIT``."""
    return np.clip(rng.standard_normal(len(IDENTITY_MODES)), -IDENTITY_LIMIT, IDENTITY_LIMIT)


def sample_action_units(rng: np.random.Generator, label: str) -> np.ndarray:
    """Action units of an expression with random intensity: (20,) in 0..1."""
    wanted = dict(PROTOTYPES[label])
    for unit, share, often in OPTIONAL.get(label, ()):
        if rng.uniform() < often:
            wanted[unit] = share
    intensity = rng.uniform(*INTENSITY)
    strengths = intensity * np.array([wanted.get(unit, 0.0) for unit in ACTION_UNITS])
    strengths *= 1.0 + UNIT_JITTER * rng.standard_normal(len(ACTION_UNITS))
    chance = rng.choice(len(ACTION_UNITS), CO_ACTIVATIONS, replace=False)
    strengths[chance] += rng.uniform(0.0, CO_ACTIVATION_PEAK, CO_ACTIVATIONS)
    return np.clip(strengths, 0.0, 1.0)


def sample_pose(rng: np.random.Generator, max_yaw: float) -> Pose:
    """Mostly near-frontal poses, the others uniform up to ``max_yaw`` degrees to either side."""
    near, anywhere = rng.normal(0.0, FRONTAL_YAW), rng.uniform(-max_yaw, max_yaw)
    yaw = near if rng.uniform() < FRONTAL_SHARE else anywhere
    pitch, roll = rng.normal(0.0, PITCH), rng.normal(0.0, ROLL)
    return Pose(
        pitch=float(np.clip(pitch, -PITCH_LIMIT, PITCH_LIMIT)),
        yaw=float(np.clip(yaw, -max_yaw, max_yaw)),
        roll=float(np.clip(roll, -ROLL_LIMIT, ROLL_LIMIT)),
    )


def sample_light(rng: np.random.Generator) -> Light:
    """A light from around the camera, mostly from above."""
    limit = LIGHT_AZIMUTH_LIMIT
    azimuth = np.radians(np.clip(rng.normal(0.0, LIGHT_AZIMUTH), -limit, limit))
    elevation = np.radians(rng.uniform(*LIGHT_ELEVATION))
    x, y, z = direction(azimuth, elevation)
    return Light((float(x), float(y), float(z)), float(rng.uniform(*AMBIENT)))


def sample_camera(rng: np.random.Generator, size: int) -> Camera:
    """Random distance, zoom, and offset of the face from the centre."""
    distance = float(np.exp(rng.uniform(*np.log(DISTANCE))))
    centre = 0.5 + rng.uniform(-CENTRE_JITTER, CENTRE_JITTER, 2)
    return Camera(size, distance, float(rng.uniform(*FILL)), (float(centre[0]), float(centre[1])))


def sample_appearance(rng: np.random.Generator) -> Appearance:
    """Random colours, hair and background."""
    tone = rng.uniform(0.0, len(_SKINS) - 1.0)
    skin = _between(_SKINS, tone) * rng.uniform(0.94, 1.06, 3)
    darkest = 3.2 if tone > 3.0 else len(_HAIRS) - 0.01
    hair = _linear(_HAIRS[int(rng.uniform(0.0, darkest))]) * rng.uniform(0.8, 1.2)
    wall = _linear(rng.uniform(70.0, 235.0) + rng.normal(0.0, 14.0, 3))
    bearded = rng.uniform() < 0.22
    return Appearance(
        skin=_colour(skin),
        hair=_colour(hair),
        lips=_colour(skin * rng.uniform((0.68, 0.40, 0.42), (0.86, 0.56, 0.62))),
        iris=_colour(_linear(_IRISES[rng.integers(len(_IRISES))])),
        clothes=_colour(_linear(rng.uniform(30.0, 200.0) + rng.normal(0.0, 30.0, 3))),
        background=(_colour(wall * rng.uniform(0.9, 1.15)), _colour(wall * rng.uniform(0.8, 1.05))),
        background_texture=float(rng.choice([0.0, 0.0, rng.uniform(0.02, 0.1)])),
        **_hair_style(rng, bearded),
        brow_thickness=float(rng.uniform(0.7, 1.1)),
        brow_arch=float(rng.uniform(0.0, 0.12)),
        brow_darkness=float(rng.uniform(0.75, 0.95)),
        wrinkles=float(rng.uniform(0.1, 0.9)),
        gloss=float(rng.uniform(0.02, 0.09)),
        gaze=(float(rng.normal(0.0, 5.0)), float(rng.normal(0.0, 2.5))),
        pattern=int(rng.integers(2**31)),
    )


def sample_spec(rng: np.random.Generator, label: str, size: int, max_yaw: float) -> FaceSpec:
    """A random specification of one picture of a class."""
    return FaceSpec(
        identity=sample_identity(rng),
        action_units=sample_action_units(rng, label),
        pose=sample_pose(rng, max_yaw),
        light=sample_light(rng),
        camera=sample_camera(rng, size),
        appearance=sample_appearance(rng),
    )


def sample_degradation(rng: np.random.Generator) -> Degradation:
    """Random blur, noise and JPEG quality."""
    return Degradation(
        float(rng.uniform(*BLUR)), float(rng.uniform(*NOISE)), int(rng.integers(*QUALITY))
    )


def _hair_style(rng: np.random.Generator, bearded: bool) -> dict[str, float]:
    bald = bearded and rng.uniform() < 0.25
    long = not bearded and rng.uniform() < 0.45
    return {
        "hairline": BALD_HAIRLINE + 2.0 if bald else float(rng.uniform(6.9, 8.0)),
        "hairline_bow": float(rng.uniform(0.015, 0.07)),
        "parting": float(rng.normal(0.0, 0.1)),
        "hair_thickness": 0.0 if bald else float(rng.uniform(0.5, 1.5)),
        "hair_length": float(rng.uniform(7.0, 18.0)) if long else 0.0,
        "beard": float(rng.uniform(0.2, 0.8)) if bearded else 0.0,
        "moustache": float(rng.uniform(0.2, 0.8)) if bearded else 0.0,
    }


def _linear(srgb: np.ndarray | tuple[int, int, int]) -> np.ndarray:
    return (np.clip(srgb, 0.0, 255.0) / 255.0) ** GAMMA


def _between(colours: tuple[tuple[int, int, int], ...], at: float) -> np.ndarray:
    low = int(at)
    mixed = (1.0 - at + low) * np.array(colours[low]) + (at - low) * np.array(colours[low + 1])
    return _linear(mixed)


def _colour(values: np.ndarray) -> Colour:
    red, green, blue = np.clip(values, 0.0, 1.0)
    return float(red), float(green), float(blue)
