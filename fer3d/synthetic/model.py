"""The parametric face: reference face, openings, identity modes and action units."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer3d.errors import UserError
from fer3d.reconstruction.topology import MODELS, VERTICES, load_topology
from fer3d.synthetic import action_units, anatomy, fields, identity

ACTION_UNITS_FILE = "au_to_mesh_pls_v4.npz"


@dataclass(frozen=True)
class FaceModel:
    """Linear face model, face frame, cm: vertices = rest + identity + action units."""

    reference: np.ndarray  # (468, 3) float64: MediaPipe's canonical face, also texture coordinates
    rest: np.ndarray  # (468, 3) float64: lips closed, eyes open
    identity_modes: np.ndarray  # (M, 468, 3) float64 at one standard deviation
    unit_displacements: np.ndarray  # (20, 468, 3) float64 at full strength
    triangles: np.ndarray  # (898, 3) int32, counter-clockwise seen from outside; openings included
    part: np.ndarray  # (898,) int64: anatomy.SKIN or an opening

    def vertices(self, identity: np.ndarray, action_units: np.ndarray) -> np.ndarray:
        """The vertices of a person with an expression.

        Args:
            identity: (…, M) coefficients of ``identity.IDENTITY_MODES``, standard deviations.
            action_units: (…, 20) strengths of ``action_units.ACTION_UNITS``, 0..1.

        Returns:
            (…, 468, 3) float64, cm, face frame.
        """
        person = np.tensordot(identity, self.identity_modes, axes=1)
        return self.rest + person + np.tensordot(action_units, self.unit_displacements, axes=1)


def load_model(assets: Path) -> FaceModel:
    """The face model from the files that the ``assets`` stage unpacks.

    Raises:
        UserError: a file is missing.
    """
    for name in (*MODELS, ACTION_UNITS_FILE):
        if not (assets / name).exists():
            raise UserError(f"{assets / name} is missing: run `dvc repro assets` to fetch it")
    topology = load_topology(assets, 0)
    reference, triangles = topology.reference, topology.triangles.astype(np.int32)
    coefficients, scale = _read_fitted_units(assets / ACTION_UNITS_FILE, reference)
    face = fields.measure_anatomy(reference, topology.mirror)
    return FaceModel(
        reference=reference,
        rest=reference + action_units.rest(face),
        identity_modes=identity.identity_modes(face),
        unit_displacements=action_units.displacements(face, coefficients, scale),
        triangles=triangles,
        part=anatomy.face_parts(triangles),
    )


def _read_fitted_units(path: Path, reference: np.ndarray) -> tuple[np.ndarray, float]:
    """(20, 468, 3) displacements, and cm per unit from the spread of its mean mesh."""
    with np.load(path, allow_pickle=False) as file:
        columns = [f"AU{unit:02d}" for unit in action_units.ACTION_UNITS]
        if list(file["au_columns"]) != columns:
            raise UserError(f"{path} has unexpected action units: run `dvc repro --force assets`")
        rows = file["coef"][: len(columns)].reshape(len(columns), 3, -1).transpose(0, 2, 1)
        mean = file["mean_aligned_mesh"]
    spread = _spread(reference) / _spread(mean[:VERTICES].astype(np.float64))
    return rows[:, :VERTICES].astype(np.float64), spread


def _spread(vertices: np.ndarray) -> float:
    """Root mean square distance from the centre."""
    return float(np.sqrt(((vertices - vertices.mean(axis=0)) ** 2).sum(axis=1).mean()))
