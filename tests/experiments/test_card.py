"""A recognizer with its card."""

import json
import re
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from fer3d.assets.recognizers import CARD, WEIGHTS, recognizer_names
from fer3d.experiments.card import METRICS, Origin, card, write_boxed
from fer3d.experiments.provenance import data_parameters, digests
from fer3d.files.folders import Folders
from fer3d.files.packed import PackedWriter
from fer3d.files.specs import Spec
from fer3d.networks.config import NetworkConfig
from fer3d.networks.fusion import FusionNetwork
from fer3d.training.checkpoint import TrainedNetwork, load_trained, save_trained
from fer3d.training.rounded import Rounding

REPOSITORY = Path(__file__).parents[2]
NETWORK = re.compile(r"- network: `(.*)`")
COUNT, SIZE = 40, 32
LOCK = """
stages:
  balance:
    outs: [{path: data/balance, md5: of-another-run}]
    params: {params.yaml: {balance: {policy: auto}}}
  train: {deps: [{path: data/balance, md5: cc}, {path: fer3d/files, md5: bb}], outs: []}
"""


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"id": [f"{i:02d}" for i in range(COUNT)], "split": "test"})
    frame.loc[::4, "split"] = "validation"
    frame = frame.assign(
        label=["anger", "fear"] * (COUNT // 2),
        path=frame["id"], sha1="0" * 40, width=SIZE, height=SIZE,
        near_group=["00"] * 3 + ["03"] + [None] * (COUNT - 4),
        reconstructed=True,
        yaw=np.linspace(-40, 40, COUNT),
        detection="mtcnn",
        box_x=4.0, box_y=4.0, box_w=20.0, box_h=20.0,
    )  # fmt: skip
    arrays = {
        "images": rng.integers(0, 256, (COUNT, SIZE, SIZE, 3), np.uint8),
        "landmarks_image": rng.uniform(0, SIZE, (COUNT, 68, 2)).astype(np.float32),
        "shading": rng.integers(0, 256, (COUNT, SIZE, SIZE), np.uint8),
    }
    for name, values in arrays.items():
        specs = {name: Spec(values.shape[1:], values.dtype.name)}
        with PackedWriter(tmp_path / name, COUNT, specs) as packed:
            packed.write(0, {name: values})
            packed.finish(frame)
    return Folders(*(tmp_path / name for name in arrays))


@pytest.mark.parametrize(("mirrored", "rounding"), [(False, "float16"), (True, "int8")])
def test_the_card_says_what_was_measured_with_the_weights_beside_it(
    folders: Folders, tmp_path: Path, mirrored: bool, rounding: Rounding
) -> None:
    torch.manual_seed(0)
    network = FusionNetwork(NetworkConfig(), 2, image_size=SIZE, shading_size=SIZE).eval()
    trained = TrainedNetwork(network, ("anger", "fear"), SIZE, SIZE, {"seed": 7})
    save_trained(trained, tmp_path / "own")
    (tmp_path / "dvc.lock").write_text(LOCK)
    lock = tmp_path / "dvc.lock"
    made = "With commit `abc123`."
    origin = Origin("small", "Noise.", "No licence.", made, digests(lock), data_parameters(lock))
    out = tmp_path / "small"
    result = write_boxed(
        tmp_path / "own", folders, origin, out, mirrored=mirrored, rounding=rounding
    )
    weights = tmp_path / "small" / "model.safetensors"
    assert weights.stat().st_size < 0.6 * (tmp_path / "own").stat().st_size
    assert load_trained(weights).training == {"seed": 7}
    groups = result["groups"]
    assert sum(row["images"] for name, row in groups.items() if name.startswith("yaw")) == 30
    assert sum(row["images"] for name, row in groups.items() if name.startswith("bright")) == 30
    text = (tmp_path / "small" / "README.md").read_text()
    assert f"accuracy **{result['test']['accuracy']:.3f}**" in text
    for part in (
        "Noise.",
        "With commit `abc123`.",
        "`data/balance`: `cc`",
        '"seed": 7',
        "| anger |",
        "| class | validation | test |\n|---|---:|---:|\n| anger | 10 | 10 |\n| fear | 0 | 20 |\n",
        "| all | 10 | 30 |\n\nNoisy copies in training: 0.",
        "Groups of near copies: 1 with 3 photos; in more than one split: 1.",
        '- balance: `{"policy": "auto"}`\n- network: ',
        f'"mirrored": {str(mirrored).lower()}',
        "its mirror image and the weights" if mirrored else "one crop and the weights",
        f"the weights of this folder ({rounding}):",
    ):
        assert part in text
    assert load_trained(weights).network.config.mirrored == mirrored
    assert "of-another-run" not in text and "fer3d/files" not in text


@pytest.mark.parametrize("name", recognizer_names(REPOSITORY / "models"))
def test_a_committed_card_has_the_metrics_and_parameters_beside_it(name: str) -> None:
    """The texts that a person wrote are taken from the card; everything else must follow."""
    folder = REPOSITORY / "models" / name
    text = (folder / CARD).read_text(encoding="utf-8")
    paragraphs, rest = text.split("\n\n## How good it is")
    data, licences = paragraphs.split("\n\n")[2:]
    made, rest = rest.split("## How it was made\n\n")[1].split("\n\nDigests (MD5)")
    inputs = dict(re.findall(r"- `(data/\w+)`: `([\w.]+)`", rest))
    metrics = json.loads((folder / METRICS).read_text(encoding="utf-8"))
    origin, trained = Origin(name, data, licences, made, inputs), load_trained(folder / WEIGHTS)
    (rounding,) = re.findall(r"weights of this folder \((\w+)\)", text)
    said = re.subn(NETWORK, "", card(origin, metrics, trained, rounding))
    listed = re.search(NETWORK, text)
    assert said == (re.sub(NETWORK, "", text), 1)
    network = asdict(trained.network.config)  # parameters that are newer than the card aside
    assert json.loads(listed[1]).items() <= network.items()
