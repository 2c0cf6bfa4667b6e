"""The ``fer3d`` command."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from fer3d import settings
from fer3d.errors import UserError

typer_app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)

METRICS = Path("metrics/evaluate.json")
CHECKPOINT = Path("data/train/model.ckpt")
ASSETS = Path("data/assets")


@typer_app.command()
def show(
    metrics: Annotated[Path, typer.Argument(help="what `evaluate` wrote")] = METRICS,
    markdown: Annotated[bool, typer.Option(help="print it as Markdown")] = False,
) -> None:
    """The table of the last evaluation."""
    from fer3d.evaluation.tables import evaluation_markdown, evaluation_table

    try:
        values = json.loads(metrics.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{metrics} is missing: run `dvc repro` to make it") from None
    if markdown:
        print(evaluation_markdown(values), end="")
    else:
        Console().print(evaluation_table(values))


@typer_app.command()
def predict(
    image: Annotated[list[Path], typer.Argument(help="image files")],
    checkpoint: Annotated[Path, typer.Option(help="what `train` wrote")] = CHECKPOINT,
    assets: Annotated[Path, typer.Option(help="folder of model files")] = ASSETS,
) -> None:
    """The expression in each image, and how sure the recognizer is; 1 if one cannot be read."""
    from fer3d.images import Rejected
    from fer3d.predict import Predictor

    device = settings.load(Path()).torch_device()
    predictor = Predictor(checkpoint, assets, device)
    table = Table("image", "expression", "probability", "yaw", "note")
    unread = 0
    for path in image:
        try:
            prediction = predictor.file(path)
        except Rejected as rejected:
            table.add_row(str(path), "", "", "", str(rejected))
            unread += 1
            continue
        table.add_row(
            str(path),
            prediction.expression,
            f"{prediction.probabilities[prediction.expression]:.2f}",
            f"{prediction.face.pose[1]:.0f}°" if prediction.face.reason == "" else "",
            _note(prediction.aligned.aligned, prediction.face.reason),
        )
    Console().print(table)
    if unread:
        raise typer.Exit(1)


def _note(aligned: bool, reason: str) -> str:
    notes = [] if aligned else ["no face detected, the whole image was used"]
    return "; ".join([*notes, *([f"no 3D face: {reason}"] if reason else [])])


def app() -> None:
    """Run the command; a user's error ends it in one line."""
    try:
        typer_app()
    except UserError as error:
        sys.exit(f"fer3d: {error}")
