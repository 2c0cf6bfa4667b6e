"""`fer3d predict` on a video, from end to end."""

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from fer3d.cli import typer_app
from fer3d.inference.draw import PANEL
from fer3d.inference.video.frames import open_video


def predict(predictor, *arguments: Path | str):
    options = ("--checkpoint", predictor.checkpoint, "--assets", predictor.toolbox.assets)
    command = ["predict", *map(str, (*arguments, *options))]
    return CliRunner().invoke(typer_app, command, env={"COLUMNS": "200"})


def test_every_face_of_every_frame_is_written(predictor, film, tmp_path):
    out, table, drawn = (tmp_path / name for name in ("a.json", "a.csv", "a.avi"))
    result = predict(predictor, film, "--json", out, "--csv", table, "--picture", drawn)
    assert result.exit_code == 0 and "predict" not in result.stdout
    frames = json.loads(out.read_text())["images"]
    assert [frame["frame"] for frame in frames] == list(range(24))
    assert [face["track"] for face in frames[-1]["faces"]] == [1, 2]
    assert set(frames[0]["faces"][0]) >= {"box", "presence", "rotation_deg", "probabilities"}
    rows = pd.read_csv(table)
    assert len(rows) == 28 and rows["track"].value_counts().to_dict() == {1: 24, 2: 4}
    assert rows["time_s"].iloc[-1] == 2.3
    with open_video(drawn) as video:
        shapes = [frame.image.shape for frame in video.frames]
    assert shapes == [(240, 320 + PANEL, 3)] * 24
    again = predict(predictor, film, "--picture", drawn)
    assert "exists: name another file, or add --force" in str(again.exception)


def test_a_video_is_thinned_and_cut_short(predictor, film, tmp_path):
    out = tmp_path / "a.jsonl"
    predict(predictor, film, "--jsonl", out, "--every", "5", "--seconds", "1.6", "--smooth", "1")
    frames = [json.loads(line) for line in out.read_text().splitlines()]
    assert [frame["frame"] for frame in frames] == [0, 5, 10, 15]


def test_a_video_without_faces_says_so(predictor, empty_film, tmp_path):
    result = predict(predictor, empty_film, "--csv", tmp_path / "a.csv")
    assert result.exit_code == 1
    assert f"{empty_film}: no face was found in 12 frames" in result.stderr
    assert len(pd.read_csv(tmp_path / "a.csv")) == 12


def test_a_video_that_breaks_off_is_answered_as_far_as_it_goes(predictor, empty_film, tmp_path):
    film = tmp_path / "cut.avi"
    film.write_bytes(empty_film.read_bytes()[: empty_film.stat().st_size // 2])
    result = predict(predictor, film, "--jsonl", tmp_path / "a.jsonl")
    frames = len((tmp_path / "a.jsonl").read_text().splitlines())
    assert result.exit_code == 1 and 0 < frames < 12
    assert f"ends after {frames} of 12 frames" in result.stderr


@pytest.mark.parametrize("others", [["photo.jpg"], ["--camera", "0"], ["--resume"]])
def test_a_video_is_taken_alone(predictor, film, others):
    result = predict(predictor, film, *others)
    assert result.exit_code == 2 and "a video is taken alone" in result.stderr
