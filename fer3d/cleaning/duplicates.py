"""Exact duplicates: files with the same SHA-1 (paper B, section 4).

Duplicates are searched in the whole data set, across its official splits. Of copies with one label,
one is kept; copies with different labels are a labelling conflict.
"""

from enum import StrEnum
from typing import Any

import pandas as pd

from fer3d.cleaning.params import DeduplicateParams
from fer3d.files.manifest import SPLITS, TEST, TRAIN, VALIDATION, tally

_KEPT_FIRST = {TEST: 0, VALIDATION: 1, TRAIN: 2}  # test images are kept, training copies removed


class Drop(StrEnum):
    """Reason why a copy is dropped."""

    EXACT_DUPLICATE = "exact_duplicate"  # of a copy kept in the same split
    COPY_OF_HELD_OUT = "copy_of_held_out_image"  # of a copy kept in a held-out split
    CONFLICTING_LABELS = "conflicting_labels"  # copies have different labels


def split_rank(frame: pd.DataFrame) -> pd.Series:
    """Rank of each row's official split, int. Of copies, those with the lowest rank are kept."""
    return frame["split"].map(_KEPT_FIRST).fillna(len(SPLITS)).astype(int)


def deduplicate(
    frame: pd.DataFrame, params: DeduplicateParams
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Keep one copy of every image. The order of the rows does not matter.

    Of copies with one label, the one in the test split is kept, else the one in validation, else
    the first by id. If labels conflict, ``params.conflicts`` decides: ``drop_all`` copies,
    ``keep_first`` (the copy that would be kept if they had one label), or ``keep_majority`` (a copy
    with the most frequent label; all are dropped if two labels are equally frequent).

    Args:
        frame: manifest; ``split`` has the official splits, null if there are none.

    Returns:
        kept: manifest with unique SHA-1, sorted by id.
        dropped: the other rows, with ``reason`` (``Drop``) and ``detail`` (the id that is kept, and
            the conflicting labels).
        metrics: ``removed_by_reason``, ``duplicates`` (files minus distinct SHA-1),
            ``conflicting_groups`` and their ``conflicting_files``, ``cross_split_groups`` (groups
            with copies in several splits).

    Source: paper B, section 4 and table 1.
    """
    frame = frame.reset_index(drop=True)
    ordered = frame.assign(_rank=split_rank(frame)).sort_values(["sha1", "_rank", "id"])
    conflicting = ordered.groupby("sha1")["label"].transform("nunique") > 1
    chosen = _chosen_labels(ordered, conflicting, params.conflicts)
    kept = ordered[ordered["label"] == chosen].drop_duplicates("sha1")
    dropped = ordered.drop(kept.index)
    dropped = _with_reasons(dropped, kept, ordered[conflicting])
    kept = kept.drop(columns="_rank").sort_values("id", ignore_index=True)
    return kept, dropped, _metrics(frame, dropped, ordered[conflicting])


def _chosen_labels(ordered: pd.DataFrame, conflicting: pd.Series, conflicts: str) -> pd.Series:
    """For each row, the label that is kept in its group; null if none is."""
    first = ordered.groupby("sha1")["label"].transform("first")
    if conflicts == "keep_first":
        return first
    none = first.mask(conflicting)
    if conflicts == "drop_all":
        return none
    return none.fillna(ordered["sha1"].map(_majority(ordered[conflicting])))


def _majority(conflicts: pd.DataFrame) -> pd.Series:
    """The most frequent label of each SHA-1, if it is unique."""
    counts = conflicts.groupby(["sha1", "label"]).size().rename("copies").reset_index()
    most = counts[counts["copies"] == counts.groupby("sha1")["copies"].transform("max")]
    return most.drop_duplicates("sha1", keep=False).set_index("sha1")["label"]


def _with_reasons(
    dropped: pd.DataFrame, kept: pd.DataFrame, conflicts: pd.DataFrame
) -> pd.DataFrame:
    copies = zip(kept["_rank"], kept["id"], strict=True)
    survivors = dict(zip(kept["sha1"], copies, strict=True))
    labels = {
        sha1: ", ".join(sorted(set(labels))) for sha1, labels in conflicts.groupby("sha1")["label"]
    }
    explained = [
        _explain(rank, survivors.get(sha1), labels.get(sha1))
        for sha1, rank in zip(dropped["sha1"], dropped["_rank"], strict=True)
    ]
    reasons = pd.DataFrame(
        explained, columns=["reason", "detail"], index=dropped.index, dtype=object
    )
    return dropped.drop(columns="_rank").join(reasons).sort_values("id", ignore_index=True)


def _explain(rank: int, survivor: tuple[int, str] | None, conflict: str | None) -> tuple[str, str]:
    """Reason and detail of a dropped copy.

    Args:
        rank: of the dropped copy.
        survivor: rank and id of the kept copy.
        conflict: the conflicting labels.
    """
    keeps = f"kept {survivor[1]}" if survivor else "none kept"
    if conflict:
        return Drop.CONFLICTING_LABELS.value, f"labels {conflict}; {keeps}"
    leaks = survivor is not None and survivor[0] < rank
    return (Drop.COPY_OF_HELD_OUT if leaks else Drop.EXACT_DUPLICATE).value, keeps


def _metrics(
    before: pd.DataFrame, dropped: pd.DataFrame, conflicts: pd.DataFrame
) -> dict[str, Any]:
    splits = before.groupby("sha1")["split"].nunique()
    return {
        "removed_by_reason": dict.fromkeys(map(str, Drop), 0) | tally(dropped["reason"]),
        "duplicates": len(before) - before["sha1"].nunique(),
        "conflicting_groups": conflicts["sha1"].nunique(),
        "conflicting_files": len(conflicts),
        "cross_split_groups": int((splits > 1).sum()),
    }
