"""Arguments and results of ``render``."""

from dataclasses import dataclass, field

import numpy as np

Colour = tuple[float, float, float]  # linear RGB, reflectance 0..1


@dataclass(frozen=True)
class Pose:
    """Head pose, degrees; signs and order are those of ``fer3d.geometry.frames``."""

    pitch: float = 0.0
    yaw: float = 0.0
    roll: float = 0.0

    @property
    def angles(self) -> np.ndarray:
        """(3,) float64: pitch, yaw, roll."""
        return np.array([self.pitch, self.yaw, self.roll])

    def scaled(self, share: float) -> "Pose":
        """The pose with all angles multiplied by ``share``."""
        return Pose(self.pitch * share, self.yaw * share, self.roll * share)


@dataclass(frozen=True)
class Light:
    """A directional light and ambient light.

    The radiance of a surface is albedo * (ambient + (1 - ambient) * max(0, normal . direction)).
    """

    direction: tuple[float, float, float] = (0.0, 0.0, 1.0)  # to the light, viewer's frame, unit
    ambient: float = 0.4  # 0..1


@dataclass(frozen=True)
class Camera:
    """A perspective camera that looks at the origin of the face frame.

    A frontal face fills the fraction ``fill`` of the image's height; the projected face is centred
    at ``centre``.
    """

    size: int = 128  # px, side of the image
    distance: float = 80.0  # cm, to the face frame's origin
    fill: float = 0.62  # height of the frontal reference face, relative to the image
    centre: tuple[float, float] = (0.5, 0.5)  # relative to the image, x right, y down


@dataclass(frozen=True)
class Appearance:
    """Colours and styles of a person and the background; ``pattern`` seeds the noise."""

    skin: Colour = (0.55, 0.33, 0.24)
    hair: Colour = (0.05, 0.03, 0.02)
    lips: Colour = (0.42, 0.17, 0.15)
    iris: Colour = (0.10, 0.06, 0.03)
    clothes: Colour = (0.10, 0.14, 0.25)
    background: tuple[Colour, Colour] = ((0.5, 0.52, 0.55), (0.35, 0.37, 0.4))  # top, bottom
    background_texture: float = 0.0  # standard deviation of soft patches, relative to the colour
    hairline: float = 7.4  # cm, y of the hairline on the forehead; above 8.3: bald
    hairline_bow: float = 0.035  # 1/cm, curvature of the hairline towards the temples
    parting: float = 0.0  # slope of the hairline, rising to the subject's left
    hair_thickness: float = 1.0  # cm
    hair_length: float = 0.0  # cm below the eyes, 0: short hair
    brow_thickness: float = 0.85  # relative to the height of the brow ring
    brow_arch: float = 0.0  # cm
    brow_darkness: float = 0.85  # 0..1
    beard: float = 0.0  # 0 shaven .. 1
    moustache: float = 0.0  # 0 shaven .. 1
    wrinkles: float = 0.5  # depth of the folds of expressions, 0 .. 1
    gloss: float = 0.06  # strength of the specular reflection of skin
    gaze: tuple[float, float] = (0.0, 0.0)  # degrees to the subject's left, up; from the head's
    pattern: int = 0


@dataclass(frozen=True, eq=False)
class FaceSpec:
    """One picture: identity, expression, pose, light, camera and appearance."""

    identity: np.ndarray  # (M,) standard deviations, see identity.IDENTITY_MODES
    action_units: np.ndarray  # (20,) 0..1, see action_units.ACTION_UNITS
    pose: Pose = field(default_factory=Pose)
    light: Light = field(default_factory=Light)
    camera: Camera = field(default_factory=Camera)
    appearance: Appearance = field(default_factory=Appearance)


@dataclass(frozen=True, eq=False)
class Truth:
    """The ground truth of a picture."""

    vertices_face: np.ndarray  # (468, 3) float32 cm, face frame: identity and expression
    vertices_image: np.ndarray  # (468, 3) float32 px, image frame
    rotation: np.ndarray  # (3, 3) float32 viewer_from_face
    visible: np.ndarray  # (468,) bool: nothing lies between the vertex and the camera


@dataclass(frozen=True, eq=False)
class Rendered:
    """A picture before blur, noise and coding, and its ground truth."""

    image: np.ndarray  # (size, size, 3) uint8 RGB
    truth: Truth
