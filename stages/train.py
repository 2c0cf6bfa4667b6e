"""The recognizer is trained; early stopping and the best epoch come from the validation images."""

from fer3d.files.folders import Folders
from fer3d.networks.config import network_config
from fer3d.training.config import train_config
from fer3d.training.fit import fit
from stages import PathOption, context, run


def main(
    images: PathOption,
    faces: PathOption,
    shadings: PathOption,
    out: PathOption,
    curves: PathOption,
    metrics: PathOption,
) -> None:
    params, settings = context()
    fit(
        Folders(images, faces, shadings),
        network_config(params.network.model_dump()),
        train_config(params.network.preset, params.train.model_dump()),
        checkpoint=out / "model.ckpt",
        curves=curves,
        metrics=metrics,
        preprocessing={
            "align": params.align.model_dump(mode="json"),
            "reconstruct": params.reconstruct.model_dump(mode="json"),
            "relight": params.relight.model_dump(mode="json"),
        },
        state=settings.state_folder,
        device=settings.torch_device(),
        devices=settings.devices,
    )


if __name__ == "__main__":
    run(main)
