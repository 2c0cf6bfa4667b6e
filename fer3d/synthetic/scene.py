"""The ray-casting scene of a picture, and its camera."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fer3d.geometry.frames import viewer_from_face
from fer3d.geometry.meshes import TriangleMesh, unit_vectors
from fer3d.geometry.rays import Caster
from fer3d.synthetic import head
from fer3d.synthetic.model import FaceModel
from fer3d.synthetic.spec import Camera, FaceSpec

FACE = 0  # geometry number of the face; ``head`` has the others
BODY_SHARE = 0.35  # fraction of the head's rotation that the body follows
REFERENCE_HEIGHT = 17.66  # cm, chin to forehead of the reference face
TOLERANCE = 0.06  # cm; a surface within this distance does not hide a vertex
SHADOW_OFFSET = 0.08  # cm, from the surface to the origin of shadow rays


@dataclass(frozen=True)
class View:
    """A camera placed for one face. Rays and points are in the face frame unless noted."""

    rotation: np.ndarray  # (3, 3) viewer_from_face
    distance: float  # cm
    focal: float  # px
    principal: tuple[float, float]  # px, image frame

    @property
    def position(self) -> np.ndarray:
        """The centre of projection, (3,) cm, face frame."""
        return self.rotation.T @ np.array([0.0, 0.0, self.distance])

    def project(self, points: np.ndarray) -> np.ndarray:
        """(…, 3) cm, face frame -> (…, 3) px, image frame.

        x and y are perspective; z is the distance from the plane of the face frame's origin,
        towards the scene, in px at the scale of that plane.
        """
        x, y, z = np.moveaxis(points @ self.rotation.T, -1, 0)
        scale = self.focal / (self.distance - z)
        u, v = self.principal[0] + scale * x, self.principal[1] - scale * y
        return np.stack([u, v, -z * self.focal / self.distance], axis=-1)

    def directions(self, size: int, samples: int) -> np.ndarray:
        """Unit directions of the rays through the centres of size * samples squared subpixels."""
        centres = (np.arange(size * samples) + 0.5) / samples
        u, v = np.meshgrid(centres, centres)
        x, y = (u - self.principal[0]) / self.focal, -(v - self.principal[1]) / self.focal
        return unit_vectors(np.stack([x, y, -np.ones_like(x)], axis=-1) @ self.rotation)


def place_camera(camera: Camera, rotation: np.ndarray, face: np.ndarray) -> View:
    """The view of a face (468, 3) in which it has the size and place that ``camera`` defines."""
    focal = camera.fill * camera.size * camera.distance / REFERENCE_HEIGHT
    centred = View(rotation, camera.distance, focal, (0.0, 0.0)).project(face)[:, :2]
    middle = 0.5 * (centred.min(axis=0) + centred.max(axis=0))
    principal = np.array(camera.centre) * camera.size - middle
    return View(rotation, camera.distance, focal, (float(principal[0]), float(principal[1])))


@dataclass(frozen=True)
class Hits:
    """Intersections of n rays with the scene, each (n,) or (n, 3)."""

    hit: np.ndarray  # bool
    distance: np.ndarray  # cm
    geometry: np.ndarray  # FACE or a constant of ``head``
    triangle: np.ndarray  # of that mesh
    weights: np.ndarray  # (n, 3) barycentric


@dataclass(frozen=True)
class Scene:
    """Meshes by geometry number, the face first."""

    meshes: dict[int, TriangleMesh]

    @cached_property
    def _caster(self) -> Caster:
        return Caster(self.meshes.values())

    def cast(self, origin: np.ndarray, directions: np.ndarray) -> Hits:
        """Cast rays from one point.

        Args:
            origin: (3,) cm. directions: (n, 3) unit.
        """
        answer = self._caster.cast(origin, directions)
        hit = np.isfinite(answer["t_hit"])
        geometry = np.full(len(hit), -1)
        geometry[hit] = np.array(list(self.meshes))[answer["geometry_ids"][hit]]
        uv = answer["primitive_uvs"].astype(np.float64)
        weights = np.stack([1.0 - uv[:, 0] - uv[:, 1], uv[:, 0], uv[:, 1]], axis=1)
        triangle = np.where(hit, answer["primitive_ids"], 0).astype(np.int64)
        return Hits(hit, answer["t_hit"], geometry, triangle, weights)

    def lit(self, points: np.ndarray, normals: np.ndarray, light: np.ndarray) -> np.ndarray:
        """Whether points (n, 3) are lit from the direction (3,): (n,) bool."""
        starts = points + SHADOW_OFFSET * normals
        return ~self._caster.occluded(starts, np.broadcast_to(light, starts.shape))

    def visible(self, points: np.ndarray, viewer: np.ndarray) -> np.ndarray:
        """Whether surface points (n, 3) are visible to the viewer (3,): (n,) bool."""
        return self._caster.sees(viewer, points, TOLERANCE)


def build(model: FaceModel, spec: FaceSpec, face: np.ndarray, rotation: np.ndarray) -> Scene:
    """Face, head, hair, neck and clothes of a specification, in the face frame."""
    look = spec.appearance
    turn = rotation.T @ viewer_from_face(spec.pose.scaled(BODY_SHARE).angles)
    meshes = {
        FACE: TriangleMesh(face, model.triangles),
        head.SKULL: head.skull(face, look.hair_thickness),
        head.EAR: head.ears(face),
        head.NECK: head.neck(turn),
        head.CLOTHES: head.clothes(turn),
    }
    if look.hair_length > 0.0:
        meshes[head.LONG_HAIR] = head.long_hair(face, look.hair_length, look.hair_thickness)
    return Scene(meshes)
