"""Which modules of fer3d each stage uses, directly or not; keeps the `deps` of dvc.yaml true.

    python tools/stage_deps.py           rewrite dvc.yaml
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from ruamel.yaml import YAML

PACKAGES = ("fer3d", "stages")


def used_modules(script: Path, root: Path) -> list[str]:
    """Files of the project that a script imports, at any depth and anywhere in their code.

    Returns:
        POSIX paths relative to ``root``, sorted, the script itself among them.
    """
    found: set[Path] = set()
    waiting = [script]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting.extend(_imports(file, root))
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
        yield from (path for path in (base.with_suffix(".py"), base / "__init__.py") if path.exists())


def with_modules(deps: list[str], modules: list[str]) -> list[str]:
    """The data among ``deps`` in its order, then the modules."""
    return [dep for dep in deps if not dep.endswith(".py")] + modules


def main() -> None:
    root = Path(__file__).parent.parent
    yaml = YAML()
    yaml.width = 120
    yaml.indent(mapping=2, sequence=4, offset=2)
    pipeline = yaml.load(root / "dvc.yaml")
    for name, stage in pipeline["stages"].items():
        modules = used_modules(root / "stages" / f"{name}.py", root)
        deps = stage.setdefault("deps", [])
        deps[:] = with_modules(list(deps), modules)
    yaml.dump(pipeline, root / "dvc.yaml")


if __name__ == "__main__":
    main()
