"""Compute the calibration of the face mesh network from rendered faces with known vertices.

python tools/calibrate_mesh.py 3     rewrite the fields of three passes of the network in
                                     fer3d/reconstruction/calibration.npz; two minutes
"""

import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import cv2
import numpy as np

from fer3d.accuracy3d.truth import TrueFace, true_face
from fer3d.alignment.aligner import Aligned, Aligner, make_detector
from fer3d.files import images
from fer3d.reconstruction import calibration, facemesh
from fer3d.reconstruction.rigid import fit_rigid, rigid_weights
from fer3d.reconstruction.topology import Topology, load_topology
from fer3d.synthesis.generate import degrade
from fer3d.synthetic.draw import PROTOTYPES, sample_degradation, sample_spec
from fer3d.synthetic.model import load_model
from fer3d.synthetic.render import render
from fer3d.synthetic.spec import FaceSpec

ROOT = Path(__file__).parent.parent
ASSETS = ROOT / "data" / "assets"
SEED, FACES = 1001, 900  # as in the default data set, but with uniform yaw
MAX_YAW = 60.0  # degrees
PITCH, MAX_PITCH = 9.0, 25.0  # degrees: standard deviation as in photos of FER2013, maximum
RIDGE = 0.3  # ridge penalty of the pose terms' fields, in images; none for the mean
EVEN = 6  # terms even in yaw, with symmetric fields; the other fields are antisymmetric
MIN_PRESENCE = 0.5


def main(passes: int) -> None:
    topology = load_topology(ASSETS, 0)
    # the meshes as the network gives them
    with patch.object(facemesh, "calibrate", lambda vertices, *_: vertices):
        terms, errors = map(np.stack, zip(*_samples(topology, passes), strict=True))
    mirrored = errors[:, topology.mirror] * [-1, 1, 1]
    parts = ((slice(0, EVEN), errors + mirrored), (slice(EVEN, None), errors - mirrored))
    fields = np.concatenate([_ridge(terms[:, part], value / 2) for part, value in parts])
    out = ROOT / "fer3d" / "reconstruction" / calibration.FIELDS
    with np.load(out, allow_pickle=False) as stored:
        others = dict(stored)
    np.savez_compressed(out, **(others | {f"passes{passes}": fields.astype(np.float16)}))
    print(
        f"{out}: {len(errors)} faces, RMS error {_rms(errors):.3f} cm, "
        f"after calibration {_rms(errors - np.tensordot(terms, fields, 1)):.3f} cm"
    )


def _samples(topology: Topology, passes: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pose terms (11,) and error (468, 3), cm, face frame, of each face that is found."""
    weights = rigid_weights(topology.reference, topology.triangles)
    network = facemesh.FaceMesh(ASSETS / facemesh.MODEL, passes)
    for aligned, truth in _aligned():
        (mesh,) = network([aligned.image], aligned.points[None])
        if mesh.presence < MIN_PRESENCE or not aligned.aligned:
            continue
        fit = fit_rigid(mesh.vertices, topology.reference, weights)
        error = truth.vertices_image - mesh.vertices
        error[:, 2] -= error[:, 2].mean()  # a single image does not determine the distance
        yield calibration.pose_terms(fit.rotation), error @ fit.rotation.T * fit.scale


def _aligned() -> Iterator[tuple[Aligned, TrueFace]]:
    detector = make_detector("mtcnn", ASSETS, min_face=20, thresholds=(0.6, 0.7, 0.8))
    aligner, model = Aligner(detector, 100, 1.5), load_model(ASSETS)
    for spec, rng in _specs():
        rendered = render(model, spec)
        data = degrade(rendered.image, sample_degradation(rng), rng)
        (aligned,) = aligner.align([images.decode(data)])
        known = (rendered.truth.vertices_image, rendered.truth.vertices_face)
        arrays = (*known, rendered.truth.rotation, aligned.aligned_from_image)
        yield aligned, true_face(*(array.astype(np.float64) for array in arrays))


def _specs() -> Iterator[tuple[FaceSpec, np.random.Generator]]:
    labels = list(PROTOTYPES)
    for number in range(FACES):
        rng = np.random.default_rng((SEED, number))
        spec = sample_spec(rng, labels[number % len(labels)], 128, MAX_YAW)
        yaw = float(rng.uniform(-MAX_YAW, MAX_YAW))
        pitch = float(np.clip(rng.normal(0.0, PITCH), -MAX_PITCH, MAX_PITCH))
        pose = dataclasses.replace(spec.pose, yaw=yaw, pitch=pitch)
        yield dataclasses.replace(spec, pose=pose), rng


def _ridge(terms: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """(K, 468, 3) least squares fields of terms (N, K); the constant term has no penalty."""
    pull = RIDGE * np.diag([0.0 if np.all(term == 1) else 1.0 for term in terms.T])
    normal, right = terms.T @ terms + pull, np.tensordot(terms.T, errors, 1)
    return np.linalg.solve(normal, right.reshape(len(normal), -1)).reshape(right.shape)


def _rms(errors: np.ndarray) -> float:
    return float(np.sqrt((errors**2).sum(axis=-1).mean()))


if __name__ == "__main__":
    cv2.setNumThreads(1)
    main(int(sys.argv[1]))
