"""What cannot change a result: workers, device, where the object store is.

Read from ``FER3D_*`` environment variables, then from a git-ignored ``fer3d.local.toml``, never
from ``params.yaml``. An environment variable wins over the file.

    FER3D_WORKERS=8              processes for preprocessing (default: the cores it may use)
    FER3D_DEVICE=auto            auto | cpu | cuda, for the networks that run in PyTorch
    FER3D_STORE=/mnt/lab/fer3d   the object store: a folder, file:///mnt/lab/fer3d,
                                 s3://bucket/prefix (extra fer3d[s3], AWS_* variables as botocore
                                 documents them); "none" switches it off
    FER3D_DEVICES=1              GPUs, or processes on a CPU, that share every training batch
    FER3D_STATE=.fer3d/training  where an interrupted training's state lies; "none": it starts again
    FER3D_PARALLEL=processes     processes | dask, where preprocessing computes
    FER3D_DASK=tcp://host:8786   the Dask scheduler; without it dask means processes of this machine
    FER3D_WHEELS=/mnt/wheels     a folder of packages to take model files from, instead of the index
"""

import os
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from fer3d.errors import UserError
from fer3d.machine import addresses
from fer3d.machine.limits import usable_cores

LOCAL_FILE = "fer3d.local.toml"
PREFIX = "FER3D_"


def _cores() -> int:
    return max(1, int(usable_cores()))


class Settings(BaseModel):
    """How and where to compute.

    The bytes that preprocessing writes do not depend on it. Training and networks on a GPU are
    reproducible on one machine: another device or number of cores changes the last digits.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    workers: int = Field(default_factory=_cores, ge=1, description="processes")
    device: Literal["auto", "cpu", "cuda"] = "auto"
    devices: int = Field(default=1, ge=1)
    state: Annotated[str, Field(min_length=1)] = ".fer3d/training"
    store: str = ".fer3d/store"
    parallel: Literal["processes", "dask"] = "processes"
    dask: str | None = None
    wheels: Annotated[Path, AfterValidator(Path.expanduser)] | None = None

    @property
    def state_folder(self) -> Path | None:
        """Where states of trainings lie; None where it is switched off."""
        return None if self.state == addresses.SWITCHED_OFF else Path(self.state).expanduser()

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
        UserError: an unknown name, a value out of range, or an address without sense; the message
            names it.
    """
    environment = os.environ if environment is None else environment
    values = _from_file(folder / LOCAL_FILE)
    variables = {name: PREFIX + name.upper() for name in Settings.model_fields}
    _check_names(environment, variables.values())
    values |= {name: environment[key] for name, key in variables.items() if key in environment}
    try:
        settings = Settings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise UserError(
            f"setting {name!r} ({PREFIX}{name.upper()} or {LOCAL_FILE}): "
            f"{first['msg']}, got {first['input']!r}"
        ) from None
    if settings.store != addresses.SWITCHED_OFF:
        addresses.parse(settings.store)
    if settings.dask is not None and "://" not in settings.dask:
        raise UserError(
            f"FER3D_DASK: expected a scheduler's address, as tcp://host:8786, got {settings.dask!r}"
        )
    return settings


def _check_names(environment: Mapping[str, str], known: Collection[str]) -> None:
    strange = sorted(name for name in environment if name.startswith(PREFIX) and name not in known)
    if strange:
        raise UserError(
            f"environment variable {', '.join(strange)} is none of fer3d's: {', '.join(known)}"
        )


def _from_file(path: Path) -> dict[str, object]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path.name} is not valid TOML: {error}") from None
