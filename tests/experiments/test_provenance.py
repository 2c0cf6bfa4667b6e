"""How a recognizer was made, as its card says it."""

import pandas as pd

from fer3d.experiments.provenance import edited_values, photos_used, steps

COMMITTED = {"ingest": {"source": "data/synthetic", "max": 5}, "align": {"crop": 1.5, "size": 100}}


def test_noisy_copies_are_no_photos_and_a_group_of_one_is_none() -> None:
    frame = pd.DataFrame(
        {
            "id": ["a", "a#poisson", "b", "c", "d", "e"],
            "source_id": ["a", "a", "b", "c", "d", "e"],
            "split": ["train", "train", "test", "validation", "validation", "train"],
            "label": ["joy", "joy", "joy", "fear", "joy", "fear"],
            "near_group": ["a", "a", "a", "c", "c", "e"],
        }
    )
    assert photos_used(frame) == {
        "photos": {
            "train": {"fear": 1, "joy": 1},
            "validation": {"fear": 1, "joy": 1},
            "test": {"fear": 0, "joy": 1},
        },
        "noisy_copies": 1,
        "near_copies": {"groups": 2, "photos": 4, "divided": 1},
    }
    found = photos_used(frame.drop(columns="near_group"))
    assert found["near_copies"] == {"groups": 0, "photos": 0, "divided": 0}


def test_edited_values_name_no_folder_of_a_machine() -> None:
    used = {"ingest": {"source": "/home/me/fer2013", "max": 5}, "align": {"crop": 1.2, "size": 100}}
    edited = edited_values(COMMITTED, used)
    assert edited == {"ingest": {"source": "/data/fer2013"}, "align": {"crop": 1.2}}
    assert edited_values(COMMITTED, COMMITTED) == {}


def test_steps_are_one_commit_its_values_and_its_commands() -> None:
    text = steps("abc", "abc", {"align": {"crop": 1.2}}, "python tools/box_model.py a")
    assert "commit `abc`, after these values" in text and "this card: same code." in text
    assert "```yaml\nalign: {crop: 1.2}\n```\n\n```sh\ndvc repro train\n```" in text
    assert text.endswith("```sh\npython tools/box_model.py a\n```")


def test_steps_of_two_commits_name_both() -> None:
    text = steps("abc", "def", {}, "python tools/box_model.py a")
    assert "training: code of commit `abc`, with its `params.yaml`." in text
    assert "this card: code of commit `def`." in text
