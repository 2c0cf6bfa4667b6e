"""`fer3d export`: recognizers for other programs."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fer3d.commands.options import AssetsOption, ForceOption
from fer3d.errors import UserError, printable

if TYPE_CHECKING:
    import numpy as np

    from fer3d.exporting.onnx import Agreement

RANDOM = 200  # faces that are compared if no images are named
Faces = dict[str, "np.ndarray"]


class Target(StrEnum):
    """Formats of exported recognizers."""

    ONNX = "onnx"


def export(
    model: Annotated[
        str | None,
        typer.Argument(help="recognizer: a name, a file, or `own`; by default as of `predict`"),
    ] = None,
    to: Annotated[Target, typer.Option(help="format")] = Target.ONNX,
    out: Annotated[Path, typer.Option(dir_okay=False, help="file to write")] = Path("model.onnx"),
    images: Annotated[
        list[Path] | None,
        typer.Option(help="images or a folder of them to compare on; by default random input"),
    ] = None,
    assets: AssetsOption = None,
    force: ForceOption = False,
) -> None:
    """Write a recognizer as an ONNX model, compared with the recognizer (docs/export.md).

    Its inputs are what its branches take of what the stages keep of a face, such as the aligned
    image, the shading image or the vertices.
    """
    from fer3d.assets.recognizers import find_recognizer, read_card
    from fer3d.exporting.graph import random_faces
    from fer3d.exporting.onnx import compare, onnx_model
    from fer3d.files.outputs import InputFiles, check_output, write_output
    from fer3d.inference.files import image_files
    from fer3d.training.checkpoint import load_trained

    file = find_recognizer(model)
    files = image_files(images or [])
    check_output(out, "--out", InputFiles([file, *files]), force=force)
    trained = load_trained(file)
    exported = onnx_model(trained, read_card(file))
    faces = _faces(file, files, assets) if files else random_faces(trained, RANDOM)
    _check(compare(exported, trained, faces))
    write_output(out, exported)
    print(f"wrote {printable(out)}, {len(exported) / 1e6:.1f} MB, {to}")


def _faces(file: Path, images: Sequence[Path], assets: Path | None) -> Faces:
    from fer3d.exporting.photographed import photographed_faces
    from fer3d.inference.ready import ready_predictor

    return photographed_faces(images, ready_predictor(file, assets))


def _check(found: "Agreement") -> None:
    """Print how well the model agrees with the recognizer.

    Raises:
        UserError: it does not.
    """
    from fer3d.exporting.onnx import TOLERANCE

    said = (
        f"{found.same} of {found.faces} faces have the same class, the probabilities differ by "
        f"{found.difference:.1e} at most"
    )
    if found.same < found.faces or found.difference > TOLERANCE:
        raise UserError(f"the exported model does not agree with the recognizer: {said}")
    print(said)
