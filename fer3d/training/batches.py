"""Which images come together, in which order, and who reads them."""

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

READERS = 2  # processes that read ahead for a GPU where the set does not fit on it


class ShuffledBatches(Sampler[Tensor]):
    """Batches of indices in an order that depends on (seed, epoch) alone.

    An epoch's batches differ in size by at most one, so that none is left with a single image. A
    batch can come in parts: for each of several processes one, and for each of them one after the
    other. The indices lie on the device, so that taking a batch does not wait for it.
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
            count: of images.
            batch_size: images, of all parts together.
            seed: of the order.
            accumulate: parts that one process takes one after the other.
            share: which process this is, and of how many.
            device: of the indices.
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
    dataset: Dataset, batches: Sampler[Tensor] | list[Tensor], *, ahead: bool = False
) -> DataLoader:
    """A loader of whole batches, of one gather each.

    Args:
        dataset: takes a batch of indices.
        batches: of indices.
        ahead: let other processes read into pinned memory: for a GPU that would else wait for rows
            from memory maps. For rows that are in memory they would only copy.
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
