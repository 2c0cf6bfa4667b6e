"""Time of a training step: precision, memory format, instructions, and what is not the network.

    python -m benchmarks training_steps --data data

For the recommended and the photos preset (its coarse epochs apart), processor time in one thread:

- a step: a whole step of the trainer, with batches, augmentation, metrics, Lightning;
- its core: forward, loss, backward and optimizer of an equal network on the same batch, prepared.
  The share outside of the network is what a step takes more than its core.

Steps and cores alternate. Child processes use all instructions of the processor, or AVX2 alone, in
turn; a table gives the medians over all of them.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor

from benchmarks.pairs import machine
from benchmarks.standin import table
from fer3d.files.folders import Folders
from fer3d.networks.inputs import raw_inputs
from fer3d.presets.configs import network_config, train_config
from fer3d.training.arrays import InputArrays, open_set
from fer3d.training.augment import coarser
from fer3d.training.data import Batch, ExpressionData
from fer3d.training.fit import build_network
from fer3d.training.module import ExpressionModule
from fer3d.training.trainer import Runtime, make_trainer, reproducible

TRAININGS = {  # preset, and whether all epochs are coarse
    "recommended": ("recommended", 0.0),
    "photos": ("photos", 0.0),
    "photos, coarse": ("photos", 1.0),
}
PRECISIONS = ("float32", "bfloat16")
INSTRUCTIONS: dict[str, dict[str, str]] = {
    "all": {},
    "AVX2": {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"},
}
WARM_UP = 2  # steps that are not timed
Times = dict[str, list[float]]  # seconds by column


class Core:
    """Forward, loss, backward and optimizer of a network, without anything else."""

    def __init__(self, module: ExpressionModule, precision: str):
        self.module, self.mixed = module.train(), precision == "bfloat16"
        self._optimizer = module._optimizer()

    def __call__(self, inputs: dict[str, Tensor], labels: Tensor) -> float:
        """Processor seconds."""
        start = time.process_time()
        with torch.autocast("cpu", torch.bfloat16, enabled=self.mixed):
            heads = self.module.network.heads(**inputs)
            first, *others = (self.module._loss(logits, labels, None) for logits in heads)
            loss = sum(others, first)
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()
        return time.process_time() - start


class Alternate(pl.Callback):
    """After each step of the trainer, one of each core, on the same batch."""

    def __init__(self, cores: dict[str, Core], times: Times):
        self._cores, self._times = cores, times
        self._last: float | None = None

    def on_train_batch_end(
        self, trainer: pl.Trainer, module: Any, outputs: Any, batch: Batch, number: int
    ) -> None:
        """Called by Lightning."""
        if self._last is not None and number >= WARM_UP:
            self._times["step"].append(time.process_time() - self._last)
        inputs = module.network.reduced(raw_inputs(batch))
        if module.config.coarse_epochs:
            inputs = coarser(inputs)
        for name, core in self._cores.items():
            seconds = core(inputs, batch["label"])
            if number >= WARM_UP:
                self._times[name].append(seconds)
        self._last = time.process_time()


def measure(arrays: InputArrays, name: str, precision: str, options: argparse.Namespace) -> Times:
    """Train for some steps."""
    preset, coarse = TRAININGS[name]
    train = train_config(preset, {"epochs": 1, "warmup": 0.0, "precision": precision})
    most = train.batch_size * (options.steps + WARM_UP)
    train = replace(train, coarse_epochs=coarse, max_images=most)
    times: Times = defaultdict(list)
    with reproducible(0):
        data = ExpressionData(arrays, batch_size=train.batch_size, seed=0, max_images=most)

        def module() -> ExpressionModule:
            network = build_network(network_config({"preset": preset}), data, arrays)
            return ExpressionModule(network, len(data.classes), train)

        cores = {key: Core(module(), precision) for key in ("core", "channels first")}
        cores["channels first"].module.to(memory_format=torch.contiguous_format)
        runtime = Runtime(progress=False)
        make_trainer(train, [Alternate(cores, times)], runtime).fit(module(), datamodule=data)
    return times


def child(options: argparse.Namespace) -> None:
    """Measure everything once with this process's instructions; a line of JSON each."""
    torch.set_num_threads(1)
    root = options.data
    arrays = open_set(Folders(root / "balance", root / "reconstruct", root / "relight"))
    for name in TRAININGS:
        for precision in PRECISIONS:
            print(json.dumps([name, precision, measure(arrays, name, precision, options)]))


def main() -> None:
    options = _options()
    if options.child:
        return child(options)
    command = [sys.executable, "-m", "benchmarks.training_steps", *sys.argv[1:], "--child"]
    found: dict[tuple[str, str, str], Times] = defaultdict(lambda: defaultdict(list))
    for _ in range(options.rounds):
        for instructions, limits in INSTRUCTIONS.items():
            environment = os.environ | limits
            done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
            for line in done.stdout.decode().splitlines():
                if line.startswith("["):
                    name, precision, times = json.loads(line)
                    for column, values in times.items():
                        found[name, instructions, precision][column] += values
    kinds = ["step", "core", "channels first"]
    columns = ["training", "instructions", "precision", *kinds, "outside, %"]
    print(f"ms, medians; {machine()}, PyTorch {torch.__version__}\n")
    print(table(columns, [[*key, *_row(times, kinds)] for key, times in found.items()]))


def _row(times: Times, kinds: list[str]) -> list[str]:
    middle = {kind: 1e3 * statistics.median(times[kind]) for kind in kinds}
    outside = 100 * (1 - middle["core"] / middle["step"])
    return [*(f"{value:.0f}" for value in middle.values()), f"{outside:.1f}"]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("data"), help="outputs of `dvc repro`")
    parser.add_argument("--steps", type=int, default=4, help="timed steps of each")
    parser.add_argument("--rounds", type=int, default=2, help="child processes of each kind")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
