"""`fer3d evaluate`: scores of a recognizer on a folder of labelled photos."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from fer3d import checkout
from fer3d.commands.options import (
    AssetsOption,
    ForceOption,
    ModelsOption,
    check_documents,
    console_beside,
)
from fer3d.machine import terminal

if TYPE_CHECKING:
    import pandas as pd

    from fer3d.inference.labelled import LabelledPhotos
    from fer3d.inference.peer import Peer

TITLES = {
    "every_image": "every image; without a face: wrong",
    "with_face": "images with a face",
    "as_answered": "as answered; without a face: the whole image",
}


class OfficialSplit(StrEnum):
    """Official splits of a data set."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


class PeerName(StrEnum):
    """Packages whose recognizer can be scored on the same photos."""

    FER = "fer"


def evaluate(
    model: Annotated[
        str, typer.Argument(help="a name (fer2013), a file, or `own` (trained by `dvc repro`)")
    ],
    source: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="labelled photos, in any layout of `ingest`")
    ],
    layout: Annotated[str, typer.Option(help="layout of the folder, see docs/data-sets.md")] = (
        "auto"
    ),
    split: Annotated[OfficialSplit | None, typer.Option(help="only this official split")] = None,
    rename: Annotated[
        list[str] | None,
        typer.Option(metavar="LABEL=CLASS", help="the class that a label means; may be repeated"),
    ] = None,
    peer: Annotated[
        PeerName | None,
        typer.Option(help="also score this package on the photos, with its own detector"),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", dir_okay=False, help="write all scores")
    ] = None,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", dir_okay=False, help="write each photo's answer")
    ] = None,
    assets: AssetsOption = None,
    models: ModelsOption = checkout.MODELS,
    force: ForceOption = False,
) -> None:
    """Score a recognizer on labelled photos, with 95 % intervals.

    Photos whose class the recognizer, or the peer, does not know are left out and counted. Each
    photo is answered as by `fer3d predict`.
    """
    from fer3d.assets.recognizers import find_recognizer
    from fer3d.datasets.layout import read_layout
    from fer3d.files.outputs import InputFiles, write_output
    from fer3d.files.sections import load_section
    from fer3d.inference.batches import Job, Photo, answer_files
    from fer3d.inference.labelled import answers_table, labelled_photos, labelled_scores
    from fer3d.inference.ready import ready_toolbox
    from fer3d.ingestion.params import IngestParams

    recognizer = find_recognizer(model)
    toolbox = ready_toolbox(recognizer, assets, models)
    job = Job(recognizer, toolbox)
    classes = job.predictor.classes
    ingest = load_section(checkout.params_file(), "ingest", IngestParams)
    names = {**ingest.class_names, **_renamed(rename)}
    other = _load_peer(names) if peer else None
    known = [name for name in classes if other is None or name in other.classes]
    found = read_layout(source, layout, _kept(), ingest.options)
    photos = labelled_photos(found, source, names, known, split)
    read = InputFiles([recognizer, source, *photos.paths], folder=source)
    check_documents({"--json": json_file, "--csv": csv_file}, read, force=force)
    answers = answer_files([Photo(path) for path in photos.paths], job, toolbox.settings)
    table = answers_table(photos, answers)
    for image, problem in table.loc[table["problem"] != "", ["image", "problem"]].to_numpy():
        terminal.say(f"fer3d: {image}: {problem}", "warning", image=image)
    result = labelled_scores(table, classes)
    if other:
        answered = answers_table(photos, other.answer_files(photos.paths))
        result["peers"] = {str(peer): labelled_scores(answered, other.classes)}
    _print(result, photos, console_beside((json_file, csv_file)))
    if json_file:
        write_output(json_file, _document(model, source, result, photos))
    if csv_file:
        write_output(csv_file, _csv(table))
    if result["unreadable"]:
        raise typer.Exit(1)


def _load_peer(class_names: Mapping[str, str]) -> "Peer":
    from fer3d.inference.peer import Peer

    return Peer(class_names)


def _kept() -> Path:
    """Where archives are unpacked: in a checkout as `ingest` does it, else in the user's cache."""
    import platformdirs

    from fer3d.datasets.params import KEPT

    return KEPT if checkout.PARAMS.exists() else platformdirs.user_cache_path("fer3d")


def _renamed(options: list[str] | None) -> dict[str, str]:
    pairs = [option.partition("=") for option in options or []]
    for label, equals, name in pairs:
        if not (label and equals and name):
            raise typer.BadParameter(f"--rename {label}{equals}{name}: expected LABEL=CLASS")
    return {label: name for label, _, name in pairs}


def _print(result: Mapping[str, Any], photos: "LabelledPhotos", console: Console) -> None:
    from fer3d.evaluation.tables import OVERALL

    table = Table("", *OVERALL.values(), "images", header_style="bold")
    _add_rows(table, result)
    for name, scores in result.get("peers", {}).items():
        table.add_section()
        _add_rows(table, scores, f"{name}: ")
    console.print(table)
    console.print(_by_class(result))
    console.out(
        f"{result['no_face']} images without a face, {result['unreadable']} unreadable",
        highlight=False,
    )
    for name, scores in result.get("peers", {}).items():
        console.out(f"{name}: {scores['no_face']} images without a face", highlight=False)
    for reason, count in photos.left_out.items():
        console.out(f"left out: {count} images, {reason}", highlight=False)


def _add_rows(table: Table, result: Mapping[str, Any], who: str = "") -> None:
    from fer3d.evaluation.tables import OVERALL, images_of

    for key, title in TITLES.items():
        if part := result.get(key):
            count = images_of(part)
            cells = [f"{part[name]:.3f}" if name in part else "" for name in OVERALL]
            cells[0] += _interval(part["accuracy"], count)
            table.add_row(who + title, *cells, str(count))


def _by_class(result: Mapping[str, Any]) -> Table:
    recalls = Table("class", "recall", "precision", "F1", "images", header_style="bold")
    for name, values in result["every_image"]["per_class"].items():
        limits = _interval(values["recall"], values["support"])
        scores = [f"{values[key]:.3f}" for key in ("recall", "precision", "f1")]
        recalls.add_row(name, scores[0] + limits, *scores[1:], str(values["support"]))
    return recalls


def _interval(share: float, count: int) -> str:
    """The interval of a share as it is printed."""
    from fer3d.evaluation.intervals import share_interval

    if not count:
        return ""
    low, high = share_interval(share, count)
    return f" ({low:.3f} - {high:.3f})"


def _document(
    model: str, source: Path, result: Mapping[str, Any], photos: "LabelledPhotos"
) -> bytes:
    from fer3d.files.atomic import json_text

    about = {"model": model, "source": str(source), "left_out": dict(photos.left_out)}
    return json_text(dict(result) | about).encode()


def _csv(table: "pd.DataFrame") -> bytes:
    return table.to_csv(index=False, lineterminator="\n").encode()
