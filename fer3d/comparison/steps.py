"""The training steps of a compared model, and the inputs of its networks."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from pytorch_lightning.callbacks import Callback
from torch import Tensor
from torch.nn.parameter import is_lazy

from fer3d.comparison.recipes import Preset, Recipe
from fer3d.comparison.step_data import AnnotatedDataset, StepData, groups
from fer3d.comparison.step_module import StepModule
from fer3d.networks.compared.contract import ComparedNetwork
from fer3d.networks.layers import lay_out
from fer3d.training.arrays import InputArrays
from fer3d.training.config import TrainConfig
from fer3d.training.course import Course
from fer3d.training.data import ExpressionData, ExpressionDataset, network_inputs
from fer3d.training.losses import balanced_class_weights
from fer3d.training.resume import SUFFIX, TrainingState, last_state
from fer3d.training.trainer import Runtime, make_trainer

Inputs = dict[str, Tensor]

BATCH = 64  # images per batch outside of training


@dataclass(frozen=True)
class Setting:
    """Settings for training a compared model.

    Attributes:
        preset: article: as in the model's article, as far as known; recommended: like the project's
            network.
        train: the preset `recommended`; its seed, number of images, precision and accumulation are
            used for both presets.
        runtime: with one device; its folder of states must not be shared with other trainings.
    """

    preset: Preset
    train: TrainConfig
    runtime: Runtime = field(default_factory=partial(Runtime, progress=False))


class Steps:
    """Trains networks in sequence on the same rows.

    Attributes:
        classes: the expressions, in the order of the networks' outputs.
        rows: (N,) int64, row numbers of the training images.
        validation: (M,) int64, row numbers of the validation images.
        courses: of the completed steps, by name.
    """

    def __init__(self, arrays: InputArrays, recipes: Mapping[str, Recipe], setting: Setting):
        """
        Args:
            arrays: the set; its test rows are not read.
            recipes: recipes of the steps, by name.

        Raises:
            UserError: no training or validation images, or a validation class without training
                images.
        """
        self.setting = setting
        self.courses: dict[str, Course] = {}
        self._arrays, self._recipes = arrays, recipes
        seed, most = setting.train.seed, setting.train.max_images
        data = ExpressionData(arrays, batch_size=BATCH, seed=seed, max_images=most)
        self.classes = data.classes
        self.rows, self.validation = data.train.rows, data.validation.rows

    def labels(self, rows: np.ndarray) -> Tensor:
        """Class indices, (N,) int64."""
        return ExpressionDataset(self._arrays, rows, self.classes).labels

    def groups(self, rows: np.ndarray) -> np.ndarray:
        """Groups of rows, (N,) int64; see ``step_data.groups``."""
        return groups(self._arrays.frame.iloc[rows])

    def have_landmarks(self, rows: np.ndarray) -> np.ndarray:
        """Whether the landmarks were found, (N,) bool."""
        return self._arrays.reconstructed[rows]

    def train(
        self,
        name: str,
        network: ComparedNetwork,
        *,
        rows: np.ndarray | None = None,
        machine: Tensor | None = None,
    ) -> None:
        """Run a step: train a network and set the weights of its best epoch.

        Args:
            name: name of the recipe.
            rows: row numbers of the images; all training images by default.
            machine: (N,) int64, labels of these rows by a second annotator.

        Raises:
            UserError: the loss is not finite.
        """
        rows = self.rows if rows is None else rows
        if not any(is_lazy(weights) for weights in network.parameters()):
            lay_out(network, network.memory_format)
        train, module = self._module(name, network, rows)
        runtime = self.setting.runtime
        file = runtime.state and runtime.state / f"{name}{SUFFIX}"
        start = last_state(file) if file else None
        module.train()  # parts may be in evaluation mode after an earlier step
        data = self._data(train, rows, machine, start.epochs if start else 0)
        course = Course(train.patience)
        callbacks: list[Callback] = [course, TrainingState(file)] if file else [course]
        trainer = make_trainer(train, callbacks, runtime)
        from_file = start.path if start else None
        trainer.fit(module, datamodule=data, ckpt_path=from_file, weights_only=True)
        module.load_state_dict(course.best_weights)
        network.eval()
        self.courses[name] = course

    def inputs(self, rows: np.ndarray) -> Iterator[Inputs]:
        """Inputs of the networks in batches, on the setting's device, in the order of the rows."""
        dataset = ExpressionDataset(self._arrays, rows, self.classes)
        return network_inputs(dataset, BATCH, self.setting.runtime.device)

    @torch.no_grad()
    def outputs(
        self, network: ComparedNetwork, function: Callable[..., Tensor], rows: np.ndarray
    ) -> Tensor:
        """The results of a method of a network for rows.

        Args:
            network: moved to the device, and back.
            function: takes the inputs by name, returns (B, D).

        Returns:
            (N, D), on the CPU.
        """
        network.to(self.setting.runtime.device).eval()
        parts = [function(**inputs).cpu() for inputs in self.inputs(rows)]
        network.to("cpu")
        return torch.cat(parts)

    def probabilities(self, network: ComparedNetwork, rows: np.ndarray) -> Tensor:
        """(N, C) float32, on the CPU."""
        return self.outputs(network, network.probabilities, rows)

    def _module(
        self, name: str, network: ComparedNetwork, rows: np.ndarray
    ) -> tuple[TrainConfig, StepModule]:
        setting = self.setting
        train, rate = self._recipes[name].configured(setting.preset, setting.train, len(rows))
        weights = None
        if train.class_weights == "balanced":
            counts = torch.bincount(self.labels(rows), minlength=len(self.classes))
            weights = balanced_class_weights(counts.clamp_min(1).tolist())
        article = setting.preset == "article"
        module = StepModule(network, len(self.classes), train, weights, article=article, rate=rate)
        return train, module

    def _data(
        self, train: TrainConfig, rows: np.ndarray, machine: Tensor | None, first_epoch: int
    ) -> StepData:
        if machine is None:
            dataset = ExpressionDataset(self._arrays, rows, self.classes)
        else:
            dataset = AnnotatedDataset(self._arrays, rows, self.classes, machine)
        return StepData(
            self._arrays,
            dataset,
            self.classes,
            batch_size=train.batch_size,
            seed=train.seed,
            accumulate=train.accumulate,
            first_epoch=first_epoch,
        )
