"""Speed of training: with the real input pipeline, and with one batch in memory.

    python -m benchmarks training                       # a random set of 2,048 faces
    python -m benchmarks training --data data           # the output of `dvc repro`
    python -m benchmarks training --device cuda --precision bfloat16 --steps 200

For both presets, base branch and whole network, in one run: images per second of whole training
steps (augmentation, forward, backward, optimizer) with batches loaded as in training, and with one
random batch repeatedly. The difference is the cost of the input pipeline.
"""

import argparse
import platform
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle, repeat
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import torch

from fer3d.files.folders import Folders
from fer3d.files.packed import PackedWriter
from fer3d.files.specs import Spec
from fer3d.networks.config import NetworkConfig
from fer3d.networks.fusion import FusionNetwork
from fer3d.presets.configs import network_config, train_config
from fer3d.training.arrays import InputArrays, open_set
from fer3d.training.batches import ShuffledBatches
from fer3d.training.config import TrainConfig
from fer3d.training.data import Batch, ExpressionData
from fer3d.training.fit import build_network
from fer3d.training.module import ExpressionModule
from fer3d.training.optimizers import make_optimizer

CLASSES = ("anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise")
BRANCHES = {"base": {"shading": False, "landmark": False}, "whole": {}}
WARM_UP = 3  # steps that are not timed: selection of kernels, allocation of memory
ROUNDS = 3  # of each measurement, alternating; the fastest counts


def main() -> None:
    options = _options()
    torch.use_deterministic_algorithms(True)  # as in training
    if options.threads:
        torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as scratch:
        root = options.data or _random_set(Path(scratch), options.images)
        arrays = open_set(Folders(root / "balance", root / "reconstruct", root / "relight"))
        print(f"{_machine(options.device)}; {options.precision}; PyTorch {torch.__version__}\n")
        print("| preset | branches | batch | pipeline, images/s | one batch, images/s | ratio |")
        print("|---|---|---:|---:|---:|---:|")
        for preset in ("recommended", "paper"):
            for name, off in BRANCHES.items():
                network = network_config({"preset": preset} | off)
                train = train_config(preset, {"batch_size": options.batch})
                measured = _measure(arrays, network, train, options)
                print(f"| {preset} | {name} | {train.batch_size} | {_row(*measured)} |", flush=True)


def _row(pipeline: float, resident: float) -> str:
    return f"{pipeline:,.0f} | {resident:,.0f} | {100 * pipeline / resident:.1f} %"


def _measure(
    arrays: InputArrays, network: NetworkConfig, train: TrainConfig, options: argparse.Namespace
) -> tuple[float, float]:
    """Images per second with the pipeline and with one batch, the best of ``ROUNDS`` each."""
    device = torch.device(options.device)
    data = ExpressionData(arrays, batch_size=train.batch_size, seed=0, max_images=options.images)
    data.place_on(device, mapped=options.mapped)
    model = build_network(network, data, arrays)
    stepper = Stepper(model, len(data.classes), train, device, options.precision)
    batches = _endless(data)
    one = {name: values.to(device) for name, values in next(batches).items()}
    pipeline, resident = [], []
    for batch in [one] * WARM_UP:
        stepper(batch)
    for _ in range(ROUNDS):
        pipeline.append(_rate(stepper, batches, options.steps, device))
        resident.append(_rate(stepper, repeat(one), options.steps, device))
    return max(pipeline), max(resident)


def _endless(data: ExpressionData) -> Iterator[Batch]:
    loader = data.train_dataloader()
    for epoch in cycle(range(1000)):
        cast(ShuffledBatches, loader.sampler).set_epoch(epoch)
        yield from loader


class Stepper:
    """Training steps as in Lightning, without its overhead."""

    def __init__(
        self,
        network: FusionNetwork,
        classes: int,
        train: TrainConfig,
        device: torch.device,
        precision: str,
    ):
        self.module = ExpressionModule(network, classes, train).to(device)
        self.module.on_train_start()
        self.optimizer = make_optimizer(self.module.network.parameters(), train, classes)
        self.device, self.mixed = device, precision == "bfloat16"
        self.number = 0

    def __call__(self, batch: Batch) -> int:
        """Run one step; returns the number of images."""
        batch = {name: values.to(self.device, non_blocking=True) for name, values in batch.items()}
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.mixed):
            loss = self.module.training_step(batch, self.number)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.number += 1
        return len(batch["label"])


def _rate(stepper: Stepper, batches: Iterator[Batch], steps: int, device: torch.device) -> float:
    _wait(device)
    start = time.perf_counter()
    images = sum(stepper(next(batches)) for _ in range(steps))
    _wait(device)
    return images / (time.perf_counter() - start)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _random_set(root: Path, count: int) -> Path:
    """Packed arrays of noise, with the shapes of the pipeline."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"id": [f"{row:08d}" for row in range(count)]})
    frame["path"], frame["sha1"] = frame["id"], "0" * 40
    frame["label"] = rng.choice(CLASSES, count)
    frame["split"] = np.where(np.arange(count) % 8, "train", "validation")
    frame["subject"] = None
    frame["width"] = frame["height"] = np.int32(48)
    frame["reconstructed"] = True
    pixels = rng.integers(0, 256, (count, 100, 100, 3), np.uint8)
    sets = {
        "balance": ("images", pixels),
        "reconstruct": ("landmarks_image", rng.uniform(0, 100, (count, 68, 2)).astype("float32")),
        "relight": ("shading", pixels[..., 0]),
    }
    for folder, (name, values) in sets.items():
        spec = Spec(values.shape[1:], values.dtype.name)
        with PackedWriter(root / folder, count, {name: spec}) as packed:
            packed.write(0, {name: values})
            packed.finish(frame)
    return root


def _machine(device: str) -> str:
    if device == "cuda":
        return torch.cuda.get_device_name()
    return f"{platform.machine()}, {torch.get_num_threads()} threads"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with balance, reconstruct and relight")
    parser.add_argument("--images", type=int, default=2048, help="most training images")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--batch", type=int, help="images per step; by default that of the preset")
    parser.add_argument("--steps", type=int, default=10, help="number of timed steps")
    parser.add_argument("--threads", type=int, help="threads of PyTorch on a CPU")
    parser.add_argument("--mapped", action="store_true", help="batches from memory maps")
    return parser.parse_args()


if __name__ == "__main__":
    main()
