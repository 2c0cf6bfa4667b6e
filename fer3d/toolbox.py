"""Model files and settings, as one argument of the steps that use models."""

from dataclasses import dataclass
from pathlib import Path

from fer3d.machine.addresses import SWITCHED_OFF
from fer3d.machine.settings import Settings

ALONE = Settings(workers=1, device="cpu", store=SWITCHED_OFF)  # one process, no GPU, no store


@dataclass(frozen=True)
class Toolbox:
    """Model files and settings; the last argument of functions that use models.

    Attributes:
        assets: folder of the model files fetched by the stage `assets`.
        models: folder of models installed by the user; only prnet needs it.
        settings: workers, device, object store.
    """

    assets: Path
    models: Path | None = None
    settings: Settings = ALONE

    @property
    def device(self) -> str:
        """``cpu`` or ``cuda``: the device of PyTorch networks."""
        return self.settings.torch_device()
