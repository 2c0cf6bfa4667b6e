"""Photos on the pages."""

import numpy as np
import pandas as pd
import pytest

from fer3d.files.manifest import TEST, VALIDATION, write
from fer3d.files.packed import MANIFEST, read_manifest
from fer3d.reporting.gallery import (
    FAILURES,
    MISTAKES,
    NO_3D,
    NO_FACE,
    RIGHT,
    WRONG,
    failure_reasons,
    failures,
    judged,
    run_gallery,
    worst_mistakes,
)
from fer3d.reporting.samples import SampleSources, StageImages

CLASSES = ("anger", "fear", "joy & <tears>")


def answers_to(frame: pd.DataFrame) -> pd.DataFrame:
    """Predictions of the validation and test images: always fear, less certain from row to row."""
    part = frame[frame["split"].isin((VALIDATION, TEST))]
    fear = np.linspace(0.95, 0.5, len(part), dtype=np.float32)
    table = part[["id", "split", "label"]].assign(predicted="fear")
    others = {f"p_{name}": (1 - fear) / 2 for name in CLASSES}
    return table.assign(**others | {"p_fear": fear})


@pytest.fixture
def images(sources: SampleSources, triangles: np.ndarray) -> StageImages:
    return StageImages(sources, triangles)


def test_the_most_confident_mistake_is_the_worst(images: StageImages) -> None:
    answers = judged(images.frame, answers_to(images.frame))
    rows = worst_mistakes(answers)
    chosen = images.frame.iloc[rows]
    assert len(rows) == 6  # three validation images of each class; those of fear are right
    assert set(chosen["label"]) == {"anger", "joy & <tears>"}
    assert (chosen["split"] == VALIDATION).all()
    assert (np.diff(answers["confidence"].loc[rows]) <= 0).all()


def test_there_is_a_limit_of_mistakes() -> None:
    answers = pd.DataFrame({"id": [f"{i:03d}" for i in range(99)], "label": "joy"})
    answers = answers.assign(predicted="fear", confidence=0.5)
    assert worst_mistakes(answers).tolist() == list(range(MISTAKES))  # equally wrong: by id


def test_no_test_image_is_in_the_gallery(images: StageImages) -> None:
    gallery = run_gallery(images, answers_to(images.frame), 20, pictures=True)
    cards = [card for group in gallery.groups for card in group.cards]
    shown = {card.note.split(", ")[-1] for card in cards}
    hidden = set(images.frame["path"][images.frame["split"] == TEST])
    assert len(shown) == len(cards) == 24  # 9 photos of each class, of which one has noise
    assert not shown & hidden


def test_a_card_says_what_was_answered(images: StageImages) -> None:
    gallery = run_gallery(images, answers_to(images.frame), 3, pictures=True)
    worst = gallery.groups[0].cards[0]
    assert worst.title == "anger 0.03, taken for fear 0.95"
    assert worst.labels == ["anger"] and worst.kinds == [WRONG]
    assert [picture.title for picture in worst.pictures] == [
        "original",
        "aligned",
        "mesh",
        "shading",
    ]
    right = [card for group in gallery.groups for card in group.cards if RIGHT in card.kinds]
    assert right and all(card.title.startswith("fear 0.") for card in right)


def test_a_face_that_was_not_found_has_a_reason(images: StageImages) -> None:
    gallery = run_gallery(images, answers_to(images.frame), 3, pictures=True)
    failed = gallery.groups[1].cards
    assert {card.note.split(", ")[0] for card in failed} == {
        "not detected",
        "not reconstructed: no face",
    }
    for card in failed:
        found = card.note.startswith("not detected")
        assert (NO_FACE in card.kinds, NO_3D in card.kinds) == (found, not found)
        assert len(card.pictures) == (4 if found else 2)  # without 3D no mesh, no shading
    assert gallery.kinds == [WRONG, NO_FACE, NO_3D, RIGHT, "training photo"]


def test_a_face_without_eyes_is_not_said_to_be_missing(sources: SampleSources) -> None:
    frame = read_manifest(sources.faces)
    frame.loc[~frame["aligned"], "detection"] = "haar"
    write(frame, sources.faces / MANIFEST)
    assert list(failures(frame)) == ["detected without eyes", "not reconstructed: no face"]
    assert (failure_reasons(frame) == "").sum() == 30


def test_failures_are_spread_over_the_classes() -> None:
    frame = pd.DataFrame({"label": ["joy"] * 90 + ["fear"] * 10, "split": "train", "noise": ""})
    frame = frame.assign(aligned=True, reconstructed=False, detection="haar", reason="pose")
    (rows,) = failures(frame).values()
    assert len(rows) == FAILURES
    assert set(frame["label"].iloc[rows]) == {"joy", "fear"}


def test_without_pictures_the_mistakes_remain(images: StageImages) -> None:
    gallery = run_gallery(images, answers_to(images.frame), 3, pictures=False)
    assert [group.title for group in gallery.groups] == [
        "Worst mistakes",
        "Where no face was found",
    ]
    assert not any(card.pictures for group in gallery.groups for card in group.cards)
