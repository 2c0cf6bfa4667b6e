"""Score validation and test images; no other stage scores test images."""

import rich

from fer3d.evaluation.evaluate import evaluate
from fer3d.evaluation.plots import calibration_png, confusion_png, write_confusion
from fer3d.evaluation.predictions import write_predictions
from fer3d.evaluation.tables import evaluation_table
from fer3d.files.atomic import write_bytes, write_json
from fer3d.files.folders import Folders
from fer3d.files.manifest import TEST, VALIDATION
from fer3d.machine import settings
from stages import CHECKOUT, PathOption, run


def main(
    checkpoint: PathOption,
    images: PathOption,
    faces: PathOption,
    shadings: PathOption,
    out: PathOption,
    validation_confusion: PathOption,
    confusion: PathOption,
    metrics: PathOption,
) -> None:
    folders = Folders(images, faces, shadings)
    device = settings.load(CHECKOUT).torch_device()
    predictions, result = evaluate(checkpoint, folders, device=device)
    write_predictions(predictions, out / "predictions.parquet")
    write_confusion(predictions, VALIDATION, validation_confusion)
    write_confusion(predictions, TEST, confusion)
    write_bytes(out / "confusion.png", confusion_png(predictions, TEST))
    write_bytes(out / "calibration.png", calibration_png(predictions, TEST))
    write_json(metrics, result)
    rich.print(evaluation_table(result))


if __name__ == "__main__":
    run(main)
