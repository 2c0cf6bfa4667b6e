"""The configuration of a training step."""

import pytest

from fer3d.comparison.recipes import (
    FABIAN_2016,
    INC_2016,
    JUNG_2015,
    LI_2017,
    ZENG_2018,
    ZHANG_2017,
    Drops,
    Poly,
    Recipe,
)
from fer3d.presets.configs import RECOMMENDED
from fer3d.training.config import TrainConfig

RECIPES = (LI_2017, JUNG_2015, ZHANG_2017, FABIAN_2016, INC_2016, ZENG_2018)
STEPS = [recipe for recipes in RECIPES for recipe in recipes.values()]


def test_poly_falls_to_zero() -> None:
    shares = [Poly(0.5)(step, steps=100, epochs=10) for step in (0, 75, 100)]
    assert shares == [1.0, 0.5, 0.0]


def test_drops_by_iterations() -> None:
    rate = Drops(0.1, iterations=(5000, 18000))
    shares = [rate(step, steps=20000, epochs=166) for step in (0, 4999, 5000, 17999, 18000)]
    assert shares == pytest.approx([1, 1, 0.1, 0.1, 0.01])


def test_drops_by_epochs() -> None:
    rate = Drops(0.2, epochs=(50,))
    assert [rate(step, steps=1000, epochs=100) for step in (499, 500)] == [1, 0.2]


def test_epochs_follow_from_the_iterations() -> None:
    """Batches of 64: 7,693 images are 121 steps an epoch."""
    train, rate = LI_2017["network"].configured("article", RECOMMENDED, 7693)
    assert train.epochs == 166
    assert rate == Drops(0.1, iterations=(5000, 18000))


@pytest.mark.parametrize("recipe", STEPS)
def test_articles_have_no_augmentation_and_stop_after_ten_epochs(recipe: Recipe) -> None:
    train, _ = recipe.configured("article", RECOMMENDED, 1000)
    assert (train.augmentation, train.input_noise_variance, train.label_smoothing) == (0, 0, 0)
    assert (train.patience, train.class_weights, train.loss) == (10, "none", "cross_entropy")


def test_seed_and_precision_are_the_callers_in_both_presets() -> None:
    ours = TrainConfig(seed=5, precision="bfloat16", epochs=3)
    recipe = INC_2016["network"]
    for preset in ("article", "recommended"):
        train, _ = recipe.configured(preset, ours, 1000)
        assert (train.seed, train.precision) == (5, "bfloat16")
    assert recipe.configured("article", ours, 1000)[0].epochs == 200


@pytest.mark.parametrize("recipe", STEPS)
def test_recommended_is_the_projects_own(recipe: Recipe) -> None:
    train, rate = recipe.configured("recommended", RECOMMENDED, 1000)
    share = train.learning_rate / RECOMMENDED.learning_rate
    assert share == pytest.approx(0.1 if recipe.fine_tuning else 1.0)
    assert rate is None
    assert (train.optimizer, train.augmentation) == ("adamw", RECOMMENDED.augmentation)


def test_fine_tuning_steps() -> None:
    found = {name for recipes in RECIPES for name, step in recipes.items() if step.fine_tuning}
    assert found == {"joint", "latent-truth"}
