import unicodedata

import pytest
from pydantic import TypeAdapter, ValidationError

from fer3d.files.labels import ClassName, folded, one_spelling

NFC = "fr\u00f6hlich"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (unicodedata.normalize("NFD", NFC), NFC),
        (" very\u00a0 happy\n", "very happy"),
        ("sad\u200b", "sad"),
        ("\ufeffsad", "sad"),
        ("s\u00adad\x00", "sad"),
        ("o\u200d\u0308", "\u00f6"),  # a joiner between a letter and its mark
        ("\uff48appy", "happy"),  # a full-width letter
        ("a\ufb00ect", "affect"),  # a ligature
        ("3.0", "3"),
        ("-1.00", "-1"),
        ("3.5", "3.5"),
        ("1.0.0", "1.0.0"),
        ("\u200b ", ""),
    ],
)
def test_one_spelling_for_what_looks_alike(written, kept):
    assert one_spelling(written) == kept
    assert one_spelling(kept) == kept


@pytest.mark.parametrize("name", ["", "\u200b", None, True])
def test_a_class_needs_a_name(name):
    with pytest.raises(ValidationError):
        TypeAdapter(ClassName).validate_python(name)


def test_case_is_kept_but_does_not_tell_two_labels_apart():
    assert one_spelling("Sad") == "Sad"
    assert folded("STRASSE ") == folded("stra\u00dfe") and folded("sad") != folded("sat")
