"""Held-out images that have a copy among a data set's own training images."""

import pandas as pd

from fer3d.files.manifest import TEST, TRAIN, VALIDATION


def copies_in_training(
    kept: pd.DataFrame, dropped: pd.DataFrame, near: pd.DataFrame
) -> dict[str, dict[str, dict[str, float]]]:
    """How many answers can be learned by heart from the official training split.

    `deduplicate` removes these copies, except near ones with ``near`` report or off.

    Args:
        kept: manifest of ``deduplicate``, with the official splits, null if there are none.
        dropped: its ``dropped.parquet``.
        near: its ``near.parquet``, empty if near copies are not looked for.

    Returns:
        By official held-out split and by class (last: all): ``images``; ``exact_copy`` and
        ``near_copy``, those with such a copy in the training split, the latter only if there is no
        exact one; ``percent`` of the images with either. Empty without official splits.
    """
    trained = set(dropped.loc[dropped["split"] == TRAIN, "sha1"])
    groups = set(near.loc[near["split"] == TRAIN, "near_group"])
    exact = kept["sha1"].isin(trained)
    alike = kept["id"].map(near.set_index("id")["near_group"]).isin(groups)
    frame = kept[["label", "split"]].assign(exact=exact, near=alike & ~exact)
    parts = ((split, frame[frame["split"] == split]) for split in (VALIDATION, TEST))
    return {split: _by_class(part) for split, part in parts if len(part)}


def _by_class(frame: pd.DataFrame) -> dict[str, dict[str, float]]:
    groups = {str(label): part for label, part in frame.groupby("label")}
    return {
        name: {
            "images": len(part),
            "exact_copy": int(part["exact"].sum()),
            "near_copy": int(part["near"].sum()),
            "percent": round(100 * float((part["exact"] | part["near"]).mean()), 2),
        }
        for name, part in (groups | {"all": frame}).items()
    }
