"""Adds noisy copies to the training rows of a packed folder."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer3d.balancing.noise import NOISES, Noise, add_noise, noise_generator
from fer3d.balancing.params import BalanceParams
from fer3d.balancing.policy import choose, class_policies
from fer3d.errors import UserError
from fer3d.files.manifest import TRAIN, release_memory, tally
from fer3d.files.packed import PackedWriter, RowFiles, open_arrays, read_manifest, specs
from fer3d.machine.ordered_map import batches, map_ordered
from fer3d.machine.settings import Settings

IMAGES = "images"  # the array that gets the noise
BATCH_ROWS = 128  # rows per task: 4 MB of images of 100 px


@dataclass(frozen=True)
class _Task:
    """Output rows from ``start`` on, with the source row and the noise of each."""

    source: Path
    files: RowFiles
    start: int
    rows: np.ndarray
    noises: Sequence[str]
    sha1s: Sequence[str]
    seed: int


def balance_dataset(
    source: Path, out: Path, params: BalanceParams, settings: Settings
) -> dict[str, Any]:
    """Copy a packed folder; add noisy training images or replace their sources by them.

    Every array is copied row by row; only ``images`` gets noise. Validation and test rows are
    unchanged. Rows are sorted by id as in every manifest; the shuffling within classes that the
    paper describes happens when training batches are drawn, in each epoch.

    Args:
        source: packed folder with ``images`` (N, S, S, 3) uint8 and any other arrays.
        out: packed folder with the same arrays; see ``plan`` for the rows of its manifest.

    Returns:
        Metrics: training images ``before`` and ``after`` by class, and ``noisy`` images by class
        and noise.

    Source: paper B, section 5, tables 4 and 5.
    """
    frame = read_manifest(source)
    before = tally(frame["label"][frame["split"] == TRAIN])
    after = plan(frame, params)
    rows = after.pop("row").to_numpy()
    del frame
    release_memory()
    with PackedWriter(out, len(after), specs(source)) as packed:
        parts = batches(len(after), BATCH_ROWS)
        done = map_ordered(
            _write_rows,
            _tasks(source, packed.files, after, rows, params.seed),
            settings=settings,
            description="balance",
            weights=[len(part) for part in parts],
        )
        deque(done, maxlen=0)
        packed.finish(after)
    return _metrics(before, after)


def plan(frame: pd.DataFrame, params: BalanceParams) -> pd.DataFrame:
    """The manifest after balancing.

    Returns:
        A manifest sorted by id with these columns in addition to those of ``frame``:

        - ``noise``: "" or the kind of noise;
        - ``source_id``: id of the source row; for unchanged rows their own id;
        - ``row``: number of the source row in ``frame``, for the arrays.

        A noisy copy has the id ``<source id>#<noise>``; a replaced image keeps its id.

    Raises:
        UserError: an image has the id of a noisy copy.
    """
    names = frame[["id", "label", "split", "sha1"]].reset_index(drop=True)
    train = names[names["split"] == TRAIN]
    policies = class_policies(tally(train["label"]), params)
    originals = pd.DataFrame({"row": np.arange(len(frame)), "noise": ""})
    copies = []
    for label, policy in policies.items():
        chosen = choose(train[train["label"] == label], policy.fraction, params.seed)
        for noise, rows in chosen.items():
            if policy.mode == "replace":
                originals.loc[rows, "noise"] = noise
            else:
                copies.append(pd.DataFrame({"row": np.array(rows, int), "noise": noise}))
    made = pd.concat([originals, *copies], ignore_index=True)
    made["source_id"] = names["id"].take(made["row"].to_numpy()).to_numpy()
    is_copy = made.index >= len(frame)
    made["id"] = made["source_id"].mask(is_copy, made["source_id"] + "#" + made["noise"])
    if (twice := made["id"].duplicated()).any():
        raise UserError(
            f"{made['id'][twice].iloc[0]!r} is the name of an image and would be that of a noisy "
            "copy: rename the image"
        )
    made = made.sort_values("id", ignore_index=True)
    return frame.take(made["row"].to_numpy()).reset_index(drop=True).assign(**made)


def _tasks(
    source: Path, files: RowFiles, after: pd.DataFrame, rows: np.ndarray, seed: int
) -> Iterator[_Task]:
    """The output rows in batches."""
    for batch in batches(len(after), BATCH_ROWS):
        part = after.iloc[batch.start : batch.stop]
        noises, sha1s = part["noise"].tolist(), part["sha1"].tolist()
        chosen = rows[batch.start : batch.stop]
        yield _Task(source, files, batch.start, chosen, noises, sha1s, seed)


def _write_rows(task: _Task) -> None:
    """Copy the rows of a task and add their noise; runs in a worker process."""
    batch = {name: array[task.rows] for name, array in open_arrays(task.source).items()}
    for i, noise in enumerate(task.noises):
        if noise:
            rng = noise_generator(task.seed, task.sha1s[i], Noise(noise))
            batch[IMAGES][i] = add_noise(batch[IMAGES][i], Noise(noise), rng)
    task.files.write(range(task.start, task.start + len(task.rows)), batch)


def _metrics(before: dict[str, int], after: pd.DataFrame) -> dict[str, Any]:
    train = after[after["split"] == TRAIN]
    noisy = {
        str(label): {noise.value: int((noises == noise.value).sum()) for noise in NOISES}
        for label, noises in train.groupby("label")["noise"]
    }
    return {
        "before": before,
        "after": tally(train["label"]),
        "noisy": noisy,
    }
