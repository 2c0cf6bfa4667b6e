"""Rendering of one face by ray casting."""

import cv2
import numpy as np

from fer3d.geometry.frames import viewer_from_face
from fer3d.geometry.meshes import unit_vectors, vertex_normals
from fer3d.geometry.sampling import sample_texture
from fer3d.synthetic import anatomy, atlas, head, openings, scene, skin
from fer3d.synthetic.model import FaceModel
from fer3d.synthetic.scene import FACE, Hits, Scene, View
from fer3d.synthetic.spec import Appearance, FaceSpec, Rendered, Truth

SAMPLES = 2  # rays per pixel and axis
SHADOW_STRENGTH = 0.75  # fraction of the direct light removed by a cast shadow
SHADOW_SOFTNESS = 1.6  # px of the supersampled picture
SKIN_SHININESS = 18.0  # exponent of the Blinn-Phong reflection
HAIR_GLOSS = 0.04
CROWN_Z = -5.0  # cm, face frame; hair falls from the vertical line there
STRAND_FREQUENCY, STRAND_PITCHES = 17.0, (1.0, 1.73, 3.1)  # 1/radian, relative
EYE_BRIGHTNESS = 1.15  # wet eyeballs are brighter than Lambert's law
GAMMA = 2.2
TINY = 1e-18  # prevents division by zero for vertices that only belong to openings


def render(model: FaceModel, spec: FaceSpec) -> Rendered:
    """Render a face; equal arguments give equal bytes.

    Returns:
        The picture, (size, size, 3) uint8 RGB, and its ground truth.
    """
    person = model.vertices(spec.identity, np.zeros_like(spec.action_units))
    face = model.vertices(spec.identity, spec.action_units)
    rotation = viewer_from_face(spec.pose.angles)
    view = scene.place_camera(spec.camera, rotation, face)
    world = scene.build(model, spec, face, rotation)
    side = spec.camera.size * SAMPLES
    directions = view.directions(spec.camera.size, SAMPLES).reshape(-1, 3)
    hits = world.cast(view.position, directions)
    picture = background(spec.appearance, side).reshape(-1, 3)
    seen = np.flatnonzero(hits.hit)
    picture[seen] = _Shader(model, spec, person, face, view, world).colours(
        _take(hits, seen), directions[seen], seen, side
    )
    truth = Truth(
        vertices_face=face.astype(np.float32),
        vertices_image=view.project(face).astype(np.float32),
        rotation=rotation.astype(np.float32),
        visible=world.visible(face, view.position),
    )
    return Rendered(_develop(picture.reshape(side, side, 3)), truth)


def background(look: Appearance, side: int) -> np.ndarray:
    """A plain or softly patterned background: (side, side, 3) float32, linear RGB."""
    rng = np.random.default_rng((look.pattern, 2))
    top, bottom = (np.array(colour, np.float32) for colour in look.background)
    down = np.linspace(0.0, 1.0, side, dtype=np.float32)[:, None, None]
    wall = np.broadcast_to(top + down * (bottom - top), (side, side, 3))
    patches = skin.noise(rng, (side, side), side / 5.0)[..., None]
    return np.clip(wall * (1.0 + look.background_texture * patches), 0.0, 1.0)


class _Shader:
    """The colours of hit points of one picture."""

    def __init__(
        self,
        model: FaceModel,
        spec: FaceSpec,
        person: np.ndarray,
        face: np.ndarray,
        view: View,
        world: Scene,
    ):
        self._model, self._spec, self._person, self._face = model, spec, person, face
        self._view, self._world = view, world
        self._light = view.rotation.T @ np.array(spec.light.direction)

    def colours(
        self, hits: Hits, directions: np.ndarray, pixels: np.ndarray, side: int
    ) -> np.ndarray:
        """(n, 3) linear radiance of n hit points; ``pixels`` are their pixel indices."""
        points = self._view.position + hits.distance[:, None] * directions
        normals = self._normals(hits, directions)
        light = self._illumination(points, normals, pixels, side)
        albedo, gloss = self._surface(hits, points)
        half = self._light - directions
        half /= np.sqrt(_dot(half, half))[:, None]
        shine = np.clip(_dot(normals, half), 0.0, 1.0) ** SKIN_SHININESS
        radiance = albedo * light[:, None] + (gloss * shine * light)[:, None]
        part = np.full(len(points), anatomy.SKIN)
        on_face = np.flatnonzero(hits.geometry == FACE)
        part[on_face] = self._model.part[hits.triangle[on_face]]
        for number in (anatomy.RIGHT_EYE_OPENING, anatomy.LEFT_EYE_OPENING):
            inside = np.flatnonzero(part == number)
            radiance[inside] = self._eye(number, points[inside], directions[inside], light[inside])
        inside = np.flatnonzero(part == anatomy.MOUTH_OPENING)
        radiance[inside] = self._mouth(points[inside], directions[inside], light[inside])
        return radiance

    def _normals(self, hits: Hits, directions: np.ndarray) -> np.ndarray:
        normals = np.zeros((len(directions), 3))
        for number, mesh in self._world.meshes.items():
            rows = np.flatnonzero(hits.geometry == number)
            triangles = mesh.triangles
            if number == FACE:  # triangles of openings are not skin
                triangles = triangles[self._model.part == anatomy.SKIN]
            smooth = unit_vectors(vertex_normals(mesh.vertices, triangles))
            normals[rows] = _interpolate(
                smooth, mesh.triangles[hits.triangle[rows]], hits.weights[rows]
            )
        normals /= np.sqrt(np.maximum(_dot(normals, normals), TINY))[:, None]
        away = _dot(normals, directions) > 0.0
        normals[away & (hits.geometry != FACE)] *= -1.0
        return normals

    def _illumination(
        self, points: np.ndarray, normals: np.ndarray, pixels: np.ndarray, side: int
    ) -> np.ndarray:
        """(n,) Lambertian shading with ambient light and soft cast shadows."""
        cosine = np.clip(normals @ self._light, 0.0, 1.0)
        facing = np.flatnonzero(cosine > 0.0)
        shadow = np.zeros(side * side, np.float32)
        lit = self._world.lit(points[facing], normals[facing], self._light)
        shadow[pixels[facing]] = ~lit
        soft = cv2.GaussianBlur(shadow.reshape(side, side), (0, 0), SHADOW_SOFTNESS).ravel()[pixels]
        ambient = self._spec.light.ambient
        return ambient + (1.0 - ambient) * cosine * (1.0 - SHADOW_STRENGTH * soft)

    def _surface(self, hits: Hits, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(n, 3) reflectance and (n,) gloss."""
        look = self._spec.appearance
        skin_colour, hair = np.array(look.skin), np.array(look.hair)
        strands = self._strands(points)
        albedo = np.tile(skin_colour, (len(points), 1))
        gloss = np.full(len(points), 0.4 * look.gloss)
        on_face = np.flatnonzero(hits.geometry == FACE)
        albedo[on_face] = self._face_texture(hits, on_face)
        gloss[on_face] = look.gloss
        on_skull = np.flatnonzero(hits.geometry == head.SKULL)
        share = head.hair_zone(points[on_skull] + 0.3 * strands[on_skull, None])
        share = share * (look.hairline < head.BALD_HAIRLINE)
        hairy = hair * (1.0 + 0.3 * strands[on_skull, None])
        albedo[on_skull] += share[:, None] * (hairy - albedo[on_skull])
        gloss[on_skull] += share * (HAIR_GLOSS - gloss[on_skull])
        on_long = np.flatnonzero(hits.geometry == head.LONG_HAIR)
        albedo[on_long] = hair * (0.85 + 0.3 * strands[on_long, None])
        on_clothes = np.flatnonzero(hits.geometry == head.CLOTHES)
        albedo[on_clothes], gloss[on_clothes] = np.array(look.clothes), 0.0
        return albedo, gloss

    def _face_texture(self, hits: Hits, rows: np.ndarray) -> np.ndarray:
        reference = self._model.reference
        corners = self._model.triangles[hits.triangle[rows]]
        where = atlas.texels(_interpolate(reference, corners, hits.weights[rows])).astype(
            np.float32
        )
        texture = skin.paint(reference, self._spec.appearance, self._spec.action_units)
        return sample_texture(texture, where)

    def _strands(self, points: np.ndarray) -> np.ndarray:
        """(n,) pattern of hair strands down from the crown, about -1..1."""
        azimuth = np.arctan2(points[:, 0], points[:, 2] - CROWN_Z) * STRAND_FREQUENCY
        phase = self._spec.appearance.pattern % 97
        waves = [np.sin(azimuth * pitch + pitch * phase) for pitch in STRAND_PITCHES]
        return sum(waves) / len(waves)

    def _eye(
        self, number: int, points: np.ndarray, directions: np.ndarray, light: np.ndarray
    ) -> np.ndarray:
        ring = anatomy.LEFT_EYE if number == anatomy.LEFT_EYE_OPENING else anatomy.RIGHT_EYE
        centre = openings.eye_centre(self._person, ring)
        look, ambient = self._spec.appearance, self._spec.light.ambient
        rays = openings.Rays(points, directions)
        albedo, normals = openings.eye_colours(rays, centre, look.gaze, look.iris)
        direct = np.clip(normals @ self._light, 0.0, 1.0)
        lids = np.clip((self._face[list(ring), 1].max() - points[:, 1]) / 0.35, 0.0, 1.0)
        shade = EYE_BRIGHTNESS * (ambient + (1.0 - ambient) * direct) * (0.6 + 0.4 * lids)
        return albedo * np.minimum(shade, 1.15 * light.max(initial=0.0))[:, None]

    def _mouth(self, points: np.ndarray, directions: np.ndarray, light: np.ndarray) -> np.ndarray:
        upper, lower = openings.teeth_edges(self._person, self._face)
        rays = openings.Rays(points, directions)
        return openings.mouth_colours(rays, points, upper, lower) * light[:, None]


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Dot products of rows: (n, 3), (n, 3) -> (n,)."""
    return np.einsum("ij,ij->i", a, b)


def _interpolate(values: np.ndarray, corners: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Vertex values (V, C) at points in triangles: corners (n, 3) indices, barycentric weights."""
    return sum(weights[:, i, None] * values[corners[:, i]] for i in range(3))


def _develop(picture: np.ndarray) -> np.ndarray:
    """Supersampled linear radiance -> uint8 sRGB-like picture."""
    size = picture.shape[0] // SAMPLES
    averaged = picture.reshape(size, SAMPLES, size, SAMPLES, 3).mean(axis=(1, 3))
    return np.round(255.0 * np.clip(averaged, 0.0, 1.0) ** (1.0 / GAMMA)).astype(np.uint8)


def _take(hits: Hits, rows: np.ndarray) -> Hits:
    return Hits(
        hits.hit[rows],
        hits.distance[rows],
        hits.geometry[rows],
        hits.triangle[rows],
        hits.weights[rows],
    )
