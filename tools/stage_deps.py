"""Which code each stage uses, directly or not; keeps the `deps` of every dvc.yaml true.

python tools/stage_deps.py           rewrite every dvc.yaml

A stage names a room of ``fer3d`` as a folder where it uses most of it, one of ``DEAR`` where it
uses all of it, one of ``LIGHT`` where it uses any of it. It names files where it uses less, and
where the room has the section of another stage, whose new values would make it stale for nothing.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from fer3d.experiments.imports import has_code, used_modules

PIPELINES = {  # file of a pipeline: folder of its scripts
    "dvc.yaml": "stages",
    "experiments/dvc.yaml": "experiments",
    "experiments/folds/dvc.yaml": "experiments",
}
SCRIPTS = {  # stages of experiments whose scripts are not the one of their name
    "experiments/code": ("cell", "code"),  # digests what a cell uses
    "experiments/cell": (),  # depends on these digests
}
DEAR = ("stages/train",)  # minutes to hours, which no object store saves
CHEAP = ("experiments/code",)  # a second: any change of the library runs it
LIGHT = (  # seconds: a change in any room that they use runs them
    "stages/assets",
    "stages/balance",
    "stages/deduplicate",
    "stages/split",
    "stages/evaluate",
    "stages/report",
    "experiments/tables",
)
MOST, ANY = 0.5, 0.01  # of a room's modules
_CODE = re.compile(r"      - (fer3d|stages|experiments)(/.*)?")


def stage_modules(stage: str, folder: str, root: Path) -> list[str]:
    """Files that the script of a stage uses, the script among them; see ``used_modules``."""
    scripts = SCRIPTS.get(f"{folder}/{stage}", (stage,))
    files = (root / folder / f"{script}.py" for script in scripts)
    return sorted({module for file in files for module in used_modules(file, root)})


def code_deps(stage: str, folder: str, root: Path) -> list[str]:
    """The `deps` of a stage that are code: POSIX paths of folders and files, sorted."""
    modules = stage_modules(stage, folder, root)
    name = f"{folder}/{stage}"
    if name in CHEAP:
        return sorted({"fer3d" if module.startswith("fer3d/") else module for module in modules})
    share = 1 if name in DEAR else ANY if name in LIGHT else MOST
    return sorted(_by_folder(modules, share, root))


def covered(module: str, deps: Iterable[str]) -> bool:
    """One of the `deps` is the file or a folder above it."""
    return any(module == dep or module.startswith(f"{dep}/") for dep in deps)


def with_code(text: str, root: Path, folder: str = "stages") -> str:
    """The text of dvc.yaml with the code of each stage at the end of its `deps`.

    Args:
        folder: of the stages' scripts.
    """
    lines: list[str] = []
    stage, code = "", []
    for line in text.splitlines():
        if match := re.fullmatch(r"  (\w+):", line):
            stage = match[1]
        elif line == "    deps:":
            code = code_deps(stage, folder, root)
        elif code and _CODE.fullmatch(line):
            continue
        elif code and not line.startswith("      - "):
            lines.extend(f"      - {path}" for path in code)
            code = []
        lines.append(line)
    return "\n".join(lines) + "\n"


def _by_folder(modules: list[str], share: float, root: Path) -> set[str]:
    rooms: dict[str, set[str]] = defaultdict(set)
    for module in modules:
        parts = module.split("/")
        in_a_room = parts[0] == "fer3d" and len(parts) > 2
        rooms["/".join(parts[:2]) if in_a_room else module].add(module)
    whole = {room for room, used in rooms.items() if _share(room, used, root) >= share}
    return whole.union(*(used for room, used in rooms.items() if room not in whole))


def _share(room: str, used: set[str], root: Path) -> float:
    """Of a room's modules those that are used; 0 where the room has a section that is not."""
    files = (file for file in (root / room).rglob("*.py") if has_code(file))
    modules = {file.relative_to(root).as_posix() for file in files}
    if not modules or f"{room}/params.py" in modules - used:
        return 0.0
    return len(used & modules) / len(modules)


def main() -> None:
    root = Path(__file__).parent.parent
    for name, folder in PIPELINES.items():
        text = (root / name).read_text(encoding="utf-8")
        (root / name).write_text(with_code(text, root, folder), encoding="utf-8")


if __name__ == "__main__":
    main()
