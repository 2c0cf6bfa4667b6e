"""dvc.yaml agrees with the code."""

import ast
import importlib
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from fer3d import checkout
from fer3d.alignment.params import AlignParams
from fer3d.assets.recognizers import OWN, recognizer_names

LONGEST_STAGE = 40  # lines

REPOSITORY = Path(__file__).parents[2]
PIPELINE = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]
SCRIPTS = sorted(path for path in (REPOSITORY / "stages").glob("*.py") if path.stem != "__init__")


@pytest.fixture(scope="module")
def stage_deps() -> ModuleType:
    spec = importlib.util.spec_from_file_location("stage_deps", REPOSITORY / "tools/stage_deps.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PIPELINES = [
    (file, folder, stage)
    for file, folder in (
        ("dvc.yaml", "stages"),
        ("experiments/dvc.yaml", "experiments"),
        ("experiments/folds/dvc.yaml", "experiments"),
        ("experiments/compared/dvc.yaml", "experiments"),
        ("experiments/compared/folds/dvc.yaml", "experiments"),
    )
    for stage in yaml.safe_load((REPOSITORY / file).read_text())["stages"]
]
MOST_LINES = 200  # of code among the `deps` of all pipelines together


def code_of(file: str, stage: str) -> list[str]:
    """The code among the `deps` of a stage."""
    definition = yaml.safe_load((REPOSITORY / file).read_text())["stages"][stage]
    deps = definition.get("do", definition).get("deps", [])
    return [dep for dep in deps if re.match(r"(fer3d|stages|experiments)(/|$)", dep)]


@pytest.mark.parametrize(("file", "folder", "stage"), PIPELINES)
def test_deps_cover_every_module_that_the_stage_uses(file, folder, stage, stage_deps):
    named = code_of(file, stage)
    used = stage_deps.stage_modules(stage, folder, REPOSITORY)
    assert [module for module in used if not stage_deps.covered(module, named)] == []
    assert named == stage_deps.code_deps(stage, folder, REPOSITORY), "run `make deps`"


@pytest.mark.parametrize(("file", "folder", "stage"), PIPELINES)
def test_deps_name_nothing_that_the_stage_does_not_use(file, folder, stage, stage_deps):
    used = stage_deps.stage_modules(stage, folder, REPOSITORY)
    idle = [
        dep for dep in code_of(file, stage) if not any(stage_deps.covered(m, [dep]) for m in used)
    ]
    assert idle == []


def test_deps_are_short():
    assert sum(len(code_of(file, stage)) for file, _, stage in PIPELINES) <= MOST_LINES


def test_a_training_names_files(stage_deps):
    """Changes of modules that it does not use must not repeat a training."""
    used = stage_deps.stage_modules("train", "stages", REPOSITORY)
    for dep in code_of("dvc.yaml", "train"):
        inside = [p for p in (REPOSITORY / dep).rglob("*.py") if stage_deps.has_code(p)]
        assert {p.relative_to(REPOSITORY).as_posix() for p in inside} <= set(used)


def test_every_script_is_a_stage():
    assert {path.stem for path in SCRIPTS} == set(PIPELINE)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_stage_scripts_are_thin(script):
    lines = script.read_text().splitlines()
    assert len(lines) <= LONGEST_STAGE
    assert ast.get_docstring(ast.parse(script.read_text()))


def sections_read(script: Path) -> set[str]:
    """Sections of params.yaml that a stage's script loads."""
    module = importlib.import_module(f"stages.{script.stem}")
    read: set[str] = set()
    for node in ast.walk(ast.parse(script.read_text())):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        arguments = node.args[1:]  # the first is the file
        if node.func.id == "load_section":
            read.add(arguments[0].value)
        elif node.func.id == "read_values":
            read |= {argument.value for argument in arguments}
        elif node.func.id == "load_sections":
            read |= set(getattr(module, arguments[0].id).model_fields)
    return read


@pytest.mark.parametrize("stage", PIPELINE)
def test_stage_depends_on_its_own_sections(stage):
    """A stage that reads a section of params.yaml declares it, so that DVC sees a change."""
    declared = {name.split(".")[0] for name in PIPELINE[stage].get("params", [])}
    assert sections_read(REPOSITORY / "stages" / f"{stage}.py") == declared


@pytest.mark.parametrize("stage", ["train", "accuracy3d"])
def test_stages_that_use_the_alignment_of_single_images_list_all_its_values(stage):
    """A recognizer stores them, and is trained again if one changes."""
    declared = {name for name in PIPELINE[stage]["params"] if name.startswith("align.")}
    assert declared == {f"align.{name}" for name in AlignParams.model_fields}


def test_artifacts_are_the_recognizers():
    """DVC reads the names that `--model` takes, and each path is in git or an output."""
    from dvc.repo import Repo

    found = Repo(str(REPOSITORY), uninitialized=True).artifacts.read()["dvc.yaml"]
    assert set(found) == {*recognizer_names(REPOSITORY / "models"), OWN}
    assert all(artifact.type == "model" and artifact.desc for artifact in found.values())
    assert found[OWN].path == checkout.CHECKPOINT.as_posix()
    assert (REPOSITORY / found["fer2013"].path).is_file()


def test_every_stage_can_come_from_the_run_cache():
    """DVC leaves stages out of it that have an out without cache, metrics and plots aside."""
    for name, stage in PIPELINE.items():
        for out in stage.get("outs", []):
            options = next(iter(out.values())) if isinstance(out, dict) else {}
            assert options.get("cache", True), name
