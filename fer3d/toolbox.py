"""What a step that needs models is handed: where they are, and how and where to compute."""

from dataclasses import dataclass
from pathlib import Path

from fer3d.machine.addresses import SWITCHED_OFF
from fer3d.machine.settings import Settings

ALONE = Settings(workers=1, device="cpu", store=SWITCHED_OFF)  # one process, no GPU, no store


@dataclass(frozen=True)
class Toolbox:
    """Model files and settings, the last argument of what uses them; it changes no result.

    Attributes:
        assets: folder of the model files that the stage `assets` fetched.
        models: folder of the models that the user brought; only prnet needs it.
        settings: workers, device, object store.
    """

    assets: Path
    models: Path | None = None
    settings: Settings = ALONE

    @property
    def device(self) -> str:
        """``cpu`` or ``cuda``: what networks in PyTorch compute on."""
        return self.settings.torch_device()
