"""Near copies leave, or stay together: what happens to the rows of a manifest."""

from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd

from fer3d.cleaning.duplicates import split_rank
from fer3d.cleaning.near.pairs import Thumbnails, copy_pairs
from fer3d.files.components import first_in_component
from fer3d.files.manifest import TEST, tally
from fer3d.files.perceptual import hash_values


class NearDrop(StrEnum):
    """Why a near copy is dropped."""

    NEAR_COPY_OF_HELD_OUT = "near_copy_of_held_out_image"  # it would leak
    NEAR_COPIES_CONFLICT = "near_copies_conflict"  # near copies carry different labels
    NEAR_DUPLICATE = "near_duplicate"  # a near copy is kept in the same split


def separate_near_copies(
    frame: pd.DataFrame, near: str, conflicts: str, thumbnails: Thumbnails
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Find near copies and keep them out of each other's splits.

    Of a group with official splits, the rows of the most held-out split stay (test before
    validation before training) and the others are dropped. Test images are never dropped. Where
    the labels of the rows that stay contradict each other, ``conflicts`` decides, as for exact
    copies. The rows left of a group share a ``near_group``, which the split keeps together.

    Args:
        frame: manifest without exact copies, with ``phash``; ``split`` holds official splits.
        near: group, as above; drop: of the rows left of a group, but for test images, the first
            alone stays; report: nothing is dropped nor grouped.
        conflicts: drop_all | keep_first | keep_majority.
        thumbnails: of rows, see ``copy_pairs``.

    Returns:
        kept: the manifest without ``phash``; with ``near_group``, the first id of a row's group,
            null where a row is alone; without the column where nothing is grouped.
        dropped: the other rows, with ``reason`` (``NearDrop``) and ``detail``.
        copies: the rows of all groups of several, with ``near_group``, ``reason`` "" where kept.
        metrics: ``groups`` and ``images`` in them, ``cross_split_groups``, ``would_leak`` (held-out
            images with a near copy in a less held-out split), ``conflicting_groups``,
            ``removed_by_reason``.
    """
    frame = frame.sort_values("id", ignore_index=True)
    pairs = copy_pairs(hash_values(frame["phash"].tolist()), thumbnails)
    first = first_in_component(pairs, len(frame))
    size = np.bincount(first, minlength=len(frame))[first]
    frame = frame.drop(columns="phash").assign(near_group=frame["id"].to_numpy()[first])
    members = frame[size > 1]
    reasons = (
        _reasons(members, near, conflicts) if near != "report" else members["id"].map(lambda _: "")
    )
    copies = members.assign(reason=reasons)
    gone = copies[copies["reason"] != ""]
    dropped = gone.assign(detail="near copies: " + gone["near_group"]).drop(columns="near_group")
    kept = frame.drop(gone.index)
    if near == "report":
        return kept.drop(columns="near_group"), dropped, copies, _metrics(members, gone)
    alone = ~kept["near_group"].duplicated(keep=False)
    kept = kept.assign(near_group=kept["near_group"].mask(alone, None))
    return kept, dropped, copies, _metrics(members, gone)


def _reasons(members: pd.DataFrame, near: str, conflicts: str) -> pd.Series:
    """Why each row is dropped, or ""."""
    rank, group = split_rank(members), members["near_group"]
    best = rank.groupby(group).transform("min")
    reasons = pd.Series("", index=members.index, dtype=object)
    reasons[rank > best] = NearDrop.NEAR_COPY_OF_HELD_OUT.value
    rest = members[(rank == best) & (members["split"] != TEST)]
    if len(rest):
        chosen = rest.groupby("near_group")["label"].transform(_chosen, conflicts)
        reasons[rest.index[rest["label"] != chosen]] = NearDrop.NEAR_COPIES_CONFLICT.value
        if near == "drop":
            left = rest[rest["label"] == chosen]
            later = left.index[left["near_group"].duplicated()]
            reasons[later] = NearDrop.NEAR_DUPLICATE.value
    return reasons


def _chosen(labels: pd.Series, conflicts: str) -> str:
    """The label that stays, "" where none does."""
    counts = labels.value_counts()
    if len(counts) == 1 or conflicts == "keep_first":
        return labels.iloc[0]
    if conflicts == "drop_all" or counts.iloc[0] == counts.iloc[1]:
        return ""
    return counts.index[0]


def _metrics(members: pd.DataFrame, gone: pd.DataFrame) -> dict[str, Any]:
    rank, group = split_rank(members), members["near_group"]
    worst = rank.groupby(group).transform("max")
    labels, splits = (members.groupby("near_group")[name].nunique() for name in ("label", "split"))
    return {
        "groups": group.nunique(),
        "images": len(members),
        "cross_split_groups": int((splits > 1).sum()),
        "would_leak": int((rank < worst).sum()),
        "conflicting_groups": int((labels > 1).sum()),
        "removed_by_reason": dict.fromkeys(map(str, NearDrop), 0) | tally(gone["reason"]),
    }
