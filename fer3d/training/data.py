"""Packed arrays as batches of tensors."""

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from fer3d.errors import UserError
from fer3d.files.manifest import TRAIN, VALIDATION
from fer3d.machine.memory import available_memory
from fer3d.networks.inputs import to_inputs
from fer3d.training.arrays import InputArrays, draw, encode_labels
from fer3d.training.batches import ShuffledBatches, in_order, loader
from fer3d.training.mixing import one_hot
from fer3d.training.targets import vote_targets

Batch = dict[str, Tensor]

RESIDENT_SHARE = 0.5  # largest fraction of the device's free memory for a data set
MIN_PART = 2  # images; batch normalization needs at least two


class ExpressionDataset(Dataset[Batch]):
    """Rows of a data set, indexed by batch.

    ``dataset[[3, 1, 2]]`` is a batch of uint8 and float32 tensors, see ``networks.inputs``. Rows
    are read from the memory maps until ``load_onto`` copies them to a device.
    """

    def __init__(
        self,
        arrays: InputArrays,
        rows: np.ndarray,
        classes: Sequence[str],
        *,
        soft_labels: bool = False,
    ):
        """
        Args:
            arrays: the data set.
            rows: numbers of the rows.
            classes: in the order of their indices.
            soft_labels: batches have ``target`` (B, C) float32, too, see ``vote_targets``.

        Raises:
            UserError: an unknown class, or no votes for soft labels.
        """
        self._rows = rows
        self._sources = {
            "image": arrays.image,
            "landmarks": arrays.landmarks,
            "shading": arrays.shading,
            "reconstructed": arrays.reconstructed,
        }
        for name in ("vertices", "features"):
            if (values := getattr(arrays, name)) is not None:
                self._sources[name] = values
        frame = arrays.frame.iloc[rows]
        labels = encode_labels(frame["label"], classes)
        self._labels = torch.from_numpy(labels)
        self._targets: Tensor | None = None
        if soft_labels:
            self._targets = torch.from_numpy(vote_targets(frame, labels, classes))
        self._resident: Batch | None = None

    def add_answers(self, answers: np.ndarray, share: float) -> None:
        """Mix probabilities into the targets, before ``load_onto``.

        Args:
            answers: (N, C) float32, rows sum to 1.
            share: of the answers, 0 .. 1; the targets until now, the labels if there are no
                others, have the rest.
        """
        own = self._targets
        if own is None:
            own = one_hot(self._labels, answers.shape[1])
        self._targets = torch.lerp(own, torch.from_numpy(answers), share)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, indices: Sequence[int] | Tensor) -> Batch:
        if self._resident is None:
            return self._read(np.asarray(indices))
        device = self._resident["label"].device
        chosen = torch.as_tensor(indices, device=device)
        # copies whole rows; indexing by brackets goes through their elements
        return {name: values.index_select(0, chosen) for name, values in self._resident.items()}

    def found(self, name: str, size: int) -> Iterator[Tensor]:
        """Vertices or features of the rows that were reconstructed, see ``InputArrays``.

        Args:
            name: vertices | features.
            size: rows of a part. There is one part at least, which may be empty.
        """
        rows = self._rows[self._sources["reconstructed"][self._rows]]
        for start in range(0, max(len(rows), 1), size):
            yield torch.from_numpy(self._sources[name][rows[start : start + size]])

    @property
    def rows(self) -> np.ndarray:
        """(N,) int64, row numbers in the data set."""
        return self._rows

    @property
    def labels(self) -> Tensor:
        """(N,) int64, indices of the classes."""
        return self._labels

    def landmarks(self) -> tuple[Tensor, Tensor]:
        """Landmarks of all rows, (N, 68, 2 or 3) float32, and whether there are any, (N,) bool."""
        points, found = (self._sources[name][self._rows] for name in ("landmarks", "reconstructed"))
        return torch.from_numpy(points), torch.from_numpy(found)

    @property
    def size_bytes(self) -> int:
        """Size of the rows in memory, bytes."""
        return sum(len(self) * values[:1].nbytes for values in self._sources.values())

    @property
    def device(self) -> torch.device | None:
        """Device of the rows; None if they are read from the memory maps."""
        return None if self._resident is None else self._resident["label"].device

    def load_onto(self, device: torch.device) -> None:
        """Copy all rows to a device, as uint8; batches are then gathered there."""
        rows = self._read(np.arange(len(self)))
        self._resident = {name: values.to(device) for name, values in rows.items()}

    def unload(self) -> None:
        """Free the copy; rows are read from the memory maps again."""
        self._resident = None

    def _read(self, indices: np.ndarray) -> Batch:
        rows = self._rows[indices]
        batch = {name: torch.from_numpy(array[rows]) for name, array in self._sources.items()}
        if self._targets is not None:
            batch["target"] = self._targets[indices]
        return batch | {"label": self._labels[indices]}


def network_inputs(
    dataset: ExpressionDataset, batch_size: int, device: str | torch.device
) -> Iterator[dict[str, Tensor]]:
    """Inputs of a network, see ``to_inputs``, in batches on a device, in the order of the rows."""
    for indices in in_order(len(dataset), batch_size, device=dataset.device):
        batch = dataset[indices]
        yield to_inputs({name: values.to(device) for name, values in batch.items()})


class ExpressionData(pl.LightningDataModule):
    """Training and validation rows of a data set. It never splits and never reads a test row."""

    def __init__(
        self,
        arrays: InputArrays,
        *,
        batch_size: int,
        seed: int,
        max_images: int | None = None,
        accumulate: int = 1,
        first_epoch: int = 0,
        soft_labels: bool = False,
        lesson: Callable[[ExpressionDataset, Sequence[str], torch.device], None] | None = None,
    ):
        """
        Args:
            arrays: the data set.
            batch_size: number of images.
            seed: seed of the order of images and of the draw.
            max_images: largest number of training rows, drawn at random in each class; None: all.
            accumulate: number of parts of a batch.
            first_epoch: first epoch of a resumed training; processes that read ahead start with
                its order before Lightning calls ``set_epoch``.
            soft_labels: training batches have the votes, see ``ExpressionDataset``.
            lesson: changes the targets of the training rows, once, on the device of this process;
                see ``teachers.Lesson``.

        Raises:
            UserError: no training or validation images, or a validation class without training
                images.
        """
        super().__init__()
        self._batch_size = batch_size
        self._seed = seed
        self._accumulate = accumulate
        self._first_epoch = first_epoch
        self._lesson = lesson
        self._share = (0, 1)
        self._device = torch.device("cpu")
        rows = {split: arrays.rows(split) for split in (TRAIN, VALIDATION)}
        labels = arrays.frame["label"].to_numpy()
        rows[TRAIN] = draw(rows[TRAIN], labels[rows[TRAIN]], max_images, seed)
        for split, minimum in ((TRAIN, 2), (VALIDATION, 1)):
            if len(rows[split]) < minimum:
                raise UserError(f"training needs {split} images, got {len(rows[split])}")
        self.classes = tuple(sorted(set(arrays.frame["label"].iloc[rows[TRAIN]])))
        self.train = ExpressionDataset(arrays, rows[TRAIN], self.classes, soft_labels=soft_labels)
        self.validation = ExpressionDataset(arrays, rows[VALIDATION], self.classes)

    def setup(self, stage: str) -> None:
        """Called by Lightning in each process; see ``place_on``."""
        if self.trainer is None:
            self.place_on(torch.device("cpu"))
        else:
            share = (self.trainer.global_rank, self.trainer.world_size)
            self.place_on(self.trainer.strategy.root_device, share)

    def teardown(self, stage: str) -> None:
        """Called by Lightning after a training, whose cycles would keep the rows in memory."""
        self.train.unload()
        self.validation.unload()

    def place_on(
        self, device: torch.device, share: tuple[int, int] = (0, 1), *, mapped: bool = False
    ) -> None:
        """Set the device of the batches, and copy the rows to it if they fit.

        Args:
            device: device of this process.
            share: rank of this process, and number of processes.
            mapped: read batches from the memory maps even if the rows would fit.

        Raises:
            UserError: too few images for so many parts and processes.
        """
        self._device, self._share = device, share
        self._require_whole_parts(ranks=share[1])
        if self._lesson:
            self._lesson(self.train, self.classes, device)
            self._lesson = None
        wanted = self.train.size_bytes + self.validation.size_bytes
        sharing = share[1] if device.type == "cpu" else 1
        if not mapped and wanted <= RESIDENT_SHARE * _free_bytes(device) / sharing:
            self.train.load_onto(device)
            self.validation.load_onto(device)

    def train_dataloader(self) -> DataLoader[Batch]:
        """Batches in an order that depends on (seed, epoch)."""
        batches = ShuffledBatches(
            len(self.train),
            self._batch_size,
            seed=self._seed,
            accumulate=self._accumulate,
            share=self._share,
            device=self.train.device,
        )
        batches.set_epoch(self._first_epoch)
        return loader(self.train, batches, ahead=self._reads_ahead())

    def val_dataloader(self) -> DataLoader[Batch]:
        """Batches in the order of the manifest."""
        count, device = len(self.validation), self.validation.device
        batches = in_order(count, self._batch_size, share=self._share, device=device)
        return loader(self.validation, batches, ahead=self._reads_ahead())

    def _reads_ahead(self) -> bool:
        return self.train.device is None and self._device.type != "cpu"

    def _require_whole_parts(self, ranks: int) -> None:
        parts = self._accumulate * ranks
        smallest = len(self.train) // math.ceil(len(self.train) / self._batch_size)
        if smallest // parts < MIN_PART or len(self.validation) < ranks:
            raise UserError(
                f"{len(self.train)} training and {len(self.validation)} validation images in "
                f"batches of {self._batch_size} are too few for {self._accumulate} parts on each "
                f"of {ranks} devices: lower train.accumulate or FER3D_DEVICES"
            )


def _free_bytes(device: torch.device) -> float:
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return available_memory()
