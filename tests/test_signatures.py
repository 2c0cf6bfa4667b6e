"""Public functions take few parameters, in one order; functions and modules are short."""

import ast
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parents[1] / "fer3d"
MOST = 6  # parameters, self aside
LONGEST_BODY, LONGEST_MODULE = 50, 320  # lines
OPTIONS = ("cli.py", "commands/")  # of the command line, where a parameter is an option


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """Names of a function's parameters."""
    said = function.args
    known = (*said.posonlyargs, *said.args, *said.kwonlyargs)
    return [parameter.arg for parameter in known if parameter.arg not in ("self", "cls")]


MODULES = [
    name
    for path in sorted(LIBRARY.rglob("*.py"))
    if not (name := path.relative_to(LIBRARY).as_posix()).startswith(OPTIONS)
]


@pytest.mark.parametrize("module", MODULES)
def test_public_functions_take_six_parameters_at_most(module: str) -> None:
    many = {
        node.name: parameters(node)
        for node in ast.walk(ast.parse((LIBRARY / module).read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("_")
        and len(parameters(node)) > MOST
    }
    assert many == {}


ORDER = {
    "params": 1,
    "toolbox": 2,
    "settings": 2,
    "runtime": 2,
}  # what is none of these comes first


@pytest.mark.parametrize("module", MODULES)
def test_inputs_come_before_outputs_before_parameters_before_the_toolbox(module: str) -> None:
    for node in ast.walk(ast.parse((LIBRARY / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            names = [argument.arg for argument in node.args.args]
            required = names[: len(names) - len(node.args.defaults)]
            ranks = [ORDER.get(name, 0) for name in required]
            assert ranks == sorted(ranks), node.name
            if "out" in required:
                after = required[required.index("out") + 1 :]
                assert all(name in ORDER for name in after), node.name


@pytest.mark.parametrize(
    "path", sorted(LIBRARY.rglob("*.py")), ids=lambda path: path.relative_to(LIBRARY).as_posix()
)
def test_functions_and_modules_are_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_MODULE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[1 if ast.get_docstring(node) else 0 :]
            lines = first[-1].end_lineno - first[0].lineno + 1 if first else 0
            assert lines <= LONGEST_BODY, node.name
