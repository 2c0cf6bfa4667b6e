"""Finds the files of a project that a script uses, by reading its imports."""

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("fer3d", "stages", "experiments")
INTERFACE = Path("fer3d", "__init__.py")  # names the Python interface, which no script uses


def used_modules(script: Path, root: Path) -> list[str]:
    """Files of the project that a script imports, directly or not, anywhere in their code.

    Modules with only a docstring are left out, because they cannot change a result.

    Returns:
        Sorted POSIX paths relative to ``root``, including the script itself and data files named
        after a module.
    """
    found: set[Path] = set()
    waiting = [script]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting.extend(_imports(file, root))
    beside = {other for file in found for other in file.parent.glob(f"{file.stem}.*")}
    used = sorted(file for file in beside if file.suffix != ".py" or has_code(file))
    return [file.relative_to(root).as_posix() for file in used]


def has_code(module: Path) -> bool:
    """Whether a module has more than a docstring."""
    return not all(
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        for node in ast.parse(module.read_text(encoding="utf-8")).body
    )


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
        files = (base.with_suffix(".py"), base / "__init__.py")
        yield from (file for file in files if file.exists() and file != root / INTERFACE)
