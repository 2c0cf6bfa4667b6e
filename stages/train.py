"""Train the recognizer; early stopping and the best epoch are determined on validation images."""

from fer3d.alignment.params import AlignParams
from fer3d.files.folders import Folders
from fer3d.files.sections import load_section, read_values
from fer3d.machine import settings
from fer3d.presets.configs import network_config, train_config
from fer3d.presets.params import NetworkParams, TrainParams
from fer3d.training.fit import fit, save
from fer3d.training.trainer import Runtime
from stages import CHECKOUT, PARAMS, PathOption, run

LIVE = CHECKOUT / "dvclive"  # only while it runs; a name that users of DVC know


def main(
    images: PathOption,
    faces: PathOption,
    shadings: PathOption,
    out: PathOption,
    curves: PathOption,
    metrics: PathOption,
) -> None:
    network = load_section(PARAMS, "network", NetworkParams)
    train = load_section(PARAMS, "train", TrainParams)
    align = load_section(PARAMS, "align", AlignParams).model_dump(mode="json")
    local = settings.load(CHECKOUT)
    made = fit(
        Folders(images, faces, shadings),
        network_config(network.model_dump()),
        train_config(network.preset, train.model_dump()),
        {"align": align, **read_values(PARAMS, "reconstruct", "relight")},
        Runtime(local.torch_device(), local.devices, local.state_folder, live=LIVE),
    )
    save(made, out / "model.safetensors", curves, metrics)


if __name__ == "__main__":
    run(main)
