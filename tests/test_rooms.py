"""The rooms of the library: imports between them run one way.

The rooms are described in CONTRIBUTING.md.
"""

import ast
import re
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
LIBRARY = REPOSITORY / "fer3d"
MOST_MODULES = 6  # at the top of the library, beside __init__ and __main__

# From the top floor down; a room imports from those below it.
FLOORS = (
    ("__main__", "__init__"),  # what is imported as `fer3d`: the Python interface, on request
    ("cli",),
    ("commands",),
    ("doctor",),
    ("params",),
    ("accuracy3d", "app", "experiments", "synthesis"),
    ("interface", "exporting"),
    ("inference",),
    ("synthetic", "relighting", "reporting"),
    ("alignment", "cleaning", "reconstruction", "evaluation", "ingestion", "comparison", "presets"),
    ("rowwise", "training", "splitting", "balancing", "datasets", "assets"),
    ("store",),
    ("files", "toolbox"),
    ("machine", "geometry", "networks"),
    ("errors", "checkout"),
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}


def room_of(name: str) -> str:
    """`fer3d.store.objects` is in `store`, `fer3d` itself in `__init__`."""
    return [*name.split("."), "__init__"][1]


def modules() -> dict[str, Path]:
    """Files of the library by dotted name."""
    found = {}
    for file in sorted(LIBRARY.rglob("*.py")):
        parts = ("fer3d", *file.relative_to(LIBRARY).with_suffix("").parts)
        package = parts[-1] == "__init__" and len(parts) > 2
        found[".".join(parts[:-1] if package else parts)] = file
    return found


MODULES = modules()


def imports(file: Path) -> set[str]:
    """Modules of the library that a file imports, in functions too."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {name if name in MODULES else node.module for name in names}
    return {name for name in found if name.split(".")[0] == "fer3d"}


IMPORTS = {name: imports(file) for name, file in MODULES.items()}


def test_every_room_has_a_floor():
    assert {room_of(name) for name in MODULES} == set(FLOOR)


@pytest.mark.parametrize("name", MODULES)
def test_imports_run_down(name: str):
    here = room_of(name)
    upwards = {
        other
        for other in IMPORTS[name]
        if room_of(other) != here and FLOOR[room_of(other)] <= FLOOR[here]
    }
    assert not upwards


def test_no_modules_import_each_other_even_in_a_round():
    try:
        TopologicalSorter(IMPORTS).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


def test_the_hall_is_small():
    hall = {path.stem for path in LIBRARY.glob("*.py")} - {"__init__", "__main__"}
    assert len(hall) <= MOST_MODULES


def test_a_class_has_a_name_of_its_own():
    """Those that a module keeps to itself aside."""
    names = [
        node.name
        for file in MODULES.values()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    assert [name for name, count in Counter(names).items() if count > 1] == []


def test_contributing_lists_every_room_on_its_floor():
    text = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"(?m)^\| (\d+) \| `(\w+)\b.*\| (?:floors? (?:1-)?(\d+)|nothing)", text)
    bottom = len(FLOORS)
    rooms = FLOOR.keys() - {"__main__", "__init__"}
    assert {room: int(floor) for floor, room, _ in rows} == {r: bottom - FLOOR[r] for r in rooms}
    assert all(int(below or 0) == int(floor) - 1 for floor, _, below in rows)
