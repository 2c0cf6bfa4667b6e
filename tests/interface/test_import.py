"""Names that `fer3d` gives."""

import subprocess
import sys
from pathlib import Path

import pytest

import fer3d

HEAVY = ("torch", "numpy", "pandas", "cv2", "pydantic", "typer")


def test_importing_fer3d_imports_nothing_heavy(repository: Path) -> None:
    code = f"import fer3d, sys; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("name", fer3d.__all__)
def test_every_name_is_that_of_its_object(name: str) -> None:
    assert getattr(fer3d, name).__name__ == name
    assert name in dir(fer3d)


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'fer3d' has no attribute 'nothing'"):
        fer3d.nothing  # noqa: B018
