import hashlib
from pathlib import Path

import numpy as np
import pytest

from fer3d.errors import UserError
from fer3d.files import images, packed
from fer3d.machine.settings import Settings
from fer3d.synthesis.generate import plan, synthesize
from fer3d.synthesis.params import SynthesizeParams
from fer3d.toolbox import Toolbox

COUNTS = {"disgust": 3, "happiness": 6, "neutral": 3}


def parameters(**changes):
    values = {
        "seed": 5,
        "images": COUNTS,
        "size": 48,
        "max_yaw_deg": 45.0,
        "duplicate_fraction": 0.25,
        "conflicting_duplicates": 1,
    }
    return SynthesizeParams(**(values | changes))


@pytest.fixture(scope="module")
def made(assets_dir, tmp_path_factory):
    out = tmp_path_factory.mktemp("synthetic")
    return out, synthesize(out, parameters(), Toolbox(assets_dir))


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_workers_change_no_byte(made, assets_dir, tmp_path):
    synthesize(tmp_path, parameters(), Toolbox(assets_dir, settings=Settings(workers=2)))
    assert contents(tmp_path) == contents(made[0])


def test_a_picture_does_not_depend_on_how_many_others_there_are(made, assets_dir, tmp_path):
    few = parameters(images={"happiness": 2}, duplicate_fraction=0.0)
    synthesize(tmp_path, few, Toolbox(assets_dir))
    name = "images/happiness/happiness_0001.jpg"
    assert (tmp_path / name).read_bytes() == (made[0] / name).read_bytes()


def test_another_seed_gives_other_pictures(made, assets_dir, tmp_path):
    few = parameters(images={"happiness": 1}, duplicate_fraction=0.0, seed=6)
    synthesize(tmp_path, few, Toolbox(assets_dir))
    name = "images/happiness/happiness_0000.jpg"
    assert (tmp_path / name).read_bytes() != (made[0] / name).read_bytes()


def test_metrics_count_the_files(made):
    out, metrics = made
    per_class = {folder.name: len(list(folder.iterdir())) for folder in (out / "images").iterdir()}
    assert metrics["per_class"] == dict(sorted(per_class.items()))
    assert metrics["images"] == sum(per_class.values()) == 15
    assert (metrics["copies"], metrics["conflicting_copies"]) == (3, 1)


def test_copies_are_exact_and_one_lies_in_a_class_that_is_not_its_own(made):
    out, _ = made
    frame = packed.read_manifest(out / "truth")
    copies = frame[frame["id"] != frame["source_id"]]
    source = frame.set_index("id").loc[copies["source_id"]]
    assert copies["sha1"].tolist() == source["sha1"].tolist()
    assert (copies["label"].to_numpy() != source["label"].to_numpy()).sum() == 1
    assert frame["sha1"].nunique() == sum(COUNTS.values())


def test_truth_belongs_to_the_files_row_by_row(made):
    out, _ = made
    frame = packed.read_manifest(out / "truth")
    truth = packed.open_arrays(out / "truth")
    on_disk = sorted(
        p.relative_to(out / "images").as_posix() for p in (out / "images").rglob("*.jpg")
    )
    assert frame["id"].tolist() == on_disk
    for row in frame.itertuples():
        data = (out / "images" / row.path).read_bytes()
        assert hashlib.sha1(data).hexdigest() == row.sha1
        assert images.decode(data).shape == (row.height, row.width, 3)
    for name, shape in {
        "vertices_image": (15, 468, 3),
        "action_units": (15, 20),
        "ambient": (15,),
    }.items():
        assert truth[name].shape == shape
    np.testing.assert_allclose(np.linalg.det(truth["rotation"]), 1.0, atol=1e-5)
    nose = truth["rotation"][:, 0, 2]  # where the nose points, to the image's right
    assert (np.sign(nose) == np.sign(frame["yaw"])).all()


def test_names_tell_nothing_but_the_class_and_a_number():
    assert [entry.id for entry in plan(parameters(images={"fear": 2}, duplicate_fraction=0.0))] == [
        "fear/fear_0000.jpg",
        "fear/fear_0001.jpg",
    ]


def test_an_unknown_class_is_named():
    with pytest.raises(UserError, match="contempt"):
        plan(parameters(images={"contempt": 3}))


def test_nothing_to_render_is_an_error():
    with pytest.raises(UserError, match="at least one image"):
        plan(parameters(images={"fear": 0}))
