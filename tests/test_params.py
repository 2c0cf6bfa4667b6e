import copy
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Literal, get_args, get_origin

import pytest
import yaml
from pydantic import BaseModel

from fer3d import params
from fer3d.alignment.params import AlignStageParams
from fer3d.checkout import params_file
from fer3d.errors import UserError
from fer3d.files.sections import load_section, read_values
from fer3d.networks.ranges import Range


@pytest.fixture
def values(repository) -> dict:
    return yaml.safe_load((repository / "params.yaml").read_text())


def write(tmp_path, values) -> str:
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(values))
    return tmp_path / "params.yaml"


def test_the_default_parameters_are_valid(repository):
    got = params.load(repository / "params.yaml")
    assert got.relight.neighbours == 10 and got.split.test_fraction == 0.2


@pytest.mark.parametrize("section", ["network", "experiments"])
def test_features_must_be_kept_for_their_branch(tmp_path, values, section):
    values["network"]["features"] = section == "network"
    values["experiments"]["branches"] = ["base", "base-features"][: 1 + (section != "network")]
    with pytest.raises(UserError, match=r"need reconstruct\.features: set it to true"):
        params.load(write(tmp_path, values))
    values["reconstruct"]["features"] = True
    assert params.load(write(tmp_path, values)).reconstruct.features


def test_folds_have_no_teachers(tmp_path, values):
    values["train"]["teachers"] = ["one.safetensors"]
    assert params.load(write(tmp_path, values)).train.teachers == ["one.safetensors"]
    for section, folds in (("split", 5), ("experiments", [0])):
        changed = copy.deepcopy(values)
        changed[section]["folds"] = folds
        with pytest.raises(UserError, match=r"train\.teachers: the teachers of one fold have seen"):
            params.load(write(tmp_path, changed))


def words(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The keys of each parameter with values in words, and such a value."""
    for name, field in model.model_fields.items():
        annotation = field.annotation
        for kind in get_args(annotation) if isinstance(annotation, UnionType) else (annotation,):
            if get_origin(kind) is Literal:
                yield from ((*path, name, word) for word in get_args(kind))
            elif isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from words(kind, (*path, name))


def test_words_need_no_quotes(tmp_path, values):
    """YAML reads some words as booleans, such as `off`."""
    known = [keys for keys in words(params.Params) if isinstance(keys[-1], str)]
    assert ("deduplicate", "near", "off") in known and len(known) > 20
    for *sections, name, word in known:
        changed = copy.deepcopy(values)
        section = changed
        for key in sections:
            section = section[key]
        section[name] = yaml.safe_load(word)
        changed["reconstruct"]["features"] = "features" in word
        if word == "prnet":  # other values depend on it
            changed["reconstruct"] |= {"backend": word}
        found = params.load(write(tmp_path, changed))
        for key in (*sections, name):
            found = getattr(found, key)
        assert found == word


def test_a_name_of_a_class_is_there_once_whatever_its_case(tmp_path, values):
    values["ingest"]["class_names"] = {"Sad": "sadness", "sad": "sadness", "glad": "happiness"}
    assert params.load(write(tmp_path, values)).ingest.class_names["Sad"] == "sadness"
    values["ingest"]["class_names"]["GLAD"] = "joy"
    with pytest.raises(UserError, match="'glad' is there twice, for 'joy' and for 'happiness'"):
        params.load(write(tmp_path, values))


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
        ("split", {"folds": 5, "fold": 5}, r"split: fold: expected 0 \.\. 4 for 5 folds, got 5$"),
        ("reconstruct", {"landmarks": "prnet"}, "landmarks are dlib or facemesh, got prnet$"),
    ],
)
def test_values_that_make_no_sense_together_are_refused(tmp_path, values, section, change, message):
    values[section] |= change
    with pytest.raises(UserError, match=message):
        params.load(write(tmp_path, values))


REPLACED = "each of the three noises replaces this fraction: expected at most 1/3, got 0.5"


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("automatic", "policy: expected auto, none or a policy per class, got 'automatic'"),
        (None, "policy: expected auto, none or a policy per class, got None"),
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


def test_classes_may_be_numbers(tmp_path, values):
    values["ingest"] |= {"class_names": {0: "angry", 1.0: 5}, "classes": [4, "sad"]}
    values["balance"]["policy"] = {1: {"fraction": 0.5, "mode": "add"}}
    got = params.load(write(tmp_path, values))
    assert got.ingest.class_names == {"0": "angry", "1": "5"}
    assert got.ingest.classes == ["4", "sad"] and list(got.balance.policy) == ["1"]


@pytest.mark.parametrize("word", [False, None])
def test_a_class_that_yaml_reads_as_no_or_nothing_is_to_be_quoted(tmp_path, values, word):
    values["ingest"]["classes"] = [word, "sad"]
    with pytest.raises(UserError, match=r"ingest.classes.0: .*quote it$"):
        params.load(write(tmp_path, values))
    values["ingest"] |= {"classes": None, "class_names": {word: "sad"}}
    with pytest.raises(UserError, match=r"ingest.class_names.*quote it$"):
        params.load(write(tmp_path, values))


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


def limits_of(parts: Sequence[object]) -> dict[str, float]:
    """Limits such as {"ge": 0, "lt": 1} of pydantic's among the metadata of an annotation."""
    limits: dict[str, float] = {}
    for part in parts:
        for limit in getattr(part, "metadata", [part]):
            if is_dataclass(limit) and not isinstance(limit, Range):
                limits |= asdict(limit)
    return {name: value for name, value in limits.items() if name in ("ge", "gt", "le", "lt")}


def stated(annotation: object, metadata: Sequence[object] = ()) -> list[str]:
    """The range of an annotation as written in the comments of params.yaml."""
    if get_origin(annotation) is Literal:
        return [str(choice) for choice in get_args(annotation)]
    parts = [*metadata, *getattr(annotation, "__metadata__", ())]
    said = [str(part) for part in parts if isinstance(part, Range)]
    limits = limits_of(parts)
    if limits.get("lt") == 2**32:
        said.append("0 .. 2^32 - 1")
    elif limits.keys() == {"gt", "le"}:  # of an integer
        said.append(str(Range(ge=limits["gt"] + 1, le=limits["le"])))
    elif limits:
        said.append(str(Range(**limits)))
    inner = get_args(annotation)
    return said + [word for part in inner if part is not None for word in stated(part)]


@pytest.mark.parametrize("section", params.Params.model_fields)
def test_comments_state_the_values_that_are_taken(repository, section):
    text = (repository / "params.yaml").read_text()
    block = re.search(rf"(?ms)^{section}:.*?(?=^\w|\Z)", text)[0]
    lines = {match[1]: match[0] for match in re.finditer(r"(?m)^  (\w+):.*$", block)}
    fields = params.Params.model_fields[section].annotation.model_fields
    assert lines.keys() == fields.keys()
    for name, field in fields.items():
        for words in stated(field.annotation, field.metadata):
            assert words in (block if name == "policy" else lines[name]), name


def test_a_stage_reads_its_own_section_alone(tmp_path, values):
    values["train"]["epochs"] = 0
    values["split"]["seeds"] = 1
    path = write(tmp_path, values)
    assert load_section(path, "align", AlignStageParams).size == 100
    assert read_values(path, "train") == {"train": values["train"]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": 24}, "align.size: Input should be greater than or equal to 32, got 24"),
        ({"sise": 96}, "unknown key 'align.sise'"),
    ],
)
def test_one_section_and_the_whole_file_say_the_same_of_a_wrong_key(
    tmp_path, values, change, message
):
    values["align"] |= change
    path = write(tmp_path, values)
    for read in (params.load, lambda path: load_section(path, "align", AlignStageParams)):
        with pytest.raises(UserError) as caught:
            read(path)
        assert str(caught.value) == f"{path}: {message}"


def test_a_section_that_is_missing_is_named(tmp_path, values):
    del values["align"]
    with pytest.raises(UserError, match="missing key 'align'"):
        load_section(write(tmp_path, values), "align", AlignStageParams)


def test_the_parameters_of_another_project_are_not_ours(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ours = repository / "params.yaml"
    assert params_file().samefile(ours)
    (tmp_path / "params.yaml").write_text("train:\n  align: 3\nprepare: {split: 0.2}\n")
    assert params_file().samefile(ours)
    (tmp_path / "params.yaml").write_text(ours.read_text())
    assert params_file() == Path("params.yaml")
