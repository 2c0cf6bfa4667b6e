"""What cannot change a result: workers, device, where the object store is.

Read from ``FER3D_*`` environment variables, then from a git-ignored ``fer3d.local.toml``, never
from ``params.yaml``. An environment variable wins over the file.

    FER3D_WORKERS=8              processes for preprocessing (default: the cores it may use)
    FER3D_DEVICE=auto            auto | cpu | cuda, for the networks that run in PyTorch
    FER3D_STORE=/mnt/lab/fer3d   the object store's folder; "none" switches it off
    FER3D_WHEELS=/mnt/wheels     a folder of packages to take model files from, instead of the index
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fer3d.errors import UserError

LOCAL_FILE = "fer3d.local.toml"
PREFIX = "FER3D_"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Settings(BaseModel):
    """How and where to compute.

    The bytes that preprocessing writes do not depend on it. Training and networks on a GPU are
    reproducible on one machine: another device or number of cores changes the last digits.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    workers: int = Field(default_factory=_cores, ge=1, description="processes")
    device: Literal["auto", "cpu", "cuda"] = "auto"
    store: str = ".fer3d/store"
    wheels: Path | None = None

    def torch_device(self) -> str:
        """``cpu`` or ``cuda``: what the device setting means on this machine."""
        import torch

        available = torch.cuda.is_available()
        if self.device == "cuda" and not available:
            raise UserError("FER3D_DEVICE is cuda, and PyTorch sees no GPU here: set it to auto")
        return "cuda" if available and self.device != "cpu" else "cpu"


def load(folder: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Settings of this machine.

    Args:
        folder: where ``fer3d.local.toml`` may lie.
        environment: variables to read; those of the process by default.

    Raises:
        UserError: an unknown name or a value out of range; the message names it.
    """
    environment = os.environ if environment is None else environment
    values = _from_file(folder / LOCAL_FILE)
    variables = {name: PREFIX + name.upper() for name in Settings.model_fields}
    values |= {name: environment[key] for name, key in variables.items() if key in environment}
    store = str(values.get("store", ""))
    if "://" in store:
        raise UserError(f"FER3D_STORE: expected a folder, got the address {store!r}")
    try:
        return Settings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise UserError(
            f"setting {name!r} ({PREFIX}{name.upper()} or {LOCAL_FILE}): "
            f"{first['msg']}, got {first['input']!r}"
        ) from None


def _from_file(path: Path) -> dict[str, object]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path.name} is not valid TOML: {error}") from None
