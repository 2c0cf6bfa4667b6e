"""Batches for training from packed arrays, against PyTorch's DataLoader over image files."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from benchmarks import data
from benchmarks.pairs import Options, Pair
from fer3d.files.folders import Folders
from fer3d.training.arrays import open_set
from fer3d.training.data import ExpressionDataset

BATCH = 64


class Files(Dataset[torch.Tensor]):
    """Image files, decoded one by one."""

    def __init__(self, files: list[Path]):
        self._files = files

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, number: int) -> torch.Tensor:
        pixels = np.array(Image.open(self._files[number]).convert("RGB"))
        return torch.from_numpy(pixels).permute(2, 0, 1).float() / 255


def pairs(options: Options) -> Iterator[Pair]:
    root = options.data
    images = data.read_rows(root / "balance", options.images, "images")["images"]
    arrays = open_set(Folders(root / "balance", root / "reconstruct", root / "relight"))
    rows = arrays.rows("train")[: len(images)]
    ours = ExpressionDataset(arrays, rows, sorted(set(arrays.frame["label"])))
    with tempfile.TemporaryDirectory() as name:
        files = [Path(name) / f"{i}.jpg" for i in range(len(images))]
        for file, image in zip(files, images, strict=True):
            Image.fromarray(image).save(file, quality=95)
        loader = DataLoader(Files(files), batch_size=BATCH)
        parts = [list(range(i, min(i + BATCH, len(rows)))) for i in range(0, len(rows), BATCH)]
        yield Pair(
            "batches for training (images, shadings, landmarks)",
            "PyTorch's DataLoader over JPEG files (images alone)",
            lambda: [ours[part] for part in parts],
            lambda: list(loader),
            len(rows),
            len(files),
        )
