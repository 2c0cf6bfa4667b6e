"""Removal and grouping of near copies in a manifest."""

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
    """Reason why a near copy is dropped."""

    NEAR_COPY_OF_HELD_OUT = "near_copy_of_held_out_image"  # of an image in a more held-out split
    NEAR_COPIES_CONFLICT = "near_copies_conflict"  # near copies have different labels
    NEAR_DUPLICATE = "near_duplicate"  # of a near copy kept in the same split


def separate_near_copies(
    frame: pd.DataFrame, near: str, conflicts: str, thumbnails: Thumbnails
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Find groups of near copies and prevent copies in different splits.

    Of a group with official splits, the rows of the most held-out split (test, then validation,
    then training) are kept, the others dropped. Images of an official test split are never
    dropped. If the kept rows have different labels, ``conflicts`` decides, as for exact copies. The
    kept rows of a group share a ``near_group``, which the stage `split` does not divide.

    Args:
        frame: manifest without exact copies, with ``phash``; ``split`` has the official splits.
        near: group: as above; drop: only the first of the kept rows of a group is kept, except for
            test images; report: no rows are dropped or grouped.
        conflicts: drop_all | keep_first | keep_majority.
        thumbnails: see ``copy_pairs``.

    Returns:
        kept: the manifest without ``phash``; with ``near_group``, the first id of a row's group,
            null if the row has no near copy. With ``report``, without this column.
        dropped: the other rows, with ``reason`` (``NearDrop``) and ``detail``.
        copies: all near copies, with ``near_group``, and ``reason``, "" for kept rows.
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
    """The reason why each row is dropped, or ""."""
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
    """The label that is kept, "" if none is."""
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
