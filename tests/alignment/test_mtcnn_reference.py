"""MTCNN has the results of the `mtcnn` package: recorded and, with TensorFlow, live."""

import json
import zipfile
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from fer3d.alignment import boxes
from fer3d.alignment.mtcnn import PIXEL_CENTRE, Mtcnn
from fer3d.files.images import decode

SAME_IMAGES = 0.98  # least share of images with the same faces
SAME_OVERLAP = 0.9  # of the boxes of one face
POINT_ERROR = 0.01  # greatest median distance of points, in box sides
FER2013_IMAGES = 200


def as_package(mtcnn: Mtcnn, image: np.ndarray) -> np.ndarray:
    """Our faces in the package's layout (n, 15): corners cut at the border, confidence, points."""
    (faces,) = mtcnn.detect(image[None])
    corners = np.concatenate([faces.boxes[:, :2], faces.boxes[:, :2] + faces.boxes[:, 2:]], axis=1)
    height, width = image.shape[:2]
    corners = corners.clip(0, [width - 1, height - 1, width - 1, height - 1])
    points = (faces.points - PIXEL_CENTRE).swapaxes(1, 2).reshape(-1, 10)
    return np.concatenate([corners, faces.confidence[:, None], points], axis=1)


def partners(ours: np.ndarray, theirs: np.ndarray) -> list[int] | None:
    """For each face of the package, the index of ours; None if the faces differ."""
    if len(ours) != len(theirs):
        return None
    overlaps = boxes.overlap(theirs[:, None, :4], ours[None, :, :4])
    found = overlaps.argmax(axis=1) if len(theirs) else np.zeros(0, int)
    same = len(set(found)) == len(theirs) and (overlaps.max(axis=1, initial=0) > SAME_OVERLAP).all()
    return found.tolist() if same else None


def point_errors(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Distances (n, 5) of the points, in sides of the box."""
    apart = (ours[:, 5:] - theirs[:, 5:]).reshape(-1, 2, 5)
    sides = (theirs[:, 2:4] - theirs[:, :2]).mean(axis=1)
    return np.linalg.norm(apart, axis=1) / sides[:, None]


def assert_same(pairs: Iterable[tuple[str, np.ndarray, np.ndarray]]) -> None:
    """Our results and those of the package by image name: the same faces and points."""
    different, errors, count = [], [], 0
    for name, ours, theirs in pairs:
        count += 1
        found = partners(ours, theirs)
        if found is None:
            different.append(name)
        else:
            errors.append(point_errors(ours[found], theirs).ravel())
    assert len(different) <= (1 - SAME_IMAGES) * count, f"other faces in {different}"
    assert np.median(np.concatenate(errors)) < POINT_ERROR


@pytest.fixture(scope="module")
def recorded(reference: ModuleType) -> dict[str, dict]:
    return json.loads(reference.RECORD.read_text(encoding="utf-8"))["images"]


def test_recorded_images_are_these_images(reference: ModuleType, recorded: dict[str, dict]) -> None:
    """Rendered faces are JPEG files, which another decoder may read a little differently."""
    images = reference.images()
    advice = "run tests/alignment/record_mtcnn_reference.py in an environment with TensorFlow"
    assert set(images) == set(recorded), advice
    changed = [
        name
        for name, entry in recorded.items()
        if name.startswith("astronaut") and reference.digest(images[name]) != entry["sha256"]
    ]
    assert not changed, f"{changed} changed: {advice}"


def test_finds_what_the_package_found(
    mtcnn: Mtcnn, reference: ModuleType, recorded: dict[str, dict]
) -> None:
    assert_same(
        (name, as_package(mtcnn, image), np.reshape(recorded[name]["faces"], (-1, 15)))
        for name, image in reference.images().items()
        if name in recorded
    )


@pytest.fixture(scope="module")
def package():
    pytest.importorskip("tensorflow", reason="needs the extra `reference`")
    package = pytest.importorskip("mtcnn", reason="needs the extra `reference`")
    return package.MTCNN()


@pytest.mark.reference
def test_finds_what_the_package_finds(package, mtcnn: Mtcnn, reference: ModuleType) -> None:
    assert_same(
        (name, as_package(mtcnn, image), reference.detect(package, image))
        for name, image in reference.images().items()
    )


@pytest.mark.reference
def test_finds_what_the_package_finds_in_fer2013(
    package, mtcnn: Mtcnn, reference: ModuleType, fer2013_zip: Path
) -> None:
    with zipfile.ZipFile(fer2013_zip) as files:
        names = sorted(name for name in files.namelist() if name.endswith(".jpg"))
        chosen = np.random.default_rng(0).choice(names, FER2013_IMAGES, replace=False)
        images = {name: decode(files.read(name)) for name in chosen}
    assert_same(
        (name, as_package(mtcnn, image), reference.detect(package, image))
        for name, image in images.items()
    )
