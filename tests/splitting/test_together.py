import pandas as pd

from fer3d.splitting.together import has_near_copies, inseparable, known_subjects


def frame(subjects, groups=None) -> pd.DataFrame:
    columns = {"subject": subjects} | ({} if groups is None else {"near_group": groups})
    return pd.DataFrame(columns, dtype=object)


def test_images_of_a_subject_belong_together_and_others_are_alone():
    assert inseparable(frame(["ann", None, "bob", "ann", None])).tolist() == [0, 1, 2, 0, 4]


def test_near_copies_join_subjects():
    subjects = ["ann", "bob", "bob", None, "cem"]
    groups = ["a", "a", None, "b", "b"]
    assert inseparable(frame(subjects, groups)).tolist() == [0, 0, 0, 3, 3]


def test_what_is_known():
    assert known_subjects(frame([None, "ann"])) and not known_subjects(frame([None, None]))
    assert has_near_copies(frame([None], ["a"]))
    assert not has_near_copies(frame([None], [None])) and not has_near_copies(frame([None]))
