import pytest
import yaml

from fer3d import params
from fer3d.errors import UserError


@pytest.fixture
def values(repository) -> dict:
    return yaml.safe_load((repository / "params.yaml").read_text())


def write(tmp_path, values) -> str:
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(values))
    return tmp_path / "params.yaml"


def test_the_default_parameters_are_valid(repository):
    got = params.load(repository / "params.yaml")
    assert got.relight.neighbours == 10 and got.split.test_fraction == 0.2


def test_a_wrong_key_is_named(tmp_path, values):
    values["align"]["sise"] = 96
    del values["relight"]["light"]
    values["train"]["epochs"] = 0
    with pytest.raises(UserError) as caught:
        params.load(write(tmp_path, values))
    message = str(caught.value)
    assert "unknown key 'align.sise'" in message
    assert "missing key 'relight.light'" in message
    assert "train.epochs" in message and "got 0" in message and "\n" not in message


@pytest.mark.parametrize(
    ("section", "change", "message"),
    [
        ("network", dict.fromkeys(("base", "shading", "landmark"), False), "at least one of base"),
        ("relight", {"light": [0, 0, 0]}, "not all zero"),
        ("relight", {"light": [float("nan"), 0, 1]}, "finite"),
        ("align", {"size": 24}, "align.size"),
    ],
)
def test_values_that_make_no_sense_together_are_refused(tmp_path, values, section, change, message):
    values[section] |= change
    with pytest.raises(UserError, match=message):
        params.load(write(tmp_path, values))


def test_a_missing_or_broken_file_says_what_to_do(tmp_path):
    with pytest.raises(UserError, match="top folder"):
        params.load(tmp_path / "params.yaml")
    (tmp_path / "params.yaml").write_text("a: [")
    with pytest.raises(UserError, match="not valid YAML"):
        params.load(tmp_path / "params.yaml")


def test_every_value_is_explained(repository):
    """Each line of params.yaml that sets a value says its unit, range or choices."""
    lines = (repository / "params.yaml").read_text().splitlines()
    section_comments = ("images:", "class_names:", "policy:")
    inside = False
    for line in lines:
        if line.startswith("  ") and not line.startswith("    "):
            inside = line.strip().split(" ")[0] in section_comments
            assert "#" in line, f"no comment: {line}"
        elif line.startswith("    "):
            assert inside, f"nested value of an unexplained key: {line}"
