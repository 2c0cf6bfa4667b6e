from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from fer3d.alignment.aligner import Aligned, Aligner, make_detector
from fer3d.alignment.detector import Detections
from fer3d.alignment.mtcnn import Mtcnn
from fer3d.geometry import affine


@pytest.fixture(scope="module")
def aligner(mtcnn: Mtcnn) -> Aligner:
    return Aligner(mtcnn, size=100, crop=1.5)


def turned(image: np.ndarray, degrees: float) -> np.ndarray:
    middle = (image.shape[1] / 2 - 0.5, image.shape[0] / 2 - 0.5)
    matrix = cv2.getRotationMatrix2D(middle, degrees, 1)
    return cv2.warpAffine(image, matrix, image.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)


@pytest.mark.parametrize("degrees", [-30, -15, 15, 30])
def test_a_turned_face_comes_out_level_and_at_the_same_place(
    aligner: Aligner, face: np.ndarray, eyes_are_level: Callable, degrees: float
) -> None:
    straight, tilted = aligner.align([face, turned(face, degrees)])
    assert tilted.aligned and eyes_are_level(tilted.points)
    assert np.abs(tilted.points - straight.points).max() < 6  # of 100 px


def test_points_lie_on_the_aligned_image_where_they_lie_on_the_source(
    aligner: Aligner, face: np.ndarray, mtcnn: Mtcnn
) -> None:
    (result,) = aligner.align([face])
    back = affine.apply(affine.invert(result.aligned_from_image.astype(float)), result.points)
    np.testing.assert_allclose(back, mtcnn.detect(face[None])[0].points[0], atol=0.01)


def test_an_image_without_a_face_is_kept_and_not_turned(aligner: Aligner) -> None:
    image = np.random.default_rng(0).integers(0, 256, (50, 100, 3)).astype(np.uint8)
    (result,) = aligner.align([image])
    assert not result.aligned and result.detection == "" and result.confidence == 0
    assert np.isnan(result.box).all() and np.isnan(result.points).all()
    np.testing.assert_array_equal(result.image[25:75], image)
    assert (result.image[:25] == result.image[25]).all()


class Told:
    """A detector with given results."""

    name = "told"

    def __init__(self, *boxes: tuple[float, ...], eyes_found: bool):
        self._boxes = np.array(boxes, np.float32)
        self._eyes_found = eyes_found

    def detect(self, images: np.ndarray) -> list[Detections]:
        x, y, width, height = self._boxes.T[:, :, None]
        across, down = np.array([[0.3, 0.7, 0.5, 0.35, 0.65], [0.4, 0.4, 0.6, 0.8, 0.8]])
        points = np.stack([x + across * width, y + down * height], axis=-1).astype(np.float32)
        if not self._eyes_found:
            points = np.full_like(points, np.nan)
        return [Detections(self._boxes, points, np.ones(len(points), np.float32)) for _ in images]


def test_the_most_central_large_face_is_cropped(face: np.ndarray) -> None:
    detector = Told((5, 5, 60, 60), (100, 100, 50, 50), (160, 180, 40, 40), eyes_found=True)
    (result,) = Aligner(detector, size=100, crop=2.0).align([face])
    np.testing.assert_allclose(result.box, [25, 25, 50, 50])
    np.testing.assert_allclose(result.aligned_from_image, [[1, 0, -75], [0, 1, -75]])
    assert (result.image == face[75:175, 75:175]).all()


def test_all_faces_are_cropped_the_largest_first(face: np.ndarray) -> None:
    detector = Told((160, 180, 40, 40), (5, 5, 60, 60), (100, 100, 50, 50), eyes_found=True)
    aligner = Aligner(detector, size=100, crop=2.0)
    found, again = aligner.align_all([face, face])
    assert [one.box_source.tolist() for one in found] == [
        [5, 5, 60, 60],
        [100, 100, 50, 50],
        [160, 180, 40, 40],
    ]
    assert all(one.faces_found == 3 for one in found)
    assert same(found[1], aligner.align([face])[0]) and all(map(same, found, again))
    assert aligner.align_all([]) == []


def test_affines_points_and_boxes_are_of_the_dtype_that_is_asked_for(face: np.ndarray) -> None:
    detector = Told((100, 100, 50, 50), eyes_found=True)
    for dtype in (np.float32, np.float64):
        aligner = Aligner(detector, size=100, crop=2.0, dtype=dtype)
        (central,), ((every,),) = aligner.align([face]), aligner.align_all([face])
        for one in (central, every):
            arrays = (one.aligned_from_image, one.box, one.points, one.box_source)
            assert {array.dtype for array in arrays} == {np.dtype(dtype)}


def test_a_face_without_eyes_is_cropped_but_not_aligned(face: np.ndarray) -> None:
    detector = Told((100, 100, 50, 50), eyes_found=False)
    (result,) = Aligner(detector, size=100, crop=2.0).align([face])
    assert not result.aligned and result.detection == "told"
    np.testing.assert_allclose(result.box, [25, 25, 50, 50])
    assert np.isnan(result.points).all()
    assert (result.image == face[75:175, 75:175]).all()


def test_no_crop_keeps_the_whole_image(mtcnn: Mtcnn, face: np.ndarray) -> None:
    (result,) = Aligner(mtcnn, size=96, crop=None).align([face])
    scale = np.sqrt(np.linalg.det(result.aligned_from_image[:, :2]))
    assert result.aligned and scale == pytest.approx(96 / 256, rel=1e-5)


def test_padding_finds_a_face_that_fills_the_image(mtcnn: Mtcnn, face: np.ndarray) -> None:
    tight = np.ascontiguousarray(face[58:162, 88:172])
    bare, padded = (
        Aligner(mtcnn, size=100, crop=1.5, padding=padding).align([tight])[0]
        for padding in (0.0, 0.4)
    )
    assert padded.aligned and padded.confidence > 0.9
    if bare.aligned:
        assert np.abs(padded.points - bare.points).max() < 8


def test_images_of_all_sizes_do_not_disturb_each_other(aligner: Aligner, face: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    shapes = [(1, 1), (10, 10), (2, 900), (700, 5), (64, 64)]
    odd = [rng.integers(0, 256, (*shape, 3)).astype(np.uint8) for shape in shapes]
    half = np.ascontiguousarray(face[::2, ::2])
    images = [face, *odd[:3], half, *odd[3:], face]
    together = aligner.align(images)
    for image, result in zip(images, together, strict=True):
        assert same(result, aligner.align([image])[0])
    assert [result.aligned for result in together] == [True, *[False] * 3, True, False, False, True]


def test_the_haar_cascade_aligns_too(assets_dir: Path, face: np.ndarray) -> None:
    detector = make_detector("haar", assets_dir, min_face=20, thresholds=(0.6, 0.7, 0.8))
    (result,) = Aligner(detector, size=100, crop=1.5).align([face])
    assert result.detection == "haar" and np.isfinite(result.box).all()


def test_unknown_detectors_are_named(assets_dir: Path) -> None:
    with pytest.raises(ValueError, match="'mtcnn' or 'haar', got 'ssd'"):
        make_detector("ssd", assets_dir, min_face=20, thresholds=(0.6, 0.7, 0.8))


def same(first: Aligned, second: Aligned) -> bool:
    return all(
        np.asarray(getattr(first, name)).tobytes() == np.asarray(getattr(second, name)).tobytes()
        for name in ("image", "aligned_from_image", "aligned", "box", "points", "confidence")
    )
