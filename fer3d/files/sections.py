"""Reads and checks sections of ``params.yaml``, which has every value that can change a result.

The model of a section is in the ``params.py`` of the room that uses it, so that a new value of one
section leaves the stages of the others up to date; ``fer3d.params`` combines all sections. The
models enforce the ranges that the comments of ``params.yaml`` give.
"""

from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fer3d.errors import UserError

Fraction = Annotated[float, Field(ge=0, le=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
UNSAID = "kind: "  # prefix of the tags of unions, which are left out of messages


class Section(BaseModel):
    """A section; unknown and missing keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Sections(BaseModel):
    """Some of the sections, as fields; the others are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


Model = TypeVar("Model", bound=BaseModel)


def load_section(path: Path, name: str, kind: type[Model]) -> Model:
    """Read and check one section of ``params.yaml``.

    Raises:
        UserError: the file is unreadable, or a key is unknown, missing or out of range; the message
            names the key and the expected values.
    """
    return _validated(path, kind, read_values(path, name)[name], prefix=(name,))


def load_sections(path: Path, kind: type[Model]) -> Model:
    """Read and check the sections of ``params.yaml`` that are fields of a model.

    Raises:
        UserError: see ``load_section``.
    """
    return _validated(path, kind, _read(path))


def read_values(path: Path, *names: str) -> dict[str, Any]:
    """Sections as written in the file, unchecked, to be stored with a result.

    Raises:
        UserError: the file is unreadable, or a section is missing.
    """
    values = _read(path)
    for name in names:
        if not isinstance(values, dict) or name not in values:
            raise UserError(f"{path}: missing key {name!r}")
    return {name: values[name] for name in names}


def _read(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} is missing: run from the repository's top folder") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None


def _validated(path: Path, kind: type[Model], values: Any, prefix: tuple[str, ...] = ()) -> Model:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        problems = (_describe(prefix, problem) for problem in error.errors())
        raise UserError(f"{path}: {'; '.join(problems)}") from None


def _describe(prefix: tuple[str, ...], problem: Any) -> str:
    parts = (*prefix, *map(str, problem["loc"]))
    key = ".".join(part for part in parts if not part.startswith(UNSAID))
    if problem["type"] == "extra_forbidden":
        return f"unknown key {key!r}"
    if problem["type"] == "missing":
        return f"missing key {key!r}"
    if problem["type"] == "value_error":  # raised by a validator, with the actual value
        return f"{key}: {problem['ctx']['error']}"
    expected = "expected keys with values" if problem["type"] == "model_type" else problem["msg"]
    return f"{key or 'the file'}: {expected}, got {problem['input']!r}"
