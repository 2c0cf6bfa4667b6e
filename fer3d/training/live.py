"""The epochs of a running training, for `dvc exp show`, `dvc plots` and editors, by DVCLive.

DVCLive's folder has a `dvc.yaml` of its own, and exists only while a training runs. DVC finds it
there. As an output of the stage, it would repeat the curves; declared in the pipeline, it would be
reported as missing between trainings.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback

from fer3d.files.atomic import write_text
from fer3d.training.course import Course

# DVCLive itself adds these entries at every step again, if the file is in its own folder
DEFINITION = "metrics: [metrics.json]\nplots: [{plots/metrics: {x: step}}]\n"


@contextmanager
def live_epochs(folder: Path | None, course: Course) -> Iterator[list[Callback]]:
    """The callback that writes finished epochs; the folder is removed at the end, also by errors.

    Args:
        folder: of DVCLive, in the checkout; what is in it is replaced. None: no callback.
        course: has the epochs, also those of a training that is resumed.
    """
    if folder is None:
        yield []
        return
    try:
        yield [LiveEpochs(folder, course)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class LiveEpochs(Callback):
    """Writes metrics as ``<split>/<name>``, with the epoch (from 1) as step; after ``Course``."""

    def __init__(self, folder: Path, course: Course):
        self._folder, self._course = folder, course

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Called by Lightning, in every process that shares the training; the first one writes."""
        if not trainer.is_global_zero:
            return
        from dvclive.live import Live  # late: it imports DVC

        shutil.rmtree(self._folder, ignore_errors=True)
        self._live = Live(str(self._folder), save_dvc_exp=False, dvcyaml=None)
        for epoch in range(len(self._course.epochs)):
            self._write(epoch)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Called by Lightning, after validation."""
        if trainer.is_global_zero:
            self._write(len(self._course.epochs) - 1)

    def _write(self, epoch: int) -> None:
        self._live.step = epoch + 1
        for name, value in self._course.epochs[epoch].items():
            self._live.log_metric(name.replace("_", "/", 1), value)
        self._live.next_step()
        write_text(self._folder / "dvc.yaml", DEFINITION)
