"""The stage on files: rows, metrics, bytes, errors."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pngs import write_png

from fer3d.alignment.align import align_dataset, check_found, producer
from fer3d.alignment.params import AlignParams, AlignStageParams, RejectParams
from fer3d.datasets.params import SourceParams
from fer3d.errors import UserError
from fer3d.files import manifest, packed
from fer3d.machine.settings import Settings
from fer3d.toolbox import Toolbox

PARAMS = AlignParams(
    detector="mtcnn", size=64, crop=1.5, padding=0.0, min_face=20, thresholds=(0.6, 0.7, 0.8)
)
STAGE = AlignStageParams(**PARAMS.model_dump(), min_found_fraction=0.0)


@pytest.fixture
def dataset(tmp_path: Path, face: np.ndarray) -> tuple[Path, Path]:
    """Nine files in three sizes and their manifest; every third shows no face."""
    root, rows = tmp_path / "images", []
    for i in range(9):
        label, split = ("anger", "fear")[i % 2], manifest.SPLITS[i // 3]
        image = face[:: 1 + i % 2, :: 1 + i % 2]
        if i % 3 == 2:
            image = np.full((30 + i, 40, 3), 128, np.uint8)
        path = f"{label}/{i}.png"
        write_png(root / path, np.ascontiguousarray(image))
        height, width = image.shape[:2]
        sha1 = hashlib.sha1((root / path).read_bytes()).hexdigest()
        rows.append((path, path, label, sha1, split, None, width, height))
    names = ["id", "path", "label", "sha1", "split", "subject", "width", "height"]
    manifest.write(pd.DataFrame(rows, columns=names), tmp_path / "split.parquet")
    return tmp_path / "split.parquet", root


def run(
    dataset: tuple[Path, Path],
    out: Path,
    assets_dir: Path,
    workers: int = 1,
    store: str = "none",
    reject: RejectParams | None = None,
) -> dict:
    settings = Settings(workers=workers, device="cpu", store=store)
    toolbox = Toolbox(assets_dir, settings=settings)
    params = STAGE.model_copy(update={"reject": reject or RejectParams()})
    return align_dataset(dataset[0], origin(dataset[1]), out, params, toolbox)


def origin(root: Path, max_pixels: int = 1_000_000) -> SourceParams:
    return SourceParams(source=str(root), max_pixels=max_pixels)


def test_no_row_is_lost_and_each_has_its_own_image(
    dataset: tuple[Path, Path], tmp_path: Path, assets_dir: Path, face: np.ndarray
) -> None:
    metrics = run(dataset, tmp_path / "out", assets_dir)
    frame, arrays = packed.read_manifest(tmp_path / "out"), packed.open_arrays(tmp_path / "out")
    before = manifest.read(dataset[0])
    pd.testing.assert_frame_equal(frame[before.columns.tolist()], before)
    grey = [(image == 128).all() for image in arrays["images"]]
    assert grey == (~frame["aligned"]).tolist()
    assert [Path(path).stem for path in frame["path"][~frame["aligned"]]] == ["2", "8", "5"]
    assert np.isnan(arrays["points"][~frame["aligned"]]).all()
    assert frame.loc[frame["aligned"], "confidence"].min() > 0.9
    assert frame["box_x"].isna().tolist() == grey
    assert metrics["train"] == {
        "anger": {"aligned": 1, "not_aligned": 1},
        "fear": {"aligned": 1, "not_aligned": 0},
    }
    assert metrics["aligned_fraction"] == pytest.approx(6 / 9)


def replace_image(dataset: tuple[Path, Path], row: int, image: np.ndarray) -> None:
    table, root = dataset
    frame = manifest.read(table)
    path = root / frame["path"][row]
    write_png(path, np.ascontiguousarray(image))
    frame.loc[row, ["height", "width"]] = image.shape[:2]
    frame.loc[row, "sha1"] = hashlib.sha1(path.read_bytes()).hexdigest()
    manifest.write(frame, table)


def test_images_are_rejected_for_their_faces_and_counted_by_class(
    dataset: tuple[Path, Path], tmp_path: Path, assets_dir: Path, face: np.ndarray
) -> None:
    """Faces of 110 px in images with even numbers, of 55 px in others, none in every third."""
    replace_image(dataset, 0, np.concatenate([face, face, face], axis=1))
    replace_image(dataset, 2, np.concatenate([face, face], axis=1))
    out, paper = tmp_path / "out", RejectParams(min_face_side=60, max_major_faces=2)
    metrics = run(dataset, out, assets_dir, reject=paper)
    gone = manifest.read(out / "rejected.parquet").set_index("id")
    assert gone["reason"].to_dict() == {
        "anger/0.png": "several_faces",
        "fear/1.png": "small_face",
        "fear/3.png": "small_face",
        "fear/7.png": "small_face",
    }
    assert gone["detail"]["anger/0.png"] == "3 major faces"
    assert 40 < float(gone["detail"]["fear/1.png"].removesuffix(" px")) < 60
    assert metrics["rejected"] == {"small_face": {"fear": 3}, "several_faces": {"anger": 1}}
    run(dataset, tmp_path / "whole", assets_dir)
    whole, some = packed.open_arrays(tmp_path / "whole"), packed.open_arrays(out)
    frame = packed.read_manifest(tmp_path / "whole")
    kept = frame[~frame["id"].isin(gone.index)]
    pd.testing.assert_frame_equal(packed.read_manifest(out), kept.reset_index(drop=True))
    for name, array in whole.items():
        np.testing.assert_array_equal(some[name], array[kept.index])
    assert manifest.read(tmp_path / "whole/rejected.parquet").empty


def test_a_data_set_of_which_nothing_is_left_is_an_error(
    dataset: tuple[Path, Path], tmp_path: Path, assets_dir: Path
) -> None:
    table = manifest.read(dataset[0])
    manifest.write(table[table["id"].isin(["fear/1.png", "fear/3.png"])], dataset[0])
    with pytest.raises(UserError, match=r"all 2 images are rejected .* align\.reject"):
        run(dataset, tmp_path / "out", assets_dir, reject=RejectParams(min_face_side=60))
    assert not (tmp_path / "out").exists()


def test_workers_change_no_byte(
    dataset: tuple[Path, Path], tmp_path: Path, assets_dir: Path
) -> None:
    for workers in (1, 2):
        run(dataset, tmp_path / str(workers), assets_dir, workers)
    files = sorted(path.name for path in (tmp_path / "1").iterdir())
    for name in files:
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


def test_what_is_in_the_store_is_not_aligned_again(
    dataset: tuple[Path, Path], tmp_path: Path, assets_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "fer3d")
    table, root = dataset
    whole = manifest.read(table)
    new = whole["id"].isin(["anger/2.png", "fear/5.png"])
    manifest.write(whole[~new], tmp_path / "part.parquet")
    store = str(tmp_path / "store")
    run((tmp_path / "part.parquet", root), tmp_path / "part", assets_dir, store=store)
    run(dataset, tmp_path / "more", assets_dir, store=store)
    metrics = run(dataset, tmp_path / "again", assets_dir, store=store)
    assert metrics == run(dataset, tmp_path / "alone", assets_dir)
    computed = [line for line in caplog.messages if "computed" in line]
    assert [line.removeprefix("align: ") for line in computed] == [
        "computed 7, from store 0",
        "computed 2, from store 7",
        "computed 0, from store 9",
        "computed 9, from store 0",
    ]
    for path in (tmp_path / "alone").iterdir():
        for other in ("more", "again"):
            assert (tmp_path / other / path.name).read_bytes() == path.read_bytes(), path.name


def test_a_file_that_cannot_be_decoded_any_more_is_named(
    dataset: tuple[Path, Path], tmp_path: Path, assets_dir: Path
) -> None:
    small = origin(dataset[1], max_pixels=100)
    with pytest.raises(UserError, match=r"\.png can no longer be read"):
        align_dataset(dataset[0], small, tmp_path / "out", STAGE, Toolbox(assets_dir))


def test_a_changed_file_is_named(
    dataset: tuple[Path, Path], tmp_path: Path, assets_dir: Path
) -> None:
    write_png(dataset[1] / "anger/4.png", np.zeros((256, 256, 3), np.uint8))
    with pytest.raises(UserError, match=r"4\.png has changed"):
        run(dataset, tmp_path / "out", assets_dir)
    assert not (tmp_path / "out").exists()


def test_a_vanished_file_is_named(
    dataset: tuple[Path, Path], tmp_path: Path, assets_dir: Path
) -> None:
    (dataset[1] / "fear/3.png").unlink()
    with pytest.raises(UserError, match=r"3\.png can no longer be read"):
        run(dataset, tmp_path / "out", assets_dir)


def found(train: tuple[int, int], test: tuple[int, int]) -> dict:
    """Metrics of a data set of one class with (aligned, not aligned) images."""
    count = [dict(zip(("aligned", "not_aligned"), split, strict=True)) for split in (train, test)]
    return {"train": {"fear": count[0]}, "validation": {}, "test": {"fear": count[1]}}


def test_a_data_set_in_which_too_few_faces_are_found_is_an_error_that_says_what_to_try() -> None:
    params = AlignStageParams(**PARAMS.model_dump(), min_found_fraction=0.2)
    check_found(found((2, 6), (0, 2)), params)
    check_found(found((0, 0), (0, 0)), params)
    with pytest.raises(UserError) as caught:
        check_found(found((1, 7), (0, 2)), params)
    message = str(caught.value)
    assert message.startswith("a face was found in 1 of 10 images (10.0%), ") and "0.2" in message
    for name in ("align.detector", "align.min_face", "align.padding", "align.crop"):
        assert name in message
    assert "\n" not in message


def test_faces_that_are_found_are_counted_in_the_log(
    dataset: tuple[Path, Path], tmp_path: Path, assets_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "fer3d")
    run(dataset, tmp_path / "out", assets_dir)
    assert "align: a face was found in 6 of 9 images (66.7%)" in caplog.messages


def test_the_key_of_a_result_has_what_decodes_the_files(assets_dir):
    made = producer(100, PARAMS, Toolbox(assets_dir))
    assert {"pillow", "pillow-heif"} <= set(made.libraries)


def test_the_smallest_share_of_faces_is_no_part_of_a_results_key(assets_dir: Path) -> None:
    whole = AlignStageParams(**PARAMS.model_dump(), min_found_fraction=0.2)
    keys = [producer(100, params, Toolbox(assets_dir)).parameters for params in (PARAMS, whole)]
    assert keys[0] == keys[1]
