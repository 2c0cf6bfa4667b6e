"""The mistakes of docs/errors.md, made one by one: one line each, and never a traceback."""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import yaml
from pngs import write_png
from safetensors.numpy import save_file

from fer3d import cli

REPOSITORY = Path(__file__).parents[1]
TABLE = (REPOSITORY / "docs/errors.md").read_text(encoding="utf-8")
ROWS = re.findall(r"(?m)^\| (.+?) \| (`.+`) \|$", TABLE)
SAID = {mistake: said.strip("` ") for mistake, said in ROWS}  # with ` inside, it is in ``
COMMAND, STAGE = 2, 1  # exit status of the command, and of a stage
MISTAKES: dict[str, tuple[Callable, int]] = {}


def mistake(name: str, status: int = COMMAND):
    """Register a mistake of the table: a function that returns the arguments of the command."""

    def register(make: Callable) -> Callable:
        MISTAKES[name] = make, status
        return make

    return register


class Desk:
    """An empty folder with a recognizer, where commands are typed."""

    def __init__(self, folder: Path, predictor):
        self.folder = folder
        self.recognizer = ["--model", predictor.checkpoint]
        self.assets = ["--assets", predictor.toolbox.assets]
        self.options = [*self.recognizer, *self.assets]
        self.environment: dict[str, str] = {}

    def photo(self) -> Path:
        write_png(self.folder / "photo.png", np.full((40, 40, 3), 128, np.uint8))
        return self.folder / "photo.png"

    def write(self, name: str, content: str = "no image") -> Path:
        (self.folder / name).write_text(content)
        return self.folder / name

    def params(self, change: Callable[[dict], object]) -> Path:
        values = yaml.safe_load((REPOSITORY / "params.yaml").read_text())
        change(values)
        return self.write("params.yaml", yaml.safe_dump(values))


@mistake("a wrong path")
def wrong_path(desk):
    return ["predict", "nowhere.jpg"]  # known before model files are fetched


@mistake("a wrong path among others", 1)
def one_wrong_path(desk):
    return ["predict", desk.photo(), "nowhere.jpg", *desk.options]


@mistake("a folder without images")
def empty_folder(desk):
    return ["predict", desk.folder, *desk.options]


@mistake("a folder of videos")
def folder_of_videos(desk):
    (desk.folder / "films").mkdir()
    desk.write("films/film.mp4")
    return ["predict", desk.folder / "films", *desk.options]


@mistake("a file that is no image", 1)
def no_image(desk):
    return ["predict", desk.write("notes.jpg"), *desk.options]


@mistake("`--model own` before any training")
def untrained(desk):
    return ["predict", desk.photo(), "--model", "own"]


@mistake("a misspelt recognizer")
def unknown_recognizer(desk):
    return ["predict", desk.photo(), "--model", "nobody"]


@mistake("a recognizer of another version")
def old_recognizer(desk):
    old = desk.folder / "old.safetensors"
    save_file({"weight": np.zeros(1)}, old, {"fer3d": '{"format": 0}'})
    return ["predict", desk.photo(), "--model", old, *desk.assets]


@mistake("a file that is no recognizer")
def no_recognizer(desk):
    return ["predict", desk.photo(), "--model", desk.write("a.safetensors"), *desk.assets]


@mistake("model files that were not fetched")
def no_assets(desk):
    return ["predict", desk.photo(), *desk.recognizer, "--assets", desk.folder]


@mistake("a folder of packages (`FER3D_WHEELS`) that lacks one")
def no_packages(desk):
    desk.environment |= {"FER3D_WHEELS": str(desk.folder), "XDG_CACHE_HOME": str(desk.folder)}
    return ["predict", desk.photo(), *desk.recognizer]


@mistake("a file that is no video")
def no_video(desk):
    return ["predict", desk.write("film.mp4"), *desk.options]


@mistake("a video without a face", 1)
def empty_video(desk):
    film = desk.folder / "film.avi"
    writer = cv2.VideoWriter(str(film), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 64))
    for _ in range(3):
        writer.write(np.full((64, 64, 3), 128, np.uint8))
    writer.release()
    return ["predict", film, *desk.options]


@mistake("no camera")
def no_camera(desk):
    return ["predict", "--camera", "97", *desk.options]


@mistake("an option without its file")
def no_output(desk):
    return ["predict", "--json", desk.folder / "a.jpg", desk.photo(), *desk.options]


@mistake("an output that is somebody's file")
def foreign_output(desk):
    return ["predict", desk.photo(), "--csv", desk.write("notes.csv"), *desk.options]


@mistake("an option of pictures without pictures")
def no_picture(desk):
    return ["predict", desk.photo(), "--draw", "mesh", *desk.options]


@mistake("an option of videos for a photo")
def not_a_video(desk):
    return ["predict", desk.photo(), "--every", "2", *desk.options]


@mistake("a misspelt layout")
def misspelt_layout(desk):
    return ["evaluate", desk.recognizer[1], desk.folder, "--layout", "rafdb", *desk.assets]


@mistake("a port that is in use")
def taken_port(desk):
    desk.other = socket.create_server(("127.0.0.1", 0))
    return ["app", "--port", desk.other.getsockname()[1], *desk.options]


@mistake("no options where some are needed")
def no_inputs(desk):
    return ["predict", *desk.options]


@mistake("a full disk")
def full_disk(desk):
    return ["predict", desk.photo(), "--jsonl", "/dev/full", *desk.options]


@mistake("a misspelt setting")
def strange_setting(desk):
    desk.environment["FER3D_WORKER"] = "2"
    return ["predict", desk.photo(), *desk.options]


@mistake("a misspelt setting in `fer3d.local.toml`")
def strange_local_setting(desk):
    desk.write("fer3d.local.toml", "worker = 2")
    return ["predict", desk.photo(), *desk.options]


@mistake("no GPU")
def no_gpu(desk):
    desk.environment["FER3D_DEVICE"] = "cuda"
    return ["predict", desk.photo(), *desk.options]


@mistake("a misspelt parameter")
def strange_parameter(desk):
    file = desk.params(lambda values: values["align"].update(detectr="haar"))
    return ["face3d", desk.photo(), "--params", file, *desk.assets]


@mistake("a parameter out of range")
def out_of_range(desk):
    file = desk.params(lambda values: values["align"].update(padding=7))
    return ["face3d", desk.photo(), "--params", file, *desk.assets]


@mistake("another folder than the top of the checkout")
def another_folder(desk):
    return ["doctor"]


def ingest(desk, **values) -> list[str]:
    images = desk.folder / "images" / "happy"
    images.mkdir(parents=True)
    shutil.copy(desk.photo(), images)
    desk.params(lambda all_values: all_values["ingest"].update(source="images", **values))
    return ["stages.ingest", "--out", "out", "--metrics", "metrics.json"]


@mistake("a data set of one class", STAGE)
def one_class(desk):
    return ingest(desk)


@mistake("a misspelt class", STAGE)
def misspelt_class(desk):
    (desk.folder / "images" / "sad").mkdir(parents=True)
    shutil.copy(desk.photo(), desk.folder / "images" / "sad")
    return ingest(desk, classes=["hapy", "sadness"])


ELSEWHERE = {"an old Python", "a missing system library"}  # tests/tools/test_setup.py, and below


def test_every_mistake_of_the_page_is_made_here():
    assert set(SAID) == set(MISTAKES) | ELSEWHERE


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_line(name, predictor, tmp_path, monkeypatch, capfd):
    if name == "no GPU" and torch.cuda.is_available():
        pytest.skip("there is a GPU")
    desk, (make, status) = Desk(tmp_path, predictor), MISTAKES[name]
    words = list(map(str, make(desk)))
    for key, value in desk.environment.items():
        monkeypatch.setenv(key, value)
    monkeypatch.chdir(tmp_path)
    status_found = run_stage(words) if words[0].startswith("stages.") else run(words, monkeypatch)
    said = capfd.readouterr().err
    assert status_found == status and "Traceback" not in said
    expected = ".*".join(map(re.escape, SAID[name].split("…")))
    assert len([line for line in said.splitlines() if re.search(expected, line)]) == 1, said


def run(words: list[str], monkeypatch) -> int:
    """Exit status of the command."""
    monkeypatch.setattr(sys, "argv", ["fer3d", *words])
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit) as ended:
        cli.app()
    return ended.value.code


def run_stage(words: list[str]) -> int:
    """Exit status of a stage."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    return subprocess.run([sys.executable, "-m", *words], env=environment).returncode


def test_a_missing_system_library_is_named(monkeypatch, capsys):
    def load():
        raise ImportError("libGL.so.1: cannot open shared object file: No such file or directory")

    monkeypatch.setattr(cli, "typer_app", load)
    with pytest.raises(SystemExit) as ended:
        cli.app()
    assert ended.value.code == COMMAND
    assert capsys.readouterr().err == f"fer3d: {SAID['a missing system library']}\n"


def test_the_traceback_is_shown_on_request(monkeypatch, tmp_path):
    monkeypatch.setenv("FER3D_DEBUG", "1")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["fer3d", "doctor"])
    with pytest.raises(cli.UserError):
        cli.app()


def test_an_error_in_fer3d_keeps_its_traceback(monkeypatch):
    monkeypatch.setattr(cli, "typer_app", lambda: [][0])
    with pytest.raises(IndexError):
        cli.app()
