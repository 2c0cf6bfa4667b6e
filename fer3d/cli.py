"""The ``fer3d`` command.

Commands import what they use when they run, so that ``fer3d --help`` answers at once.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from fer3d import checkout
from fer3d.commands import app as app_command
from fer3d.commands import doctor, evaluate, experiments, export, face3d, predict, store
from fer3d.commands.options import ForceOption, ModelsOption
from fer3d.errors import UserError, explained
from fer3d.machine import terminal
from fer3d.machine.startup import collect_rarely

FAILED = 2  # exit status, as of wrong options; 1 is that of a command that found problems

typer_app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
assets_app = typer.Typer(no_args_is_help=True, help="Convert model files.")
typer_app.add_typer(assets_app, name="assets")
typer_app.add_typer(store.app, name="store")
typer_app.command("predict")(predict.predict)
typer_app.command("face3d")(face3d.face3d)
typer_app.command("evaluate")(evaluate.evaluate)
typer_app.command("export")(export.export)
typer_app.command("app")(app_command.app)
typer_app.command("doctor")(doctor.doctor)
typer_app.add_typer(experiments.app, name="experiments")


def _print_version(asked: bool) -> None:
    """The version of fer3d, then those of all that a result depends on."""
    if not asked:
        return
    import platform
    from importlib import metadata

    from fer3d.rowwise.versions import PACKAGES, versions

    print(f"fer3d {metadata.version('fer3d')}")
    print(f"python {platform.python_version()} on {platform.system()} {platform.machine()}")
    for library, version in versions(list(PACKAGES)).items():
        print(f"{library} {version or 'not installed'}")
    raise typer.Exit


@typer_app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_print_version, help="print versions"),
    ] = False,
) -> None:
    """Facial expressions and 3D faces of images, and tools for the pipeline (`dvc repro`)."""
    terminal.set_up(checkout.TOP)


@typer_app.command()
def show(
    metrics: Annotated[
        Path, typer.Argument(help="metrics written by `evaluate`")
    ] = checkout.EVALUATION,
    markdown: Annotated[bool, typer.Option(help="print it as Markdown")] = False,
) -> None:
    """Print the scores of the last evaluation."""
    from fer3d.evaluation.tables import evaluation_markdown, evaluation_table, read_evaluation

    values = read_evaluation(metrics)
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
        int, typer.Option(help="people to render for invariance to pose and light")
    ] = 0,
    seed: Annotated[int, typer.Option(help="seed of these people")] = 0,
    json_file: Annotated[Path | None, typer.Option("--json", help="write the errors")] = None,
    assets: Annotated[Path, typer.Option(help="folder of model files")] = checkout.ASSETS,
    params: Annotated[
        Path, typer.Option(help="parameters of the reconstruction")
    ] = checkout.PARAMS,
    force: ForceOption = False,
) -> None:
    """Measure the errors of 3D faces reconstructed from rendered images."""
    from fer3d.accuracy3d.dataset import accuracy3d_folder
    from fer3d.accuracy3d.invariance import invariance
    from fer3d.files.atomic import json_text
    from fer3d.files.outputs import InputFiles, check_output, write_output
    from fer3d.inference.pipeline import PipelineParams, make_pipeline
    from fer3d.machine import settings
    from fer3d.params import load
    from fer3d.toolbox import Toolbox

    if json_file is not None:
        check_output(json_file, "--json", InputFiles([params]), force=force)
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
    """Run the command; an error that the user can fix is one line, and exit status 2."""
    collect_rarely()
    terminal.print_everywhere()
    try:
        typer_app()
    except (UserError, OSError, ImportError) as error:
        message = explained(error)
        if message is None:
            raise
        terminal.say(f"fer3d: {message}", "error")
        sys.exit(FAILED)


if __name__ == "__main__":
    app()
