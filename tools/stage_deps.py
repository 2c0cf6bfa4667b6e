"""Writes the code that each stage uses, directly or indirectly, into the `deps` of every dvc.yaml.

python tools/stage_deps.py           rewrite every dvc.yaml

A room of ``fer3d`` is listed as a folder if the stage uses most of it; for stages in ``DEAR`` if it
uses all of it, for stages in ``LIGHT`` if it uses any of it. Otherwise its folders are listed by
the same rule, and else its files, also if the room has the section of another stage, whose new
values must not make this one stale.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from fer3d.experiments.imports import has_code, used_modules

PIPELINES = {  # pipeline file: folder of its scripts
    "dvc.yaml": "stages",
    "experiments/dvc.yaml": "experiments",
    "experiments/folds/dvc.yaml": "experiments",
    "experiments/compared/dvc.yaml": "experiments",
    "experiments/compared/folds/dvc.yaml": "experiments",
}
SCRIPTS = {  # stages of experiments with other scripts than the one of their name
    "experiments/code": ("cell", "code"),  # computes digests of the code of a cell
    "experiments/cell": (),  # depends on these digests
    "experiments/model_code": ("model", "code"),  # computes digests of the code of a model
    "experiments/model": (),
}
DEAR = ("stages/train",)  # minutes to hours, without the object store
CHEAP = (  # up to half a minute: run after any change of the library
    "experiments/code",
    "experiments/model_code",
    "experiments/tables",
    "experiments/comparison",
)
LIGHT = (  # seconds: run after any change in a room that they use
    "stages/assets",
    "stages/balance",
    "stages/deduplicate",
    "stages/split",
    "stages/evaluate",
    "stages/data_report",
    "stages/report",
)
MOST, ANY = 0.5, 0.01  # fraction of a room's modules
_CODE = re.compile(r"      - (fer3d|stages|experiments)(/.*)?")


def stage_modules(stage: str, folder: str, root: Path) -> list[str]:
    """Files that the script of a stage uses, including the script; see ``used_modules``."""
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
    """Whether one of the `deps` is the file or a parent folder."""
    return any(module == dep or module.startswith(f"{dep}/") for dep in deps)


def with_code(text: str, root: Path, folder: str = "stages") -> str:
    """The text of dvc.yaml, with the code of each stage at the end of its `deps`.

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


def _by_folder(modules: Iterable[str], share: float, root: Path, depth: int = 2) -> set[str]:
    """Rooms that are used, else their folders, else files; ``depth`` of a room in the tree is 2."""
    folders: dict[str, set[str]] = defaultdict(set)
    for module in modules:
        parts = module.split("/")
        inside = parts[0] == "fer3d" and len(parts) > depth
        folders["/".join(parts[:depth]) if inside else module].add(module)
    deps: set[str] = set()
    for folder, used in folders.items():
        if folder in used or _share(folder, used, root) >= share:
            deps.add(folder)
        else:
            deps |= _by_folder(used, share, root, depth + 1)
    return deps


def _share(room: str, used: set[str], root: Path) -> float:
    """Fraction of a room's modules that are used; 0 if the room has an unused section."""
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
