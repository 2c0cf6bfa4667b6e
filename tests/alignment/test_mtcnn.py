from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from fer3d.alignment import boxes, mtcnn_crops, mtcnn_networks, mtcnn_shrink
from fer3d.alignment.detector import Detections
from fer3d.alignment.mtcnn import Mtcnn, pyramid
from fer3d.alignment.mtcnn_canvas import arrange
from fer3d.alignment.mtcnn_layers import ActivatedPool
from fer3d.errors import UserError


def as_bytes(faces: Detections) -> bytes:
    return faces.boxes.tobytes() + faces.points.tobytes() + faces.confidence.tobytes()


def channels_last(maps: torch.Tensor) -> torch.Tensor:
    return maps.contiguous(memory_format=torch.channels_last)


@pytest.fixture(scope="module")
def rendered(reference: ModuleType) -> np.ndarray:
    """The rendered faces of one size, (N, 128, 128, 3)."""
    return np.stack([v for k, v in reference.images().items() if k.startswith("rendered")])


def test_batch_size_changes_nothing(mtcnn: Mtcnn, rendered: np.ndarray) -> None:
    whole = [as_bytes(faces) for faces in mtcnn.detect(rendered)]
    for size in (1, 5):
        parts = [rendered[i : i + size] for i in range(0, len(rendered), size)]
        assert [as_bytes(faces) for part in parts for faces in mtcnn.detect(part)] == whole


def test_order_changes_nothing(mtcnn: Mtcnn, rendered: np.ndarray) -> None:
    forward = [as_bytes(faces) for faces in mtcnn.detect(rendered)]
    backward = [as_bytes(faces) for faces in mtcnn.detect(rendered[::-1])]
    assert backward[::-1] == forward


@pytest.mark.parametrize("tiles", [1, 2, 3])
def test_threads_change_nothing(mtcnn: Mtcnn, face: np.ndarray, tiles: int) -> None:
    image, found = np.tile(face, (1, tiles, 1)), []
    threads = torch.get_num_threads()
    for count in (1, 2):
        torch.set_num_threads(count)
        found.append([as_bytes(faces) for faces in mtcnn.detect(image[None])])
        assert torch.get_num_threads() == count
    torch.set_num_threads(threads)
    assert found[0] == found[1]


def test_every_front_face_is_found_once(mtcnn: Mtcnn, face: np.ndarray) -> None:
    group = np.concatenate([face[::2, ::2]] * 3, axis=1)
    (faces,) = mtcnn.detect(group[None])
    assert len(faces) == 3
    middles = np.sort(faces.boxes[:, 0] + faces.boxes[:, 2] / 2)
    np.testing.assert_allclose(np.diff(middles), 128, atol=4)


def test_points_lie_where_faces_have_them(mtcnn: Mtcnn, face: np.ndarray) -> None:
    (faces,) = mtcnn.detect(face[None])
    left_eye, right_eye, nose, left_mouth, right_mouth = faces.points[0]
    assert left_eye[0] < nose[0] < right_eye[0] and left_mouth[0] < right_mouth[0]
    assert left_eye[1] < nose[1] < left_mouth[1]
    inside = faces.points[0] - faces.boxes[0, :2]
    assert (inside > 0).all() and (inside < faces.boxes[0, 2:]).all()


def test_a_mirrored_face_has_mirrored_points(mtcnn: Mtcnn, face: np.ndarray) -> None:
    (faces,) = mtcnn.detect(face[None])
    (mirrored,) = mtcnn.detect(np.ascontiguousarray(face[None, :, ::-1]))
    back = mirrored.points[0, [1, 0, 2, 4, 3]] * [-1, 1] + [face.shape[1], 0]
    assert np.abs(back - faces.points[0]).max() < 0.05 * faces.boxes[0, 2]


@pytest.mark.parametrize("shape", [(1, 1), (10, 10), (12, 12), (17, 400), (400, 3), (0, 0)])
def test_small_and_long_images_hold_no_face(mtcnn: Mtcnn, shape: tuple[int, int]) -> None:
    if 0 in shape:
        assert mtcnn.detect(np.zeros((0, 48, 48, 3), np.uint8)) == []
        return
    for value in (0, 128, 255):
        (faces,) = mtcnn.detect(np.full((1, *shape, 3), value, np.uint8))
        assert faces.boxes.shape == (0, 4) and faces.points.shape == (0, 5, 2)


def test_grey_is_no_face(mtcnn: Mtcnn) -> None:
    assert len(mtcnn.detect(np.full((1, 128, 128, 3), 128, np.uint8))[0]) == 0


def test_larger_least_face_finds_only_large_faces(assets_dir: Path, face: np.ndarray) -> None:
    detector = Mtcnn(assets_dir, min_face=80)
    assert len(detector.detect(face[None])[0]) == 1
    assert len(detector.detect(np.ascontiguousarray(face[None, ::4, ::4]))[0]) == 0


def test_wrong_input_is_named(mtcnn: Mtcnn, assets_dir: Path) -> None:
    with pytest.raises(ValueError, match=r"uint8, got \(1, 20, 20, 3\) float32"):
        mtcnn.detect(np.zeros((1, 20, 20, 3), np.float32))
    with pytest.raises(ValueError, match="at least 12 px"):
        Mtcnn(assets_dir, min_face=11)


def test_the_pyramid_ends_at_the_size_of_a_cell() -> None:
    scales = pyramid(128, 200, min_face=20)
    assert scales[0] == pytest.approx(12 / 20) and len(scales) == 6
    assert min(scales) * 128 >= boxes.CELL
    assert pyramid(5, 5, min_face=20) == []


def test_weights_of_another_network_are_refused(assets_dir: Path, tmp_path: Path) -> None:
    for name in ("pnet", "rnet", "onet"):
        (tmp_path / f"{name}.lz4").write_bytes((assets_dir / "rnet.lz4").read_bytes())
    with pytest.raises(ValueError, match="pnet"):
        mtcnn_networks.load(tmp_path)


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"pnet\.lz4 is missing"):
        mtcnn_networks.load(tmp_path)


def test_a_crop_of_the_whole_image_has_its_corners() -> None:
    image = np.random.default_rng(0).integers(0, 256, (1, 9, 7, 3)).astype(np.uint8)
    whole = np.array([[0.0, 0.0, 7.0, 9.0]])
    crop = mtcnn_crops.crop(image, np.zeros(1, np.int64), whole, 24)
    corners = crop[0, :, [0, 0, -1, -1], [0, -1, 0, -1]].T * 128 + 127.5
    np.testing.assert_allclose(corners, image[0, [0, 0, -1, -1], [0, -1, 0, -1]], atol=1e-3)


def test_outside_the_image_a_crop_is_zero() -> None:
    image = np.full((1, 8, 8, 3), 200, np.uint8)
    away = np.array([[-30.0, -30.0, -10.0, -10.0]])
    assert not mtcnn_crops.crop(image, np.zeros(1, np.int64), away, 24).any()


def test_crops_are_those_of_tensors() -> None:
    """The compiled loop and the way for other devices, in and outside the images."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (3, 40, 50, 3)).astype(np.uint8)
    corners = rng.uniform(-20, 40, (50, 2))
    boxes = np.hstack([corners, corners + rng.uniform(1, 60, (50, 1))])
    owner = rng.integers(0, 3, 50)
    expected = mtcnn_crops.crop_by_tensors(*map(torch.from_numpy, (images, owner, boxes)), 24)
    found = mtcnn_crops.crop(images, owner, boxes, 24)
    np.testing.assert_allclose(found, expected, atol=2e-7)


@pytest.mark.parametrize("sides", [(76, 76), (13, 20), (64, 45), (64, 64), (1, 1)])
def test_levels_are_those_of_opencv(sides: tuple[int, int]) -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 128, 135, 3)).astype(np.uint8)
    found = mtcnn_shrink.shrink(mtcnn_shrink.by_columns(images), *sides)
    exact = images.astype(np.float32)
    shrunk = [cv2.resize(image, sides[::-1], interpolation=cv2.INTER_AREA) for image in exact]
    np.testing.assert_allclose(found, (np.stack(shrunk) - 127.5) / 128, atol=1e-6)


def test_shrinking_takes_means() -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 12, 18, 3)).astype(np.uint8)
    means = images.reshape(2, 4, 3, 6, 3, 3).mean(axis=(2, 4))
    level = mtcnn_shrink.shrink(mtcnn_shrink.by_columns(images), 4, 6)
    np.testing.assert_allclose(level * 128 + 127.5, means, rtol=1e-5)


@pytest.mark.parametrize("name", ["refine", "output"])
def test_a_crop_has_the_same_bytes_in_every_call(assets_dir: Path, name: str) -> None:
    """Of any number of rows: also where PyTorch has other kernels for one, two or many."""
    network = getattr(mtcnn_networks.load(assets_dir), name)
    side = {"refine": mtcnn_networks.REFINE_SIZE, "output": mtcnn_networks.OUTPUT_SIZE}[name]
    generator = torch.Generator().manual_seed(0)
    crops = channels_last(torch.rand(19, 3, side, side, generator=generator))
    apart = [torch.cat(rows) for rows in zip(*map(network, crops.split(1)), strict=True)]
    for count in range(1, len(crops) + 1):
        for one, together in zip(apart, network(crops[:count]), strict=True):
            assert torch.equal(together, one[:count])


@pytest.mark.parametrize(
    "sides",
    [
        [(76, 76), (54, 54), (38, 38), (27, 27), (19, 19), (13, 13)],
        [(81, 47), (57, 33), (41, 24), (29, 17), (20, 12)],
        [(12, 40)],
    ],
)
def test_a_level_on_a_canvas_is_seen_as_one_by_itself(assets_dir: Path, sides) -> None:
    network, generator = mtcnn_networks.load(assets_dir).proposal, torch.Generator().manual_seed(0)
    levels = [channels_last(torch.randn(1, 3, *pair, generator=generator)) for pair in sides]
    (canvas,) = arrange(sides)
    picture = channels_last(torch.full((1, 3, canvas.height, canvas.width), torch.inf))
    for (top, left, height, width), level in zip(canvas.places, levels, strict=True):
        place = picture[..., top : top + height, left : left + width]
        assert place.isinf().all()  # the place of no other level
        place[:] = level
    _, together = network(picture, torch.from_numpy(canvas.edges))
    for number, level in enumerate(levels):
        _, alone = network(level, torch.zeros(2, 0, dtype=torch.long))
        seen = together.numpy()[0][canvas.cells == number]
        np.testing.assert_allclose(seen, alone.numpy().ravel(), atol=1e-6)


def test_large_levels_have_their_own_canvas() -> None:
    sides = [(600, 400), (425, 283), (301, 200), (213, 142)]
    canvases = arrange(sides)
    assert [canvas.levels.tolist() for canvas in canvases] == [[0], [1], [2, 3]]
    assert (canvases[0].height, canvases[0].width) == sides[0]
    assert arrange([]) == []


@pytest.mark.parametrize(("side", "inside"), [(2, False), (3, False), (3, True)])
@pytest.mark.parametrize("sides", [(12, 9), (7, 22), (3, 3)])
def test_pooling_is_that_of_pytorch(sides: tuple[int, int], side: int, inside: bool) -> None:
    maps = torch.from_numpy(np.random.default_rng(0).normal(size=(3, 10, *sides))).float()
    layer = ActivatedPool(10, side, inside)
    torch.nn.init.uniform_(layer.weight, -1, 1)
    active = F.prelu(maps, layer.weight)
    expected = F.max_pool2d(active, side, 2, ceil_mode=not inside)
    assert torch.equal(layer(maps), expected)
    assert torch.equal(layer(channels_last(maps)), expected)
