"""Batches: their order, their parts, and the processes that read them."""

import math
from collections.abc import Iterator
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

Rows = TypeVar("Rows")  # what a data set gives for a batch of indices

READERS = 2  # processes that read ahead if the data set does not fit on the GPU


class ShuffledBatches(Sampler[Tensor]):
    """Batches of indices in an order that depends only on (seed, epoch).

    The batches of an epoch differ in size by at most one, so that none has a single image. A batch
    can be divided into parts, over processes and over accumulation steps. The indices are on the
    device, so that gathering a batch does not wait for a copy.
    """

    def __init__(
        self,
        count: int,
        batch_size: int,
        *,
        seed: int,
        accumulate: int = 1,
        share: tuple[int, int] = (0, 1),
        device: torch.device | None = None,
    ):
        """
        Args:
            count: number of images.
            batch_size: number of images of all parts together.
            seed: seed of the order.
            accumulate: number of parts that each process computes in turn.
            share: rank of this process, and number of processes.
            device: device of the indices.
        """
        self._count = count
        self._batches = math.ceil(count / batch_size)
        self._seed = seed
        self._epoch = 0
        self._accumulate = accumulate
        self._rank, self._ranks = share
        self._device = device

    def set_epoch(self, epoch: int) -> None:
        """Called by Lightning before each epoch."""
        self._epoch = epoch

    def __len__(self) -> int:
        return self._batches * self._accumulate

    def __iter__(self) -> Iterator[Tensor]:
        order = np.random.default_rng((self._seed, self._epoch)).permutation(self._count)
        indices = torch.from_numpy(order).to(self._device)
        for batch in indices.tensor_split(self._batches):
            parts = batch.tensor_split(self._accumulate * self._ranks)
            yield from parts[self._rank :: self._ranks]


def in_order(
    count: int,
    batch_size: int,
    *,
    share: tuple[int, int] = (0, 1),
    device: torch.device | None = None,
) -> list[Tensor]:
    """Indices 0 .. count - 1 in batches, the last one smaller; see ``ShuffledBatches``."""
    rank, ranks = share
    return list(torch.arange(rank, count, ranks, device=device).split(batch_size))


def loader(
    dataset: Dataset[Rows], batches: Sampler[Tensor] | list[Tensor], *, ahead: bool = False
) -> DataLoader[Rows]:
    """A loader that reads a whole batch in one gather.

    Args:
        dataset: indexed by batches.
        batches: batches of indices.
        ahead: read ahead into pinned memory in other processes, for a GPU that would wait for rows
            from memory maps. It does not help for rows in memory.
    """
    if not ahead:
        return DataLoader(dataset, sampler=batches, batch_size=None)
    return DataLoader(
        dataset,
        sampler=batches,
        batch_size=None,
        num_workers=READERS,
        pin_memory=True,
        persistent_workers=True,
        prefetch_factor=4,
    )
