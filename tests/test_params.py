import re
from dataclasses import asdict
from typing import get_args

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
        ("split", {"folds": 5, "fold": 5}, r"split: fold: 5 folds .* 0 \.\. 4, got 5$"),
        ("reconstruct", {"landmarks": "prnet"}, "landmarks are dlib or facemesh, got prnet$"),
    ],
)
def test_values_that_make_no_sense_together_are_refused(tmp_path, values, section, change, message):
    values[section] |= change
    with pytest.raises(UserError, match=message):
        params.load(write(tmp_path, values))


REPLACED = "three noises replace three shares of a class: fraction is 1/3 at most, got 0.5"


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("automatic", "policy: expected auto, none or a policy by class, got 'automatic'"),
        (None, "policy: expected auto, none or a policy by class, got None"),
        ({"anger": {"fraction": 0.5, "mode": "replace"}}, f"policy.anger: {REPLACED}"),
        ({"anger": {"fraction": 0.5}}, "missing key 'balance.policy.anger.mode'"),
        ({"anger": 0.5}, "policy.anger: expected keys with values, got 0.5"),
        (
            {"fear": {"fraction": 0.5, "mode": "swap"}},
            "policy.fear.mode: Input should be 'add' or 'replace', got 'swap'",
        ),
    ],
)
def test_a_wrong_policy_reads_as_it_is_written(tmp_path, values, policy, message):
    values["balance"]["policy"] = policy
    with pytest.raises(UserError) as caught:
        params.load(write(tmp_path, values))
    said = str(caught.value).removeprefix(f"{tmp_path / 'params.yaml'}: ")
    assert said == (message if message.startswith("missing") else f"balance.{message}")


def test_every_kind_of_policy_is_taken_and_written_back(tmp_path, values):
    by_class = {"anger": {"fraction": 0.1, "mode": "replace"}}
    for policy in ("auto", "none", {}, by_class):
        values["balance"]["policy"] = policy
        got = params.load(write(tmp_path, values))
        assert got.model_dump(mode="json")["balance"]["policy"] == policy


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


def limits(annotation: object) -> dict[str, float]:
    """Limits such as {"ge": 0, "lt": 1} in an annotation, of whatever is in it."""
    found = {}
    for part in get_args(annotation):
        for limit in getattr(part, "metadata", []):  # of pydantic's Field
            found |= asdict(limit)
        found |= limits(part)
    return found


def stated(limits: dict[str, float]) -> str:
    """How a comment of params.yaml says a range that has an upper limit."""
    if limits.get("lt") == 2**32:
        return "0 .. 2^32 - 1"
    if "lt" in limits:
        lowest = f"more than {limits['gt']}" if "gt" in limits else f"{limits['ge']} or more"
        return f"{lowest}, less than {limits['lt']}"
    return f"{limits.get('ge', limits.get('gt', 0) + 1)} .. {limits['le']}"


def test_comments_state_the_limits_that_are_enforced(repository):
    section, checked = "", 0
    for line in (repository / "params.yaml").read_text().splitlines():
        if match := re.match(r"(\w+):", line):
            section = match[1]
        elif match := re.match(r"  (\w+):", line):
            field = params.Params.model_fields[section].annotation.model_fields[match[1]]
            found = limits(field.annotation)
            for limit in field.metadata:
                found |= asdict(limit)
            if found.keys() & {"le", "lt"} and match[1] not in ("policy", "images"):
                assert stated(found) in line, f"{section}: {line}"
                checked += 1
    assert checked > 20
