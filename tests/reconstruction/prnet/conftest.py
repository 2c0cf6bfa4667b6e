"""PRN's model file with random weights, and a position map of a face whose pose is known."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from fer3d.geometry.frames import rotation_from_pose
from fer3d.reconstruction.landmarks import mesh_landmarks
from fer3d.reconstruction.prnet import files
from fer3d.reconstruction.prnet.uv import POINTS, UV_SIZE, UvTables
from fer3d.reconstruction.topology import Topology, load_topology
from fer3d.relighting.raster import rasterize

CELLS_PER_CM = 11.0  # of the test's UV grid, which is a frontal view of the reference face
PX_PER_CM = 10.0  # of the crop in which the face lies


@pytest.fixture(scope="session")
def reference() -> ModuleType:
    """The script that records TensorFlow's results, as a module."""
    path = Path(__file__).with_name("record_reference.py")
    spec = importlib.util.spec_from_file_location("prnet_record_reference", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def topology(assets_dir) -> Topology:
    return load_topology(assets_dir, 2)


@pytest.fixture(scope="session")
def tables(topology) -> UvTables:
    """Tables of the right counts: the cells nearest to the middle, landmarks where they belong."""
    row, column = np.indices((UV_SIZE, UV_SIZE)) - (UV_SIZE - 1) / 2
    nearest = np.argsort(np.hypot(row, column * 1.1).ravel(), kind="stable")[:POINTS]
    landmarks = np.floor(_on_grid(mesh_landmarks(topology.reference))[:, :2]).astype(np.int64)
    return UvTables(np.sort(nearest), landmarks.T)


@pytest.fixture(scope="session")
def model_file(reference, tables, tmp_path_factory) -> Path:
    """PRN's model file, its weights random."""
    file = tmp_path_factory.mktemp("models") / files.MODEL
    files.write(file, reference.weights(1), tables)
    return file


@dataclass(frozen=True)
class Posed:
    """A face as PRN should see it.

    Attributes:
        positions: (256, 256, 3) crop px, in the authors' conventions.
        face: (256, 256, 3) cm, face frame: the same points before they were turned.
        covered: (256, 256) bool, cells of the face; those around it repeat the nearest of them.
        pose: (3,) degrees.
    """

    positions: np.ndarray
    face: np.ndarray
    covered: np.ndarray
    pose: np.ndarray


@pytest.fixture(scope="session")
def posed(topology) -> Posed:
    """The reference face, turned: nearer points have larger z, the farthest is at zero."""
    pose = np.array([10.0, 25.0, -5.0])
    image_from_face = rotation_from_pose(pose).T
    face, covered = _unrolled(topology)
    turned = PX_PER_CM * face @ image_from_face.T  # px, z away from the viewer
    x, y, depth = np.moveaxis(turned, -1, 0)
    positions = np.stack([x + 127.5, y + 127.5, depth.max() - depth], axis=-1)
    return Posed(positions, face, covered, pose)


def _on_grid(points: np.ndarray) -> np.ndarray:
    """Points, cm, face frame, in cells of the UV grid; z away from the viewer."""
    return points * [CELLS_PER_CM, -CELLS_PER_CM, -CELLS_PER_CM] + [UV_SIZE / 2, UV_SIZE / 2, 0]


def _unrolled(topology: Topology) -> tuple[np.ndarray, np.ndarray]:
    """The reference face at each cell (256, 256, 3), cm, and which cells it covers."""
    from scipy.ndimage import distance_transform_edt

    points, triangles = topology.dense(topology.reference), topology.dense.triangles
    fragments = rasterize(_on_grid(points), triangles, UV_SIZE, UV_SIZE)
    face = fragments.interpolate(points, triangles)
    rows, columns = distance_transform_edt(
        ~fragments.covered, return_distances=False, return_indices=True
    )
    return face[rows, columns], fragments.covered
