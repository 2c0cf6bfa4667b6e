"""PRN through the functions of the stages, with random weights."""

import numpy as np
import pytest
from batches import assert_alone_alike, write_batch
from pydantic import ValidationError

from fer3d.errors import UserError
from fer3d.files.digests import sha256_file
from fer3d.files.packed import open_arrays, read_manifest
from fer3d.files.specs import Spec
from fer3d.machine.settings import Settings
from fer3d.reconstruction.params import ReconstructParams
from fer3d.reconstruction.prnet.uv import POINTS
from fer3d.reconstruction.reconstruct import producer, reconstruct_dataset
from fer3d.reconstruction.reconstructor import Reason, make_reconstructor
from fer3d.reconstruction.surfaces import PositionMapSurface, drawn_triangles, surface_of
from fer3d.relighting import relight
from fer3d.relighting.params import RelightParams
from fer3d.relighting.relighter import Relighter
from fer3d.toolbox import Toolbox

VALUES = {
    "backend": "prnet",
    "subdivisions": 2,
    "fit": "paper",
    "visibility": "paper",
    "min_presence": 0.5,
}
PARAMS = ReconstructParams(landmarks="prnet", **VALUES)
RELIGHT = RelightParams(neighbours=10, light=(0.0, 0.0, 1.0), size=100)


@pytest.fixture(scope="module")
def batch(astronaut, points) -> dict[str, np.ndarray]:
    """A face as found, its mirror image, and a face not found."""
    mirrored = (points * [-1, 1] + [100, 0])[[1, 0, 2, 4, 3]]
    return {
        "images": np.stack([astronaut, astronaut[:, ::-1], astronaut]),
        "points": np.stack([points, mirrored, points * np.nan]).astype(np.float32),
    }


@pytest.fixture(scope="module")
def result(batch, assets_dir, model_file) -> dict[str, np.ndarray]:
    return producer(PARAMS, Toolbox(assets_dir, model_file.parent)).compute(batch)


def test_results_have_the_declared_shapes(result, assets_dir, model_file):
    outputs = producer(PARAMS, Toolbox(assets_dir, model_file.parent)).outputs
    assert {k: Spec(v.shape[1:], v.dtype.name) for k, v in result.items()} == outputs
    assert outputs["vertices_face"] == Spec((POINTS, 3), "float16")
    assert outputs["landmarks_image"] == Spec((68, 2), "float32")


def test_the_size_of_the_batch_does_not_change_a_byte(batch, result, assets_dir, model_file):
    made = producer(PARAMS, Toolbox(assets_dir, model_file.parent))
    assert_alone_alike(made, batch, result, [1])


def test_without_a_detected_face_there_is_none_unless_it_is_asked_for(
    batch, result, assets_dir, model_file
):
    assert [list(Reason)[code] for code in result["reason"]] == ["", "", Reason.NO_FACE]
    assert not result["vertices_face"][2].any() and not result["visible"][2].any()
    asked = PARAMS.model_copy(update={"min_presence": 0.0})
    reconstructor = make_reconstructor(asked, Toolbox(assets_dir, model_file.parent))
    (face,) = reconstructor(batch["images"][2:], batch["points"][2:])
    assert face.reason == ""


def test_the_key_of_a_result_holds_the_model_files_digest(assets_dir, model_file):
    made = producer(PARAMS, Toolbox(assets_dir, model_file.parent))
    assert made.models["prnet.npz"] == sha256_file(model_file)
    assert "face_landmark_with_attention.tflite" not in made.models
    surface = PositionMapSurface(model_file)
    assert relight.surface_producer(surface, RELIGHT).models == surface.models()


def test_dlibs_landmarks_are_looked_for_where_the_face_lies(batch, assets_dir, model_file):
    params = ReconstructParams(landmarks="dlib", **VALUES)
    reconstructor = make_reconstructor(params, Toolbox(assets_dir, model_file.parent))
    (face,) = reconstructor(batch["images"][:1], batch["points"][:1])
    assert face.landmarks_image.shape == (68, 2)
    made = producer(params, Toolbox(assets_dir, model_file.parent))
    assert "shape_predictor_68_face_landmarks.dat" in made.models


def test_the_landmarks_of_another_backend_are_refused():
    with pytest.raises(ValidationError, match="with backend prnet landmarks are dlib or prnet"):
        ReconstructParams(landmarks="facemesh", **VALUES)


def test_a_missing_model_file_is_a_clear_error(assets_dir, tmp_path):
    with pytest.raises(UserError, match="import-prnet"):
        producer(PARAMS, Toolbox(assets_dir, tmp_path))


def test_the_surface_is_told_from_the_vertices(assets_dir, model_file):
    assert len(surface_of(POINTS, 2, Toolbox(assets_dir, model_file.parent)).load()) == POINTS
    assert len(surface_of(468, 2, Toolbox(assets_dir)).load()) == 7257
    with pytest.raises(ValueError, match="got 1000"):
        surface_of(1000, 2, Toolbox(assets_dir))
    drawn = drawn_triangles(POINTS, Toolbox(assets_dir, model_file.parent))
    assert 500 < len(drawn) < 2000 and drawn.max() < POINTS


def test_half_precision_does_not_show_in_the_shading(tables, posed, model_file):
    face, covered = tables.points(posed.face), tables.points(posed.covered[..., None])[:, 0]
    relighter = Relighter(PositionMapSurface(model_file), RELIGHT)
    images = relighter([face.astype(np.float64), face.astype(np.float16)], [covered, covered])
    exact, kept = (image.shading.astype(int) for image in images)
    mask = images[0].mask
    assert mask.mean() > 0.3
    assert np.abs(exact - kept)[mask].mean() < 1  # of 255 levels


def test_a_data_set_runs_through_both_stages(batch, result, assets_dir, model_file, tmp_path):
    write_batch(tmp_path / "in", batch)
    settings = Settings(workers=1, device="cpu", store=str(tmp_path / "store"))
    toolbox = Toolbox(assets_dir, model_file.parent, settings)
    faces, shadings = tmp_path / "faces", tmp_path / "shadings"
    metrics = reconstruct_dataset(tmp_path / "in", faces, PARAMS, toolbox)
    assert metrics["reconstructed"] == 2
    assert metrics["not_reconstructed_by_reason"] == {"no_face": 1}
    for name, values in open_arrays(faces).items():
        assert np.array_equal(values, result[name]), name
    metrics = relight.relight_dataset(faces, shadings, RELIGHT, toolbox)
    fractions = read_manifest(shadings)["visible_fraction"]
    assert fractions[2] == 0 and (fractions[:2] > 0).all()
    shading = open_arrays(shadings, "shading")["shading"]
    assert shading[:2].any() and not shading[2].any()
    face = (open_arrays(faces, "vertices_face")["vertices_face"][0], result["visible"][0])
    visible = np.unpackbits(face[1], count=POINTS).astype(bool)
    (one,) = Relighter(PositionMapSurface(model_file), RELIGHT)(face[:1], [visible])
    assert np.array_equal(one.shading, shading[0])
