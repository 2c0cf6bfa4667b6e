"""The recognizer is trained; early stopping and the best epoch come from the validation images."""

from fer3d.networks.config import NetworkConfig
from fer3d.store.atomic import write_json
from fer3d.training.config import TrainConfig
from fer3d.training.data import Folders
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
    result = fit(
        Folders(images, faces, shadings),
        NetworkConfig(**params.network.model_dump()),
        TrainConfig(**params.train.model_dump()),
        checkpoint=out / "model.ckpt",
        curves=curves,
        preprocessing={
            "align": params.align.model_dump(mode="json"),
            "reconstruct": params.reconstruct.model_dump(mode="json"),
            "relight": params.relight.model_dump(mode="json"),
        },
        device=settings.torch_device(),
    )
    write_json(metrics, result)


if __name__ == "__main__":
    run(main)
