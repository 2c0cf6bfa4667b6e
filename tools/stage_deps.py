"""Which modules of fer3d each stage uses, directly or not; keeps the `deps` of dvc.yaml true.

python tools/stage_deps.py           rewrite every dvc.yaml
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("fer3d", "stages", "experiments")
PIPELINES = {  # file of a pipeline: folder of its scripts
    "dvc.yaml": "stages",
    "experiments/dvc.yaml": "experiments",
    "experiments/folds/dvc.yaml": "experiments",
}
SCRIPTS = {  # stages of experiments whose scripts are not the one of their name
    "experiments/code": ("cell", "code"),  # digests what a cell uses
    "experiments/cell": (),  # depends on these digests
}
_MODULE = re.compile(r"      - (fer3d|stages|experiments)/.*\.(py|j2|npz)")


def used_modules(script: Path, root: Path) -> list[str]:
    """Files of the project that a script imports, at any depth and anywhere in their code.

    Returns:
        POSIX paths relative to ``root``, sorted, the script itself and the data files that carry
        a module's name among them.
    """
    found: set[Path] = set()
    waiting = [script]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting.extend(_imports(file, root))
    found |= {data for file in found for data in file.parent.glob(f"{file.stem}.*")}
    return sorted(path.relative_to(root).as_posix() for path in found if path.stat().st_size)


def _imports(file: Path, root: Path) -> Iterator[Path]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            if name.split(".")[0] in PACKAGES:
                yield from _files(name, root)


def _files(name: str, root: Path) -> Iterator[Path]:
    """The module's file and the ``__init__.py`` of every package above it."""
    parts = name.split(".")
    for depth in range(1, len(parts) + 1):
        base = root.joinpath(*parts[:depth])
        yield from (
            path for path in (base.with_suffix(".py"), base / "__init__.py") if path.exists()
        )


def stage_modules(stage: str, folder: str, root: Path) -> list[str]:
    """Files that the script of a stage uses, the script among them; see ``used_modules``."""
    scripts = SCRIPTS.get(f"{folder}/{stage}", (stage,))
    files = (root / folder / f"{script}.py" for script in scripts)
    return sorted({module for file in files for module in used_modules(file, root)})


def with_modules(text: str, root: Path, folder: str = "stages") -> str:
    """The text of dvc.yaml with the modules of each stage at the end of its `deps`.

    Args:
        folder: of the stages' scripts.
    """
    lines: list[str] = []
    stage, modules = "", []
    for line in text.splitlines():
        if match := re.fullmatch(r"  (\w+):", line):
            stage = match[1]
        elif line == "    deps:":
            modules = stage_modules(stage, folder, root)
        elif modules and _MODULE.fullmatch(line):
            continue
        elif modules and not line.startswith("      - "):
            lines.extend(f"      - {module}" for module in modules)
            modules = []
        lines.append(line)
    return "\n".join(lines) + "\n"


def main() -> None:
    root = Path(__file__).parent.parent
    for name, folder in PIPELINES.items():
        text = (root / name).read_text(encoding="utf-8")
        (root / name).write_text(with_modules(text, root, folder), encoding="utf-8")


if __name__ == "__main__":
    main()
