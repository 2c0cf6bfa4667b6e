import unicodedata

import pytest

from fer3d.datasets.classes import choose_classes, rename_classes
from fer3d.datasets.entries import Entry, LeftOut
from fer3d.errors import UserError

FRENCH = "\u00e9merveill\u00e9"
NAMES = {"happy": "happiness", "neutral": "neutral"}


def entries(*labels: str) -> list[Entry]:
    return [Entry(f"{i}.jpg", label) for i, label in enumerate(labels)]


def labels(found: list[Entry]) -> list[str]:
    return [entry.label for entry in found]


def test_names_are_found_whatever_their_case_and_others_are_kept():
    renamed = rename_classes(entries("Happy", "HAPPINESS", " Neutral", "Joy"), NAMES)
    assert labels(renamed) == ["happiness", "happiness", "neutral", "Joy"]


def test_two_spellings_of_a_class_are_one():
    decomposed = unicodedata.normalize("NFD", FRENCH)
    written = entries(FRENCH, decomposed, f"{FRENCH}\u200b", "sad")
    assert labels(rename_classes(written, {})) == [FRENCH] * 3 + ["sad"]
    assert labels(rename_classes(written, {decomposed: "neutral"})) == ["neutral"] * 3 + ["sad"]
    wanted, others = choose_classes(rename_classes(written, {}), [decomposed, "sad"])
    assert (len(wanted), others) == (4, [])


def test_two_classes_that_differ_in_case_only_are_an_error_that_says_how_to_join_them():
    written = entries("calm", "happy", "Calm")
    with pytest.raises(UserError, match=r"'Calm' and 'calm' differ only .* `calm: calm` to ingest"):
        rename_classes(written, NAMES)
    assert set(labels(rename_classes(written, NAMES | {"calm": "calm"}))) == {"calm", "happiness"}


@pytest.mark.parametrize("classes", [None, []])
def test_all_classes_are_taken_where_none_is_named(classes):
    found = entries("fear", "anger")
    assert choose_classes(found, classes) == (found, [])


def test_the_others_are_left_out():
    wanted, others = choose_classes(entries("fear", "anger", "sadness"), ["anger", "fear"])
    assert (labels(wanted), labels(others)) == (["fear", "anger"], ["sadness"])


def test_what_has_no_label_is_left_out_with_its_own_reason():
    without = Entry("x.jpg", "", left_out=LeftOut.UNCERTAIN)
    found = rename_classes([*entries("fear", "anger", "sadness"), without], {"": "fear"})
    wanted, others = choose_classes(found, ["anger", "fear"])
    assert labels(wanted) == ["fear", "anger"]
    assert [entry.left_out for entry in others] == ["other_class", "uncertain"]
    with pytest.raises(UserError, match="none of the 1 images has a label"):
        choose_classes([without], None)


def test_votes_follow_the_names_and_the_choice_of_classes():
    votes = {"HAPPY": 3, "happiness": 1, "Fear": 2, "contempt": 4}
    found = [Entry("a", "happy", votes=votes), *entries("fear", "anger")]
    renamed = rename_classes(found, NAMES)
    assert renamed[0].votes == {"happiness": 4, "fear": 2, "contempt": 4}
    wanted, _ = choose_classes(renamed, ["fear", "happiness"])
    assert wanted[0].votes == {"fear": 2, "happiness": 4} and wanted[1].votes is None


@pytest.mark.parametrize("classes", [["angr", "fear"], ["angr"]])
def test_a_class_that_no_image_has_is_an_error_that_lists_wanted_and_found(classes):
    wanted = ", ".join(map(repr, classes))
    message = f"names 'angr', which no image has: wanted {wanted}; found 'anger', 'fear'"
    with pytest.raises(UserError, match=message):
        choose_classes(entries("fear", "anger"), classes)


@pytest.mark.parametrize(
    ("found", "classes"), [(["fear"] * 7, None), (["fear"] * 7 + ["anger"], ["fear"])]
)
def test_one_class_is_not_enough(found, classes):
    with pytest.raises(UserError, match="all 7 images are of class 'fear': at least two classes"):
        choose_classes(entries(*found), classes)
