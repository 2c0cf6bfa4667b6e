import hashlib

import numpy as np
import pandas as pd
import pytest

from fer3d.balancing.balance import balance_dataset, plan
from fer3d.balancing.noise import NOISES, Noise, add_noise, noise_generator
from fer3d.balancing.params import BalanceParams
from fer3d.cleaning.duplicates import deduplicate
from fer3d.errors import UserError
from fer3d.files import manifest
from fer3d.files.packed import PackedWriter, open_arrays, read_manifest
from fer3d.files.specs import Spec
from fer3d.machine.settings import Settings
from fer3d.params import load
from fer3d.splitting import splits

ONE = Settings(workers=1)


def images(counts: dict[str, dict[str, int]]) -> pd.DataFrame:
    """A manifest by split and class."""
    rows = [
        (f"{label}/{split}{i:05}", label, split)
        for split, labels in counts.items()
        for label, count in labels.items()
        for i in range(count)
    ]
    frame = pd.DataFrame(rows, columns=["id", "label", "split"]).sort_values("id")
    digests = [hashlib.sha1(i.encode()).hexdigest() for i in frame["id"]]
    return frame.assign(path=frame["id"] + ".jpg", sha1=digests, width=48, height=48, aligned=True)


@pytest.fixture
def source(tmp_path):
    counts = {"fear": 20, "joy": 60, "sad": 100}
    frame = images({"train": counts, "validation": counts, "test": counts})
    rng = np.random.default_rng(0)
    arrays = {
        "images": rng.integers(0, 256, (len(frame), 6, 6, 3), dtype=np.uint8),
        "points": rng.random((len(frame), 5, 2), dtype=np.float32),
    }
    specs = {"images": Spec((6, 6, 3), "uint8"), "points": Spec((5, 2), "float32")}
    with PackedWriter(tmp_path / "align", len(frame), specs) as packed:
        packed.write(0, arrays)
        packed.finish(frame)
    return tmp_path / "align"


AUTO = BalanceParams(seed=0, policy="auto")


def test_the_published_counts(repository):
    """Paper B, table 5, by the policy in params.yaml."""
    train = [6582, 1967, 2386, 7290, 10432, 5934]
    classes = ["anger", "disgust", "fear", "happiness", "sadness", "surprise"]
    frame = images({"train": dict(zip(classes, train, strict=True)), "test": {"fear": 597}})
    rows = plan(frame, load(repository / "params.yaml").balance)
    after = rows["label"][rows["split"] == "train"].value_counts()
    assert after[classes].tolist() == [9543, 7868, 9544, 9477, 10432, 9492]
    assert after.sum() == 56_356
    noisy = rows[rows["noise"] != ""].groupby("label")["noise"].value_counts()
    assert noisy["sadness"].to_dict() == dict.fromkeys(NOISES, 1043)
    assert noisy["anger"].to_dict() == dict.fromkeys(NOISES, 987)


def test_metrics_and_rows(source, tmp_path):
    metrics = balance_dataset(source, tmp_path / "out", AUTO, ONE)
    assert metrics == {
        "before": {"fear": 20, "joy": 60, "sad": 100},
        "after": {"fear": 80, "joy": 87, "sad": 100},
        "noisy": {
            "fear": {"poisson": 20, "speckle": 20, "gaussian": 20},
            "joy": {"poisson": 9, "speckle": 9, "gaussian": 9},
            "sad": {"poisson": 10, "speckle": 10, "gaussian": 10},
        },
    }
    frame = read_manifest(tmp_path / "out")
    assert len(frame) == 180 * 2 + 267 and frame["id"].is_monotonic_increasing
    added = frame[frame["id"] != frame["source_id"]]
    assert (added["id"] == added["source_id"] + "#" + added["noise"]).all()
    assert frame["aligned"].all() and (frame["path"] == frame["source_id"] + ".jpg").all()


def test_every_array_follows_its_image(source, tmp_path):
    balance_dataset(source, tmp_path / "out", AUTO, ONE)
    before, after = read_manifest(source), read_manifest(tmp_path / "out")
    given, got = open_arrays(source), open_arrays(tmp_path / "out")
    rows = pd.Series(range(len(before)), index=before["id"])[after["source_id"]].to_numpy()
    np.testing.assert_array_equal(got["points"], given["points"][rows])
    for i, (sha1, noise) in enumerate(zip(after["sha1"], after["noise"], strict=True)):
        expected = given["images"][rows[i]]
        if noise:
            expected = add_noise(expected, Noise(noise), noise_generator(0, sha1, Noise(noise)))
        np.testing.assert_array_equal(got["images"][i], expected)


def test_validation_and_test_are_never_balanced(source, tmp_path):
    balance_dataset(source, tmp_path / "out", AUTO, ONE)
    before, after = read_manifest(source), read_manifest(tmp_path / "out")
    for split in ("validation", "test"):
        old, new = (np.flatnonzero(frame["split"] == split) for frame in (before, after))
        assert before["id"].iloc[old].tolist() == after["id"].iloc[new].tolist()
        assert (after["noise"].iloc[new] == "").all()
        for name, array in open_arrays(source).items():
            kept = open_arrays(tmp_path / "out")[name][new]
            np.testing.assert_array_equal(kept, array[old])


def test_no_policy_changes_nothing_but_the_columns(source, tmp_path):
    nothing = BalanceParams(seed=0, policy="none")
    metrics = balance_dataset(source, tmp_path / "out", nothing, ONE)
    assert metrics["before"] == metrics["after"]
    np.testing.assert_array_equal(
        open_arrays(tmp_path / "out")["images"], open_arrays(source)["images"]
    )
    frame = read_manifest(tmp_path / "out")
    assert (frame["noise"] == "").all() and (frame["source_id"] == frame["id"]).all()


def test_workers_and_batch_size_do_not_change_a_byte(source, tmp_path, monkeypatch):
    def written(name: str, workers: int) -> list[bytes]:
        balance_dataset(source, tmp_path / name, AUTO, Settings(workers=workers))
        return [path.read_bytes() for path in sorted((tmp_path / name).iterdir())]

    alone = written("alone", 1)
    assert written("together", 2) == alone
    monkeypatch.setattr("fer3d.balancing.balance.BATCH_ROWS", 7)
    assert written("small", 1) == alone


def test_the_order_of_the_rows_does_not_change_the_plan(source):
    frame = read_manifest(source)
    first, second = plan(frame, AUTO), plan(frame.sample(frac=1, random_state=0), AUTO)
    pd.testing.assert_frame_equal(first.drop(columns="row"), second.drop(columns="row"))


def test_an_image_with_the_name_of_a_noisy_copy_is_an_error(source):
    frame = read_manifest(source)
    copy = next(i for i in plan(frame, AUTO)["id"] if "#" in i)
    frame.loc[frame["id"].str.startswith("sad/test"), "id"] = [copy, *map(str, range(99))]
    with pytest.raises(UserError, match=f"'{copy}' is the name of an image .* rename the image"):
        plan(frame, AUTO)


def test_votes_stay_with_their_images_from_deduplicate_to_balance(repository):
    params = load(repository / "params.yaml")
    names = [f"{i:03}" for i in range(60)]
    frame = pd.DataFrame({"id": names, "path": names, "sha1": names, "width": 4, "height": 4})
    frame["label"], frame["split"], frame["subject"] = ["anger", "fear"] * 30, None, None
    frame["sha1"] = frame["sha1"].replace("012", "010")  # a copy
    frame["votes"] = [[("anger", float(i)), ("fear", 1.0)] if i % 3 else None for i in range(60)]
    kept, _, _ = deduplicate(frame, params.deduplicate)
    made = plan(splits.split(kept, params.split)[0], params.balance).drop(columns="row")
    read = manifest.to_table(made).to_pandas().set_index("id")
    expected = frame.set_index("id")["votes"].to_dict()
    assert len(read) > len(kept) == 59
    assert read["votes"].tolist() == [expected[name] for name in read["source_id"]]
