"""Noisy copies in the training rows of a packed folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer3d.arrays import PackedWriter, open_arrays, read_manifest, specs
from fer3d.balancing.noise import NOISES, Noise, add_noise, noise_generator
from fer3d.balancing.policy import choose, class_policies
from fer3d.manifest import TRAIN, tally
from fer3d.parallel import batches, map_ordered
from fer3d.params import BalanceParams
from fer3d.settings import Settings

IMAGES = "images"  # the array that noise is added to
BATCH_ROWS = 128  # rows a task: 4 MB of images of 100 px


@dataclass(frozen=True)
class _Task:
    """Rows of the output: which row of the source each comes from, and its noise."""

    source: Path
    rows: np.ndarray
    noises: Sequence[str]
    sha1s: Sequence[str]
    seed: int


def balance_dataset(
    source: Path, out: Path, params: BalanceParams, settings: Settings
) -> dict[str, Any]:
    """Copy a packed folder with noisy training images added or put in place of their sources.

    Every array is copied row by row; only ``images`` gets the noise. Validation and test rows come
    through unchanged. Rows are sorted by id, as every manifest is: the reshuffle within each class
    that the paper asks for is done by whoever draws training batches, each epoch anew.

    Args:
        source: packed folder with ``images`` (N, S, S, 3) uint8 and any other arrays.
        out: packed folder with the same arrays; see ``plan`` for the rows of its manifest.

    Returns:
        Metrics: training images ``before`` and ``after`` by class, and ``noisy`` images by class
        and noise.

    Source: paper B, section 5, tables 4 and 5.
    """
    before = read_manifest(source)
    after = plan(before, params)
    rows = after.pop("row").to_numpy()
    tasks = _tasks(source, after, rows, params.seed)
    weights = [len(task.rows) for task in tasks]
    noisy = map_ordered(
        _noisy_images, tasks, workers=settings.workers, description="balance", weights=weights
    )
    arrays = open_arrays(source)
    with PackedWriter(out, len(after), specs(source)) as packed:
        start = 0
        for task, images in zip(tasks, noisy, strict=True):
            batch = {name: np.array(array[task.rows]) for name, array in arrays.items()}
            batch[IMAGES][np.array(task.noises) != ""] = images
            packed.write(start, batch)
            start += len(task.rows)
        packed.finish(after)
    return _metrics(before, after)


def plan(frame: pd.DataFrame, params: BalanceParams) -> pd.DataFrame:
    """The rows that balancing makes out of a manifest.

    Returns:
        A manifest sorted by id with, beside the columns of ``frame``:

        - ``noise``: "" or the kind of noise;
        - ``source_id``: the row it was made from; its own id where nothing was added;
        - ``row``: that row's number in ``frame``, for the arrays.

        A noisy copy has the id ``<source id>#<noise>``; a replaced image keeps its id.
    """
    frame = frame.reset_index(drop=True)
    rows = frame.assign(noise="", source_id=frame["id"], row=np.arange(len(frame)))
    train = frame[frame["split"] == TRAIN]
    policies = class_policies(tally(train["label"]), params)
    added = []
    for label, policy in policies.items():
        chosen = choose(train[train["label"] == label], policy.fraction, params.seed)
        for noise, indices in chosen.items():
            if policy.mode == "replace":
                rows.loc[indices, "noise"] = noise
            else:
                copies = rows.loc[indices].assign(noise=noise)
                added.append(copies.assign(id=copies["source_id"] + "#" + noise))
    return pd.concat([rows, *added]).sort_values("id", ignore_index=True)


def _tasks(source: Path, after: pd.DataFrame, rows: np.ndarray, seed: int) -> list[_Task]:
    """The output in batches."""
    noises, sha1s = after["noise"].tolist(), after["sha1"].tolist()
    parts = [slice(batch.start, batch.stop) for batch in batches(len(after), BATCH_ROWS)]
    return [_Task(source, rows[part], noises[part], sha1s[part], seed) for part in parts]


def _noisy_images(task: _Task) -> np.ndarray:
    """(n, S, S, 3) uint8: the noisy images among a task's rows, in their order."""
    images = open_arrays(task.source, IMAGES)[IMAGES]
    noisy = np.empty((sum(map(bool, task.noises)), *images.shape[1:]), np.uint8)
    chosen = [i for i, noise in enumerate(task.noises) if noise]
    for k, i in enumerate(chosen):
        noise = Noise(task.noises[i])
        rng = noise_generator(task.seed, task.sha1s[i], noise)
        noisy[k] = add_noise(images[task.rows[i]], noise, rng)
    return noisy


def _metrics(before: pd.DataFrame, after: pd.DataFrame) -> dict[str, Any]:
    train = after[after["split"] == TRAIN]
    noisy = {
        str(label): {noise.value: int((noises == noise.value).sum()) for noise in NOISES}
        for label, noises in train.groupby("label")["noise"]
    }
    return {
        "before": tally(before["label"][before["split"] == TRAIN]),
        "after": tally(train["label"]),
        "noisy": noisy,
    }
