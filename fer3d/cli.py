"""The ``fer3d`` command."""

import sys
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from fer3d import checkout
from fer3d.commands import doctor, experiments, face3d, predict, store
from fer3d.commands.options import AssetsOption, ForceOption, ModelsOption
from fer3d.errors import UserError, disk_full
from fer3d.machine import settings
from fer3d.machine.terminal import print_everywhere

typer_app = typer.Typer(no_args_is_help=True, add_completion=False)
assets_app = typer.Typer(no_args_is_help=True, help="Model files.")
typer_app.add_typer(assets_app, name="assets")
typer_app.add_typer(store.app, name="store")
typer_app.command("predict")(predict.predict)
typer_app.command("face3d")(face3d.face3d)
typer_app.command("doctor")(doctor.doctor)
typer_app.add_typer(experiments.app, name="experiments")


def _print_version(asked: bool) -> None:
    if asked:
        print(f"fer3d {metadata.version('fer3d')}")
        raise typer.Exit


@typer_app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="print it")
    ] = False,
) -> None:
    """Facial expressions and 3D faces of images, and tools for the pipeline (`dvc repro`)."""


@typer_app.command()
def show(
    metrics: Annotated[
        Path, typer.Argument(help="metrics written by `evaluate`")
    ] = checkout.EVALUATION,
    markdown: Annotated[bool, typer.Option(help="print it as Markdown")] = False,
) -> None:
    """Print the scores of the last evaluation."""
    from fer3d.evaluation.tables import evaluation_markdown, evaluation_table, read_metrics

    values = read_metrics(metrics)
    if markdown:
        print(evaluation_markdown(values), end="")
    else:
        Console().print(evaluation_table(values))


@typer_app.command()
def accuracy3d(
    folder: Annotated[
        Path, typer.Argument(help="rendered images with ground truth")
    ] = checkout.SYNTHETIC,
    people: Annotated[
        int, typer.Option(help="people to render for the invariance, 80 images each")
    ] = 0,
    seed: Annotated[int, typer.Option(help="seed of these people")] = 0,
    json_file: Annotated[Path | None, typer.Option("--json", help="write the numbers")] = None,
    assets: AssetsOption = checkout.ASSETS,
    params: Annotated[
        Path, typer.Option(help="parameters of the reconstruction")
    ] = checkout.PARAMS,
    force: ForceOption = False,
) -> None:
    """Measure the errors of 3D faces reconstructed from rendered images."""
    from fer3d.accuracy3d.dataset import accuracy3d_folder
    from fer3d.accuracy3d.invariance import invariance
    from fer3d.files.atomic import json_text
    from fer3d.files.outputs import check_output, write_output
    from fer3d.inference.pipeline import PipelineParams, make_pipeline
    from fer3d.params import load
    from fer3d.toolbox import Toolbox

    if json_file is not None:
        check_output(json_file, "--json", [], force=force)
    run, local = load(params).part(PipelineParams), settings.load(checkout.TOP)
    pipeline = make_pipeline(run, Toolbox(assets, checkout.MODELS))
    values = accuracy3d_folder(folder, pipeline, local)
    if people:
        values["invariance"] = invariance(people, seed, pipeline, local)
    Console().print_json(data=values)
    if json_file is not None:
        write_output(json_file, json_text(values).encode())


@assets_app.command("import-prnet")
def import_prnet(
    folder: Annotated[Path, typer.Argument(help="the authors' checkpoint and index tables")],
    out: ModelsOption = checkout.MODELS,
) -> None:
    """Convert PRN's published checkpoint to a model file, for `reconstruct.backend: prnet`."""
    from fer3d.reconstruction.prnet.files import MODEL
    from fer3d.reconstruction.prnet.import_checkpoint import import_checkpoint

    import_checkpoint(folder, out / MODEL)
    print(f"wrote {out / MODEL}; now set `reconstruct.backend: prnet` in params.yaml")


def app() -> None:
    """Run the command; a ``UserError`` is printed in one line."""
    print_everywhere()
    try:
        typer_app()
    except UserError as error:
        sys.exit(f"fer3d: {error}")
    except OSError as error:
        if error.filename is None:
            raise
        sys.exit(f"fer3d: {disk_full(error) or f'{error.filename}: {error.strerror}'}")


if __name__ == "__main__":
    app()
