"""What dvc.yaml says is what the code does."""

import ast
import importlib
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
import yaml

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


@pytest.mark.parametrize("stage", PIPELINE)
def test_deps_name_every_module_that_the_stage_uses(stage, stage_deps):
    used = stage_deps.used_modules(REPOSITORY / "stages" / f"{stage}.py", REPOSITORY)
    named = [dep for dep in PIPELINE[stage]["deps"] if dep.startswith(("fer3d/", "stages/"))]
    assert named == used, "run `make deps`"


def test_imports_inside_functions_and_of_packages_count(stage_deps, tmp_path):
    (tmp_path / "fer3d/deep").mkdir(parents=True)
    (tmp_path / "fer3d/__init__.py").write_text('"""Package."""\n')
    (tmp_path / "fer3d/deep/__init__.py").write_text('"""Package."""\n')
    (tmp_path / "fer3d/deep/a.py").write_text("def f():\n    from fer3d import b\n")
    (tmp_path / "fer3d/b.py").write_text("import numpy\n")
    script = tmp_path / "script.py"
    script.write_text("from fer3d.deep import a\n")
    assert stage_deps.used_modules(script, tmp_path) == [
        "fer3d/__init__.py",
        "fer3d/b.py",
        "fer3d/deep/__init__.py",
        "fer3d/deep/a.py",
        "script.py",
    ]


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
