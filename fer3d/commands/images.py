"""`fer3d predict` and `fer3d face3d`: expressions and 3D faces of image files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from fer3d import checkout
from fer3d.commands.options import AssetsOption, ForceOption, ModelsOption
from fer3d.errors import printable
from fer3d.machine import settings

if TYPE_CHECKING:
    from fer3d.inference.answers import Answer, FaceAnswer
    from fer3d.inference.photos import Photo


def predict(
    image: Annotated[
        list[Path],
        typer.Argument(help="image files, or folders, which are searched recursively"),
    ],
    json_file: Annotated[
        Path | None,
        typer.Option("--json", dir_okay=False, help="write all probabilities, and errors"),
    ] = None,
    csv_file: Annotated[
        Path | None,
        typer.Option("--csv", dir_okay=False, help="write the same, one row per image or face"),
    ] = None,
    all_faces: Annotated[
        bool,
        typer.Option(
            "--all-faces", help="classify every face, largest first, not only the central one"
        ),
    ] = False,
    force: ForceOption = False,
    checkpoint: Annotated[Path, typer.Option(help="what `train` wrote")] = checkout.CHECKPOINT,
    assets: AssetsOption = checkout.ASSETS,
    models: ModelsOption = checkout.MODELS,
) -> None:
    """Classify the expression in each image; exit status 1 if an image cannot be read.

    docs/predict.md describes the JSON and CSV files.
    """
    from fer3d.files.outputs import GrowingOutput, check_output
    from fer3d.inference import answers
    from fer3d.inference.files import image_files
    from fer3d.inference.recognize import Predictor
    from fer3d.toolbox import Toolbox

    files = image_files(image)
    for option, path in (("--json", json_file), ("--csv", csv_file)):
        if path is not None:
            check_output(path, option, files, force=force)
    toolbox = Toolbox(assets, models, settings.load(checkout.TOP))
    predictor = Predictor(checkpoint, toolbox)
    classes = predictor.classes
    answered: list[Answer] = []
    with (
        GrowingOutput(json_file, lambda: answers.answers_json(answered, all_faces=all_faces)) as js,
        GrowingOutput(
            csv_file, lambda: answers.answers_csv(answered, classes, all_faces=all_faces)
        ) as table,
    ):
        for answer in answers.answer_files(files, predictor, all_faces=all_faces):
            answered.append(answer)
            js.grew()
            table.grew()
    _print_answers(answered)
    if any(answer.problem for answer in answered):
        raise typer.Exit(1)


def face3d(
    image: Annotated[list[Path], typer.Argument(help="image files")],
    json_file: Annotated[
        Path | None,
        typer.Option(
            "--json", dir_okay=False, help="write landmarks and poses, see docs/face3d.md"
        ),
    ] = None,
    mesh: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            help="write the faces as a mesh f.ply, empty if there is no face; for several images "
            "f_1.ply, f_2.ply, ...",
        ),
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            help="write the image with its faces as f.png; of several images f_1.png, f_2.png, ...",
        ),
    ] = None,
    assets: AssetsOption = checkout.ASSETS,
    params: Annotated[Path, typer.Option(help="sections align, reconstruct")] = checkout.PARAMS,
    models: ModelsOption = checkout.MODELS,
    force: ForceOption = False,
) -> None:
    """Reconstruct the faces of each image in 3D, largest first: 68 landmarks, pose, mesh."""
    from fer3d.inference.find_faces import FaceFinder
    from fer3d.inference.photos import Outputs, describe
    from fer3d.inference.pipeline import PipelineParams
    from fer3d.params import load
    from fer3d.toolbox import Toolbox

    outputs = Outputs(json_file, mesh, picture)
    outputs.check(image, force=force)
    run, toolbox = load(params), Toolbox(assets, models, settings.load(checkout.TOP))
    finder = FaceFinder(run.part(PipelineParams), toolbox, run.ingest.max_pixels)
    table, unread = _table("face", "pitch", "yaw", "roll", "visible", "note"), 0
    for photo in describe(image, finder, outputs):
        _add_faces(table, photo)
        unread += bool(photo.problem)
    Console().print(table)
    if unread:
        raise typer.Exit(1)


def _add_faces(table: Table, photo: "Photo") -> None:
    """Add one row per face, or one row with the reason why there is none."""
    name = escape(printable(photo.path))
    for number, face in enumerate(photo.faces, start=1):
        angles = (f"{angle:.0f}°" for angle in face.pose_source)
        visible = face.reconstruction.visible.mean()
        table.add_row(name, str(number), *angles, f"{visible:.0%}", "")
    if not photo.faces:
        note = photo.problem or "no face was found"
        table.add_row(name, "", "", "", "", "", escape(note))


def _print_answers(answers: list["Answer"]) -> None:
    table = _table("expression", "probability", "yaw", "note")
    for answer in answers:
        for face in answer.faces:
            table.add_row(
                escape(answer.image),
                face.expression,
                f"{face.probabilities[face.expression]:.2f}",
                f"{face.rotation_deg['yaw']:.0f}°" if face.rotation_deg else "",
                _note(face, answer.other_faces),
            )
        if not answer.faces:
            note = answer.problem or "no face was found"
            table.add_row(escape(answer.image), "", "", "", escape(note))
    Console().print(table)


def _table(*titles: str) -> Table:
    """A table whose first column shows image paths in full."""
    return Table(Column("image", overflow="fold"), *titles)


def _note(face: "FaceAnswer", others: int) -> str:
    notes = [] if face.box else ["no face detected, the whole image was used"]
    if others:
        notes.append(f"1 of {others + 1} faces (--all-faces: each)")
    if face.no_face3d:
        notes.append(f"no 3D face: {face.no_face3d}")
    return "; ".join(notes)
