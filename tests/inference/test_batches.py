"""`fer3d predict` on photos, from end to end, with an untrained recognizer."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from checkout import link_or_copy
from pngs import write_png
from typer.testing import CliRunner

from fer3d.cli import typer_app
from fer3d.files.images import Rejected, Rejection
from fer3d.inference.batches import BATCH, BATCH_PIXELS, MANY, by_pixels
from fer3d.inference.documents import BOX

SYNTHETIC = Path(__file__).parents[1] / "alignment" / "data" / "synthetic"
COPIES, FEW = 20, 20  # of these 42 photos; photos that are left to resume with


def predict(predictor, *arguments: Path | str):
    options = ("--checkpoint", predictor.checkpoint, "--assets", predictor.toolbox.assets)
    command = ["predict", *map(str, (*arguments, *options))]
    return CliRunner().invoke(typer_app, command, env={"COLUMNS": "300"})


@pytest.fixture(scope="module")
def folder(face, grey, two_faces, tmp_path_factory) -> Path:
    """Images at two depths, an invalid file, an image without a face and one with two."""
    folder = tmp_path_factory.mktemp("pictures")
    inner = folder / "faces" / "2024 [a]"
    for path in (inner / "b.png", inner / "a.PNG", folder / "faces/z.png"):
        write_png(path, face)
    (inner / "d.jpg").write_bytes(b"no image")
    write_png(folder / "empty.gif", grey)
    write_png(folder / "two.png", two_faces)
    return folder


@pytest.fixture(scope="module")
def written(predictor, folder) -> tuple:
    """What the command printed and wrote."""
    result = predict(
        *(predictor, folder / "faces", folder / "empty.gif", folder / "two.png"),
        *("--json", folder / "out/all.json", "--csv", folder / "out/all.csv"),
        *("--jsonl", folder / "out/all.jsonl"),
    )
    images = json.loads((folder / "out/all.json").read_text())["images"]
    return result, images, pd.read_csv(folder / "out/all.csv")


def test_files_of_folders_come_sorted_and_one_that_is_no_image_is_named(written, folder):
    result, images, table = written
    names = [f"faces/2024 [a]/{name}" for name in ("a.PNG", "b.png", "d.jpg")]
    paths = [str(folder / name) for name in (*names, "faces/z.png", "empty.gif", "two.png")]
    assert [image["image"] for image in images] == table["image"].tolist() == paths
    assert result.exit_code == 1 and all(path in result.output for path in paths)
    bad = [line for line in result.stderr.splitlines() if "not_an_image" in line]
    assert len(bad) == 1 and bad[0].startswith(f"fer3d: {paths[2]}: ")


def test_all_probabilities_are_written_and_why_an_image_is_none(written, predictor, face):
    _, images, table = written
    probabilities = predictor.central_face(face).probabilities
    assert images[0]["probabilities"] == pytest.approx(probabilities, abs=1e-6)
    assert images[0]["expression"] == max(probabilities, key=probabilities.get)
    assert images[0]["face_detected"] and set(images[0]["rotation_deg"]) == {"pitch", "yaw", "roll"}
    assert images[2].keys() == {"image", "error"} and "not_an_image" in images[2]["error"]
    assert images[4]["no_face3d"] == "no_face" and images[4]["rotation_deg"] is None
    columns = table[[f"p_{name}" for name in predictor.classes]]
    assert columns.loc[0].tolist() == list(images[0]["probabilities"].values())
    assert columns.loc[2].isna().all() and table["error"].notna().tolist() == [0, 0, 1, 0, 0, 0]
    assert table["yaw"][0] == images[0]["rotation_deg"]["yaw"] and np.isnan(table["yaw"][4])


def test_the_box_of_the_face_is_written_and_how_many_others_were_seen(written):
    result, images, table = written
    assert [image.get("other_faces") for image in images] == [0, 0, None, 0, 0, 1]
    assert images[4]["box"] is None and not images[4]["face_detected"]
    x, y, width, height = images[5]["box"]
    assert x + width < 256 and table.loc[5, list(BOX)].tolist() == [x, y, width, height]
    assert table["other_faces"][5] == 1 and np.isnan(table["other_faces"][2])
    assert result.output.count("1 of 2 faces") == 1


def test_every_face_is_answered_where_all_are_asked_for(predictor, folder, two_faces):
    files = [folder / name for name in ("two.png", "empty.gif", "faces/2024 [a]/d.jpg")]
    out = folder / "out/faces.json"
    result = predict(predictor, *files, "--all-faces", "--json", out, "--csv", f"{out}.csv")
    two, empty, broken = json.loads(out.read_text())["images"]
    found = predictor.all_faces(two_faces)
    assert [face["expression"] for face in two["faces"]] == [one.expression for one in found]
    assert two["faces"][0]["box"][0] < 256 < two["faces"][1]["box"][0]
    assert empty["faces"] == [] and broken.keys() == {"image", "error"}
    table = pd.read_csv(f"{out}.csv")
    assert table["image"].tolist() == list(map(str, (files[0], *files)))
    assert table["face"].tolist()[:2] == [1, 2] and table["face"].isna().tolist()[2:] == [1, 1]
    assert table["box_x"].tolist()[:2] == [face["box"][0] for face in two["faces"]]
    assert result.exit_code == 1 and "no face was found" in result.output


def test_lines_of_json_say_what_the_document_says(written, folder):
    _, images, _ = written
    lines = (folder / "out/all.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == images


def test_answers_on_standard_output_stand_there_alone(predictor, folder):
    command = [sys.executable, "-m", "fer3d", "predict", folder / "two.png"]
    command += ["--checkpoint", predictor.checkpoint, "--assets", predictor.toolbox.assets]
    command += ["--jsonl", "/dev/stdout"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["image"] == str(folder / "two.png")
    assert "1 of 2 faces" in done.stderr


def test_pictures_of_several_images_lie_in_a_folder(predictor, folder, tmp_path):
    drawn = predict(
        *(predictor, folder / "faces", folder / "two.png", "--all-faces"),
        *("--picture", tmp_path / "out", "--draw", "mesh", "--draw", "aligned"),
    )
    assert drawn.exit_code == 1
    names = ["2024 [a]/a.PNG.png", "2024 [a]/b.png.png", "two.png.png", "z.png.png"]
    found = sorted(p.relative_to(tmp_path / "out") for p in (tmp_path / "out").rglob("*.png"))
    assert list(map(str, found)) == names


def test_an_interrupted_folder_is_resumed_with_the_answers_of_one_by_one(predictor, tmp_path):
    photos = tmp_path / "photos"
    for number in range(COPIES):  # it takes many times as long as the signal
        copy = photos / f"{number:02}"
        shutil.copytree(SYNTHETIC, copy, copy_function=link_or_copy)
    (copy / "zz.jpg").write_bytes(b"no image")
    out = tmp_path / "out.jsonl"
    command = [sys.executable, "-m", "fer3d", "predict", photos, "--jsonl", out]
    command += ["--checkpoint", predictor.checkpoint, "--assets", predictor.toolbox.assets]
    environment = {**os.environ, "FER3D_WORKERS": "2"}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None and not (out.exists() and out.stat().st_size):
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
    assert process.returncode == 130 and "--resume adds the rest" in said
    before = out.read_text()
    answered, files = before.count("\n"), sorted(photos.rglob("*.*"))
    assert 0 < answered < len(files) and before.endswith("\n")
    for file in files[answered:-FEW]:  # answers come in the order of the files
        file.unlink()
    result = predict(predictor, photos, "--jsonl", out, "--resume")
    assert result.exit_code == 1 and f"{answered} images are answered" in result.stderr
    text = out.read_text()
    assert text.startswith(before) and text.count("\n") == min(answered + FEW, len(files))
    alone = tmp_path / "alone.jsonl"
    predict(predictor, files[0], files[-2], files[-1], "--jsonl", alone)
    assert set(alone.read_text().splitlines()) <= set(text.splitlines())


def test_a_batch_ends_after_many_images_or_pixels_and_files_that_are_none_count_as_images():
    small, large = np.zeros((4, 4, 3)), np.broadcast_to(0, (BATCH_PIXELS, 1, 3))
    none = Rejected(Rejection.EMPTY, "0 bytes")
    items = [none, large, small, *[none] * BATCH, small, large, large]
    parts = list(by_pixels(iter(items), lambda item: item))
    assert [len(part) for part in parts] == [3, BATCH, 2, 1]
    assert [item for part in parts for item in part] == items
    assert list(by_pixels([], lambda item: item)) == []


@pytest.mark.parametrize(
    ("modules", "heavy"),
    [
        (("commands.predict", "inference.batches", "inference.documents"), ("torch", "pandas")),
        (("inference.recognize",), ("pandas", "open3d", "pytorch_lightning", "matplotlib")),
    ],
)
def test_nothing_is_imported_that_a_photo_does_not_need(modules, heavy):
    program = "".join(f"import fer3d.{module}; " for module in modules)
    program += f"import sys; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("photos", [1, MANY])
def test_one_process_takes_one_thread_per_library(photos: int) -> None:
    program = f"""
from pathlib import Path
from fer3d.inference.batches import Job, Photo, answer_files
from fer3d.toolbox import ALONE, Toolbox

class ThreadsOnly(Job):
    @property
    def predictor(self):
        import torch
        print(torch.get_num_threads())
        raise SystemExit

list(answer_files({photos} * [Photo(Path())], ThreadsOnly(Path(), Toolbox(Path())), ALONE))
"""
    environment = os.environ | {"OMP_NUM_THREADS": "2"}
    command = [sys.executable, "-c", program]
    assert subprocess.check_output(command, env=environment, text=True) == "1\n"
