"""Training parameters."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from fer3d.errors import UserError
from fer3d.params import load
from fer3d.presets.configs import (
    PAPER,
    PAPER_NETWORK,
    PHOTOS,
    PHOTOS_NETWORK,
    RECOMMENDED,
    RECOMMENDED_NETWORK,
    network_config,
    train_config,
)
from fer3d.training.config import TrainConfig

REPOSITORY = Path(__file__).parents[2]


def test_the_papers_values() -> None:
    assert (PAPER.batch_size, PAPER.optimizer, PAPER.learning_rate) == (128, "adam", 0.01)
    assert (PAPER.patience, PAPER.input_noise_variance) == (10, 0.5)
    assert (PAPER.focal_alpha, PAPER.focal_gamma, PAPER.loss) == (0.25, 2.0, "cross_entropy")
    assert (PAPER.augmentation, PAPER.label_smoothing, PAPER.schedule) == (0, 0, "constant")
    assert PAPER_NETWORK.dropout == 0.4


def test_one_switch_in_params_yaml_gives_network_and_training_of_the_paper(tmp_path: Path) -> None:
    text = (REPOSITORY / "params.yaml").read_text(encoding="utf-8")
    for preset, network, train in (
        ("paper", PAPER_NETWORK, PAPER),
        ("recommended", RECOMMENDED_NETWORK, RECOMMENDED),
        ("photos", PHOTOS_NETWORK, PHOTOS),
    ):
        path = tmp_path / "params.yaml"
        path.write_text(re.sub(r"(?m)^  preset: \w+", f"  preset: {preset}", text))
        params = load(path)
        assert network_config(params.network.model_dump()) == network
        assert train_config(params.network.preset, params.train.model_dump()) == train


def test_a_value_that_is_given_wins_over_the_preset() -> None:
    values = {"learning_rate": 0.5, "epochs": None, "warmup": 0}
    expected = replace(RECOMMENDED, learning_rate=0.5, warmup=0)
    assert train_config("recommended", values) == expected
    network = network_config({"preset": "paper", "dropout": 0.0, "width": None})
    assert network == replace(PAPER_NETWORK, dropout=0.0)


def test_comments_of_params_yaml_name_the_presets_values() -> None:
    lines = (REPOSITORY / "params.yaml").read_text(encoding="utf-8").splitlines()
    named = 0
    for line in lines[lines.index(next(line for line in lines if line.startswith("train:"))) :]:
        found = re.match(
            r"  (\w+): null .*[;,] paper (\S+), recommended ([^\s:,]+)(?:, photos ([^\s:,]+))?",
            line,
        )
        if found:
            name, *values = found.groups()
            expected = [getattr(preset, name) for preset in (PAPER, RECOMMENDED, PHOTOS)]
            values[2] = values[2] or values[1]  # where photos has recommended's value
            said = [v if isinstance(v, str) else f"{v:g}" for v in expected]
            assert values == said, line
            named += 1
    assert named >= 9


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("patience", 0),
        ("batch_size", 1),
        ("learning_rate", 0.0),
        ("weight_decay", -1.0),
        ("focal_alpha", 1.5),
        ("focal_gamma", -1.0),
        ("input_noise_variance", -0.1),
        ("optimizer", "lion"),
        ("schedule", "steps"),
        ("precision", "int8"),
        ("accumulate", 0),
        ("warmup", 11),
        ("label_smoothing", 1.0),
        ("augmentation", 3.0),
        ("cut_mix", 1.5),
        ("mix_up", -0.1),
        ("loss", "hinge"),
        ("class_weights", "yes"),
    ],
)
def test_a_value_out_of_range_is_named(name: str, value: object) -> None:
    with pytest.raises(UserError, match=rf"train\.{name}: expected .*, got"):
        TrainConfig(**{name: value})


def test_a_face_is_mixed_in_one_way() -> None:
    TrainConfig(cut_mix=0.6, mix_up=0.4)
    with pytest.raises(UserError, match=r"train\.cut_mix, train\.mix_up: .* got 0\.6 and 0\.5"):
        TrainConfig(cut_mix=0.6, mix_up=0.5)
