"""Every model is trained, in both presets, and is better than chance on unseen images."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from _pytest.mark import ParameterSet
from torch import Tensor, nn

from fer3d.comparison import steps as steps_module
from fer3d.comparison.fit import FittedModel, fit_compared
from fer3d.comparison.recipes import ARTICLE, Rate, Recipe
from fer3d.comparison.registry import REGISTRY, Model
from fer3d.comparison.steps import Setting, Steps
from fer3d.errors import UserError
from fer3d.networks.compared.contract import ComparedNetwork
from fer3d.presets.configs import RECOMMENDED
from fer3d.training.answers import predict
from fer3d.training.arrays import InputArrays
from fer3d.training.config import TrainConfig
from fer3d.training.data import ExpressionDataset
from fer3d.training.trainer import Runtime

CLASSES = ("anger", "fear", "surprise")
QUICK = replace(RECOMMENDED, batch_size=8)
SETTINGS = {
    "article": Setting("article", QUICK),
    "recommended": Setting("recommended", QUICK),
}
STEPS = {
    "li-2017": ["network"],
    "jung-2015": ["dtan", "dtgn", "joint"],
    "zhang-2017": ["phrnn", "mscnn"],
    "fabian-2016": [],
    "inc-2016": ["network"],
    "zeng-2018": ["base", "first-half", "second-half", "latent-truth"],
}
pytestmark = pytest.mark.usefixtures("small_models")
AtMost = Callable[[int], None]


@pytest.fixture(autouse=True)
def at_most(monkeypatch: pytest.MonkeyPatch) -> AtMost:
    """Sets the largest number of epochs of each step, whatever the recipe; five at first."""
    configured = Recipe.configured

    def cap(most: int) -> None:
        def capped(self: Recipe, *arguments: Any) -> tuple[TrainConfig, Rate | None]:
            train, rate = configured(self, *arguments)
            epochs = min(train.epochs, most)
            return replace(train, epochs=epochs, warmup=min(train.warmup, epochs)), rate

        monkeypatch.setattr(Recipe, "configured", capped)

    cap(5)
    return cap


def probabilities(
    fitted: FittedModel, arrays: InputArrays, split: str
) -> tuple[np.ndarray, np.ndarray]:
    """Of a split's rows, (N, C), and their labels, (N,)."""
    dataset = ExpressionDataset(arrays, arrays.rows(split), fitted.classes)
    return predict(fitted.network, dataset), dataset.labels.numpy()


def accuracy(fitted: FittedModel, arrays: InputArrays, split: str = "test") -> float:
    rows, labels = probabilities(fitted, arrays, split)
    return float((rows.argmax(axis=1) == labels).mean())


def _slow(name: str) -> ParameterSet:
    """The models that take a while are trained in the slow tests."""
    slow = name in ("li-2017", "inc-2016", "zeng-2018")
    return pytest.param(name, marks=[pytest.mark.slow] if slow else [])


@pytest.mark.parametrize("name", [_slow(name) for name in STEPS if name != "zeng-2018"])
def test_articles_models_do_better_than_chance(name: str, arrays: InputArrays) -> None:
    fitted = fit_compared(name, arrays, SETTINGS["article"])
    assert accuracy(fitted, arrays) > 0.6
    assert fitted.classes == CLASSES
    assert list(fitted.training["steps"]) == list(fitted.curves) == STEPS[name]
    rows, _ = probabilities(fitted, arrays, "test")
    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows.sum(axis=1), 1, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", [_slow(name) for name in STEPS if name != "fabian-2016"])
def test_the_recommended_recipe_trains_them_all(name: str, arrays: InputArrays) -> None:
    fitted = fit_compared(name, arrays, SETTINGS["recommended"])
    assert accuracy(fitted, arrays) > 0.6
    assert list(fitted.training["steps"]) == STEPS[name]


def test_each_annotator_labels_what_it_was_not_trained_on(
    arrays: InputArrays, at_most: AtMost, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_most(1)
    trained: dict[str, set[int]] = {}
    labelled: list[set[int]] = []
    train, look = Steps.train, Steps.probabilities

    def watched_train(self: Steps, name: str, network: ComparedNetwork, **options: object) -> None:
        rows = options.get("rows")
        trained[name] = set(self.rows if rows is None else rows)
        train(self, name, network, **options)

    def watched_look(self: Steps, network: ComparedNetwork, rows: np.ndarray) -> Tensor:
        labelled.append(set(rows))
        return look(self, network, rows)

    monkeypatch.setattr(Steps, "train", watched_train)
    monkeypatch.setattr(Steps, "probabilities", watched_look)
    fit_compared("zeng-2018", arrays, SETTINGS["article"])
    assert labelled == [trained["second-half"], trained["first-half"]]
    assert not labelled[0] & labelled[1]
    assert labelled[0] | labelled[1] == trained["base"] == trained["latent-truth"]


def test_the_joint_step_leaves_the_rest_as_it_was(
    arrays: InputArrays, at_most: AtMost, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_most(2)
    before: dict[str, Tensor] = {}
    train = Steps.train

    def watched(self: Steps, name: str, network: ComparedNetwork, **options: object) -> None:
        if name == "joint":
            before.update({key: values.clone() for key, values in network.state_dict().items()})
        train(self, name, network, **options)

    monkeypatch.setattr(Steps, "train", watched)
    fitted = fit_compared("jung-2015", arrays, SETTINGS["article"])
    state = fitted.network.state_dict()
    moved = {name for name, values in before.items() if not torch.equal(values, state[name])}
    tops = {f"{part}.top.{kind}" for part in ("dtan", "dtgn") for kind in ("weight", "bias")}
    assert moved == tops


def test_the_fusion_weight_is_the_best_on_validation(arrays: InputArrays) -> None:
    fitted = fit_compared("zhang-2017", arrays, SETTINGS["article"])
    chosen = fitted.training["chosen"]["fusion_weight"]
    assert fitted.network.fusion_weight.item() == pytest.approx(chosen)
    best = accuracy(fitted, arrays, "validation")
    for weight in (0.0, 0.5, 1.0):
        fitted.network.fusion_weight.fill_(weight)
        assert accuracy(fitted, arrays, "validation") <= best


def test_equal_arguments_give_equal_weights(arrays: InputArrays, at_most: AtMost) -> None:
    at_most(2)
    setting = SETTINGS["recommended"]
    first, second = (fit_compared("zhang-2017", arrays, setting) for _ in range(2))
    for key, values in first.network.state_dict().items():
        assert torch.equal(values, second.network.state_dict()[key]), key
    assert (first.training, first.curves) == (second.training, second.curves)


def test_weights_are_trained_in_the_networks_memory_format(
    arrays: InputArrays, at_most: AtMost
) -> None:
    at_most(1)
    strides = {}
    for name in ("zhang-2017", "jung-2015"):
        network = fit_compared(name, arrays, SETTINGS["article"]).network
        strides[name] = {
            values.is_contiguous(memory_format=torch.channels_last)
            for values in network.parameters()
            if values.ndim == 4 and min(values.shape[1:]) > 1
        }
    assert strides == {"zhang-2017": {True}, "jung-2015": {False}}


def test_seeds_give_different_networks(arrays: InputArrays, at_most: AtMost) -> None:
    at_most(1)
    settings = [Setting("recommended", replace(QUICK, seed=seed)) for seed in (0, 1)]
    first, second = (fit_compared("zhang-2017", arrays, setting) for setting in settings)
    assert not torch.equal(first.network.mscnn.top.weight, second.network.mscnn.top.weight)


@pytest.mark.parametrize("name", ["zhang-2017", "zeng-2018"])
def test_a_killed_training_goes_on_and_ends_with_the_same(
    name: str, arrays: InputArrays, at_most: AtMost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a kill in the last step, earlier steps are not trained again."""
    at_most(2)
    setting = SETTINGS["recommended"]
    whole = fit_compared(name, arrays, setting)
    resumable = replace(setting, runtime=Runtime(state=tmp_path, progress=False))
    run, last = Steps.train, STEPS[name][-1]

    def killed(self: Steps, step: str, network: ComparedNetwork, **options: object) -> None:
        if step == last:
            raise KeyboardInterrupt
        run(self, step, network, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Steps, "train", killed)
        with pytest.raises(KeyboardInterrupt):
            fit_compared(name, arrays, resumable)
    epochs: list[int] = []
    course = steps_module.Course.on_train_epoch_end

    def counted(self: steps_module.Course, *arguments: object) -> None:
        epochs.append(1)
        course(self, *arguments)

    monkeypatch.setattr(steps_module.Course, "on_train_epoch_end", counted)
    again = fit_compared(name, arrays, resumable)
    assert len(epochs) == 2
    for key, values in whole.network.state_dict().items():
        assert torch.equal(values, again.network.state_dict()[key]), key
    assert again.training == whole.training


def test_max_images_limits_the_training_images(arrays: InputArrays) -> None:
    setting = Setting("article", replace(QUICK, max_images=12))
    assert len(Steps(arrays, {}, setting).rows) == 12


def test_fabian_2016_says_that_it_needs_landmarks(arrays: InputArrays) -> None:
    blind = replace(arrays, reconstructed=np.zeros_like(arrays.reconstructed))
    with pytest.raises(UserError, match="none of 60 training faces was reconstructed"):
        fit_compared("fabian-2016", blind, Setting("article", RECOMMENDED))


def test_an_unknown_model_is_a_users_error(arrays: InputArrays) -> None:
    with pytest.raises(UserError, match=r"unknown model 'vgg'; known: li-2017, jung-2015, .*"):
        fit_compared("vgg", arrays, SETTINGS["article"])


class Mine(ComparedNetwork):
    """A custom model: only forward, without pixels to standardize."""

    def __init__(self, classes: int):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.LazyLinear(classes))

    def forward(self, image: Tensor, **_: Tensor | None) -> Tensor:
        return self.layers(nn.functional.avg_pool2d(image, 4))


def test_a_model_of_ones_own_is_a_class_and_a_line(
    arrays: InputArrays, at_most: AtMost, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_most(2)
    recipes: Mapping[str, Recipe] = {"network": Recipe(TrainConfig(epochs=1, optimizer="adam"))}
    monkeypatch.setitem(REGISTRY, "mine", Model("Mine", Mine, recipes))
    fitted = fit_compared("mine", arrays, SETTINGS["article"])
    assert fitted.training["steps"]["network"]["epochs"] == 1
    assert probabilities(fitted, arrays, "test")[0].shape == (12, 3)
    assert ARTICLE.epochs != 1
