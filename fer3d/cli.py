"""The ``fer3d`` command."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from fer3d import params as parameters
from fer3d import settings
from fer3d.commands import doctor, experiments, store
from fer3d.errors import UserError

typer_app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
assets_app = typer.Typer(no_args_is_help=True, help="Model files.")
typer_app.add_typer(assets_app, name="assets")
typer_app.add_typer(store.app, name="store")
typer_app.command("doctor")(doctor.doctor)
typer_app.add_typer(experiments.app, name="experiments")

METRICS = Path("metrics/evaluate.json")
CHECKPOINT = Path("data/train/model.ckpt")
ASSETS = Path("data/assets")
MODELS = Path("models")
PARAMS = Path("params.yaml")
SYNTHETIC = Path("data/synthetic")


@typer_app.command()
def show(
    metrics: Annotated[Path, typer.Argument(help="what `evaluate` wrote")] = METRICS,
    markdown: Annotated[bool, typer.Option(help="print it as Markdown")] = False,
) -> None:
    """The table of the last evaluation."""
    from fer3d.evaluation.tables import evaluation_markdown, evaluation_table, read_metrics

    values = read_metrics(metrics)
    if markdown:
        print(evaluation_markdown(values), end="")
    else:
        Console().print(evaluation_table(values))


@typer_app.command()
def predict(
    image: Annotated[list[Path], typer.Argument(help="image files")],
    checkpoint: Annotated[Path, typer.Option(help="what `train` wrote")] = CHECKPOINT,
    assets: Annotated[Path, typer.Option(help="folder of model files")] = ASSETS,
    models: Annotated[Path, typer.Option(help="folder of models that you brought")] = MODELS,
) -> None:
    """The expression in each image, and how sure the recognizer is; 1 if one cannot be read."""
    from fer3d.images import Rejected
    from fer3d.predict import Predictor

    device = settings.load(Path()).torch_device()
    predictor = Predictor(checkpoint, assets, device, models)
    table = _table("expression", "probability", "yaw", "note")
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


@typer_app.command()
def face3d(
    image: Annotated[list[Path], typer.Argument(help="image files")],
    json_file: Annotated[Path | None, typer.Option("--json", help="landmarks and poses")] = None,
    mesh: Annotated[Path | None, typer.Option(help="the faces as a PLY mesh")] = None,
    picture: Annotated[Path | None, typer.Option(help="the image with its faces, PNG")] = None,
    assets: Annotated[Path, typer.Option(help="folder of model files")] = ASSETS,
    params: Annotated[Path, typer.Option(help="sections align, reconstruct")] = PARAMS,
    models: Annotated[Path, typer.Option(help="folder of models that you brought")] = MODELS,
) -> None:
    """The faces of each image in 3D, largest first: 68 landmarks, pose, mesh."""
    from fer3d.faces import FaceFinder
    from fer3d.photos import Outputs, describe

    device = settings.load(Path()).torch_device()
    finder = FaceFinder(assets, parameters.load(params), models, device)
    photos = describe(image, finder, Outputs(json_file, mesh, picture))
    table = _table("face", "pitch", "yaw", "roll", "visible", "note")
    for photo in photos:
        for number, face in enumerate(photo.faces, start=1):
            angles = (f"{angle:.0f}°" for angle in face.pose)
            table.add_row(str(photo.path), str(number), *angles, f"{face.visible.mean():.0%}", "")
        if not photo.faces:
            note = photo.problem or "no face was found"
            table.add_row(str(photo.path), "", "", "", "", "", note)
    Console().print(table)
    if any(photo.problem for photo in photos):
        raise typer.Exit(1)


@typer_app.command()
def accuracy3d(
    folder: Annotated[Path, typer.Argument(help="rendered images and their truth")] = SYNTHETIC,
    people: Annotated[int, typer.Option(help="rendered for the invariance, 80 images each")] = 0,
    seed: Annotated[int, typer.Option(help="of these people")] = 0,
    json_file: Annotated[Path | None, typer.Option("--json", help="the numbers")] = None,
    assets: Annotated[Path, typer.Option(help="folder of model files")] = ASSETS,
    params: Annotated[Path, typer.Option(help="what to measure")] = PARAMS,
) -> None:
    """How far reconstructed faces are from rendered ones, whose truth is known."""
    from fer3d.accuracy.dataset import accuracy3d_folder
    from fer3d.accuracy.invariance import invariance
    from fer3d.accuracy.pipeline import Pipeline
    from fer3d.store.atomic import write_json

    run, local = parameters.load(params), settings.load(Path())
    pipeline = Pipeline(assets, run.align, run.reconstruct, run.relight)
    values = accuracy3d_folder(folder, pipeline, local)
    if people:
        values["invariance"] = invariance(people, seed, pipeline, local)
    Console().print_json(data=values)
    if json_file is not None:
        write_json(json_file, values)


@assets_app.command("import-prnet")
def import_prnet(
    folder: Annotated[Path, typer.Argument(help="the authors' checkpoint and index tables")],
    out: Annotated[Path, typer.Option(help="folder of models that you brought")] = MODELS,
) -> None:
    """Make PRN's model file of what its authors published, for `reconstruct.backend: prnet`."""
    from fer3d.face3d.prnet.files import MODEL
    from fer3d.face3d.prnet.import_checkpoint import import_checkpoint

    import_checkpoint(folder, out / MODEL)
    Console().print(f"wrote {out / MODEL}; now set `reconstruct.backend: prnet` in params.yaml")


def _table(*titles: str) -> Table:
    """A table with a line an image, whose path is shown whole."""
    return Table(Column("image", overflow="fold"), *titles)


def _note(aligned: bool, reason: str) -> str:
    notes = [] if aligned else ["no face detected, the whole image was used"]
    return "; ".join([*notes, *([f"no 3D face: {reason}"] if reason else [])])


def app() -> None:
    """Run the command; a user's error ends it in one line."""
    try:
        typer_app()
    except UserError as error:
        sys.exit(f"fer3d: {error}")
