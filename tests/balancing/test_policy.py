import hashlib

import pandas as pd
import pytest
from pydantic import ValidationError

from fer3d.balancing.params import BalanceParams, ClassPolicy
from fer3d.balancing.policy import auto_policy, choose, class_policies, noisy_count

# Paper B, tables 2, 4 and 5 (15 % for anger: its table of counts rules over its text)
TRAIN = {
    "anger": 6582,
    "disgust": 1967,
    "fear": 2386,
    "happiness": 7290,
    "sadness": 10432,
    "surprise": 5934,
}
TABLE = {
    "anger": ClassPolicy(fraction=0.15, mode="add"),
    "disgust": ClassPolicy(fraction=1.0, mode="add"),
    "fear": ClassPolicy(fraction=1.0, mode="add"),
    "happiness": ClassPolicy(fraction=0.1, mode="add"),
    "sadness": ClassPolicy(fraction=0.1, mode="replace"),
    "surprise": ClassPolicy(fraction=0.2, mode="add"),
}


def images(count: int) -> pd.DataFrame:
    ids = [f"{i:04}" for i in range(count)]
    return pd.DataFrame({"id": ids, "sha1": [hashlib.sha1(i.encode()).hexdigest() for i in ids]})


def balance(policy) -> BalanceParams:
    return BalanceParams(seed=0, policy=policy)


def test_auto_is_the_rule_behind_the_published_table():
    assert class_policies(TRAIN, balance("auto")) == TABLE


def test_auto_brings_every_class_within_a_tenth_of_the_largest_or_to_four_times_its_size():
    for size in range(1, 1001):
        policy = auto_policy(size, 1000)
        after = size * (1 + 3 * policy.fraction) if policy.mode == "add" else size
        assert after == pytest.approx(4 * size) if size < 220 else 820 < after < 1001


def test_a_class_without_a_policy_is_treated_as_by_auto():
    sizes = TRAIN | {"neutral": 6582}
    policies = class_policies(sizes, balance(TABLE))
    assert policies == TABLE | {"neutral": TABLE["anger"]}


def test_none_and_classes_that_are_not_there():
    assert all(p.fraction == 0 for p in class_policies(TRAIN, balance("none")).values())
    assert class_policies({"fear": 9}, balance(TABLE)) == {"fear": TABLE["fear"]}
    assert class_policies({}, balance("auto")) == {}


def test_a_name_that_no_image_has_is_logged(caplog):
    class_policies(TRAIN, balance(TABLE | {"angry": TABLE["anger"]}))
    said = "balance: warning: balance.policy lists angry, which has no training image"
    assert said in caplog.text and "the classes are anger, disgust" in caplog.text


def test_counts_are_floors_of_the_fraction_as_written():
    assert noisy_count(100, 0.29) == 29  # 0.29 * 100 is 28.999999999999996
    assert [noisy_count(n, 0.15) for n in (6582, 6, 7)] == [987, 0, 1]


def test_replaced_images_are_replaced_once():
    chosen = choose(images(100), 0.33, seed=0)
    indices = [i for each in chosen.values() for i in each]
    assert len(indices) == len(set(indices)) == 99


@pytest.mark.parametrize("fraction", [0.1, 0.5, 1.0])
def test_a_noise_takes_an_image_once_and_all_images_have_their_turn(fraction):
    chosen = choose(images(50), fraction, seed=0)
    assert [len(set(each)) for each in chosen.values()] == [50 * fraction] * 3
    turns = pd.Series([i for each in chosen.values() for i in each]).value_counts()
    turns = turns.reindex(range(50), fill_value=0)
    assert turns.max() - turns.min() <= 1


def test_the_choice_depends_on_the_seed_and_the_images_but_not_on_their_order():
    frame = images(200)
    chosen = choose(frame, 0.2, seed=0)
    assert choose(frame.sample(frac=1, random_state=1), 0.2, seed=0) == chosen
    assert choose(frame, 0.2, seed=1) != chosen


def test_more_images_hardly_change_the_choice():
    before = set(choose(images(1000), 0.2, seed=0)["poisson"])
    after = set(choose(images(1010), 0.2, seed=0)["poisson"])
    assert len(before & after) > 0.95 * len(before)


def test_too_much_to_replace_is_an_error():
    with pytest.raises(ValidationError, match="expected at most 1/3"):
        ClassPolicy(fraction=0.4, mode="replace")
