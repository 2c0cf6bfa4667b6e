"""A training in a process of its own, to be killed or to run on several devices.

python run_fit.py images landmarks shading out epochs devices [network keys that are off ...]
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from fer3d.files.folders import Folders
from fer3d.presets.configs import RECOMMENDED, RECOMMENDED_NETWORK
from fer3d.training.fit import fit, save
from fer3d.training.module import ExpressionModule
from fer3d.training.trainer import Runtime


def _keep(out: Path) -> Callable[[ExpressionModule], None]:
    """Each process writes the weights of its network at the end."""

    def keep(module: ExpressionModule) -> None:
        out.mkdir(parents=True, exist_ok=True)
        torch.save(module.network.state_dict(), out / f"rank{module.global_rank}.pt")

    return keep


def main() -> None:
    *folders, out = map(Path, sys.argv[1:5])
    ExpressionModule.on_train_end = _keep(out)
    epochs, devices = map(int, sys.argv[5:7])
    network = replace(RECOMMENDED_NETWORK, width=8, **dict.fromkeys(sys.argv[7:], False))
    train = replace(RECOMMENDED, epochs=epochs, batch_size=24, patience=epochs, optimizer="muon")
    runtime = Runtime(devices=devices, state=out / "state", progress=False)
    made = fit(Folders(*folders), network, train, runtime=runtime)
    save(made, out / "model.safetensors", out / "curves.csv", out / "train.json")


if __name__ == "__main__":
    main()
