"""`fer3d face3d`: 3D faces of image files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from fer3d import checkout
from fer3d.commands.options import (
    AssetsOption,
    ForceOption,
    ModelsOption,
    console_beside,
    image_table,
)
from fer3d.errors import printable

if TYPE_CHECKING:
    from fer3d.inference.photos import Photo3D


def face3d(
    image: Annotated[
        list[Path],
        typer.Argument(metavar="IMAGE... | FOLDER...", help="image files, and folders of them"),
    ],
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
    assets: AssetsOption = None,
    params: Annotated[
        Path | None,
        typer.Option(
            help="complete parameters, of which align and reconstruct count; by default those of "
            "./params.yaml, elsewhere of fer3d"
        ),
    ] = None,
    models: ModelsOption = checkout.MODELS,
    force: ForceOption = False,
) -> None:
    """Reconstruct the faces of each image in 3D, largest first: 68 landmarks, pose, mesh."""
    from fer3d.inference.files import check_inputs, image_files
    from fer3d.inference.photos import Outputs, describe
    from fer3d.inference.ready import ready_finder
    from fer3d.params import load

    outputs = Outputs(json_file, mesh, picture)
    check_inputs(image)
    files = image_files(image)
    outputs.check(files, force=force)
    load(params or checkout.params_file())  # all sections, so that a misspelt key is an error
    finder = ready_finder(params, assets, models)
    table, unread = image_table("face", "pitch", "yaw", "roll", "visible", "note"), 0
    for photo in describe(files, finder, outputs):
        _add_faces(table, photo)
        unread += bool(photo.problem)
    console_beside((json_file, mesh, picture)).print(table)
    if unread:
        raise typer.Exit(1)


def _add_faces(table: Table, photo: "Photo3D") -> None:
    """Add one row per face, or one row with the reason why there is none."""
    name = escape(printable(photo.path))
    for number, face in enumerate(photo.faces, start=1):
        angles = (f"{angle:z.0f}°" for angle in face.pose_source)
        visible = face.reconstruction.visible.mean()
        table.add_row(name, str(number), *angles, f"{visible:.0%}", "")
    if not photo.faces:
        note = photo.problem or "no face was found"
        table.add_row(name, "", "", "", "", "", escape(note))
