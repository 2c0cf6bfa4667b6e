"""`fer3d predict`: expressions of the faces in photos, folders, videos and before a camera."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from fer3d import checkout
from fer3d.commands.options import (
    AssetsOption,
    ForceOption,
    ModelsOption,
    RecognizerOption,
    check_documents,
    console_beside,
    image_table,
)
from fer3d.commands.predict_video import INTERRUPTED, FrameOptions, predict_video
from fer3d.errors import printable
from fer3d.inference.picture_paths import Part, picture_paths
from fer3d.machine import terminal

if TYPE_CHECKING:
    from fer3d.files.outputs import InputFiles
    from fer3d.inference.answers import Answer, FaceAnswer
    from fer3d.inference.batches import Job, Photo
    from fer3d.machine.settings import Settings

SHOWN = 20  # images whose answers are printed where they are written, too

Inputs = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="IMAGE... | FOLDER... | VIDEO",
        help="image files, folders (searched recursively), or a video",
    ),
]
JsonOption = Annotated[
    Path | None, typer.Option("--json", dir_okay=False, help="write all answers to a JSON file")
]
JsonLinesOption = Annotated[
    Path | None,
    typer.Option("--jsonl", dir_okay=False, help="the same as JSON Lines, one image per line"),
]
CsvOption = Annotated[
    Path | None,
    typer.Option("--csv", dir_okay=False, help="write a table, one row per image or face"),
]
PictureOption = Annotated[
    Path | None,
    typer.Option(
        help="write a picture of the faces: a .png file, a folder for several images, or a video"
    ),
]
CameraOption = Annotated[
    int | None,
    typer.Option("--camera", min=0, help="read from the camera of this number, until Ctrl-C"),
]
EveryOption = Annotated[int, typer.Option(min=1, help="use every n-th frame of a video")]
SmoothOption = Annotated[
    float,
    typer.Option(
        min=0, help="average the probabilities over time in a video: time constant, s; 0: off"
    ),
]
SecondsOption = Annotated[
    float | None, typer.Option(min=0, help="stop after this many seconds of a video")
]
DrawOption = Annotated[
    list[Part] | None, typer.Option(help="draw this in the pictures, too; may be repeated")
]


def predict(
    inputs: Inputs = None,
    json_file: JsonOption = None,
    jsonl_file: JsonLinesOption = None,
    csv_file: CsvOption = None,
    picture: PictureOption = None,
    draw: DrawOption = None,
    camera: CameraOption = None,
    every: EveryOption = 1,
    smooth: SmoothOption = 0.0,
    seconds: SecondsOption = None,
    all_faces: Annotated[
        bool,
        typer.Option(
            "--all-faces", help="classify every face, largest first, not only the central one"
        ),
    ] = False,
    min_confidence: Annotated[
        float,
        typer.Option(min=0, max=1, help="answer `uncertain` if no class is this probable"),
    ] = 0.0,
    resume: Annotated[
        bool, typer.Option("--resume", help="keep the answers in the files, add missing images")
    ] = False,
    force: ForceOption = False,
    model: RecognizerOption = None,
    assets: AssetsOption = None,
    models: ModelsOption = checkout.MODELS,
) -> None:
    """Classify the expressions of faces; docs/predict.md describes what is written.

    Exit status: 0 all images were read, 1 some were not, 2 the command could not run.
    """
    from fer3d.assets.recognizers import described, find_recognizer
    from fer3d.files.outputs import InputFiles
    from fer3d.inference.batches import Job
    from fer3d.inference.files import check_inputs, is_video
    from fer3d.inference.ready import ready_toolbox
    from fer3d.inference.video.write import check_video_name

    if not inputs and camera is None:
        raise typer.BadParameter("name images, folders, a video, or a camera (--camera 0)")
    inputs = inputs or []
    documents = {"--json": json_file, "--jsonl": jsonl_file, "--csv": csv_file}
    video = camera is not None or any(map(is_video, inputs))
    if video and (len(inputs) + (camera is not None) > 1 or resume):
        raise typer.BadParameter("a video is taken alone, and without --resume")
    if resume and not any(documents.values()):
        raise typer.BadParameter("--resume needs --json, --jsonl or --csv")
    if draw and picture is None:
        raise typer.BadParameter("--draw needs --picture")
    if not video and (every, smooth, seconds) != (1, 0.0, None):
        raise typer.BadParameter("--every, --smooth and --seconds are for videos")
    if camera is None:
        check_inputs(inputs)
    recognizer = find_recognizer(model)
    terminal.say(described(recognizer))
    toolbox = ready_toolbox(recognizer, assets, models)
    job = Job(recognizer, toolbox, all_faces or video, frozenset(draw or ()), min_confidence)
    if video:
        source = inputs[0] if camera is None else camera
        if picture is not None:
            check_video_name(picture)
        read = InputFiles([*inputs, recognizer])
        check_documents({**documents, "--picture": picture}, read, force=force)
        predict_video(source, job, documents, picture, FrameOptions(every, smooth, seconds))
        return
    photos = _photos(inputs, picture)
    read = InputFiles([recognizer, *(photo.path for photo in photos)])
    check_documents(documents, read, force=force)
    _check_pictures(photos, read, force=force)
    _predict_photos(photos, job, documents, toolbox.settings, resume=resume)


def _photos(inputs: Sequence[Path], picture: Path | None) -> "list[Photo]":
    from fer3d.inference.batches import Photo
    from fer3d.inference.files import image_files

    files = image_files(inputs)
    pictures: Sequence[Path | None] = [None] * len(files)
    if picture is not None:
        pictures = picture_paths(inputs, files, picture)
    return [Photo(*both) for both in zip(files, pictures, strict=True)]


def _check_pictures(photos: "Sequence[Photo]", inputs: "InputFiles", *, force: bool) -> None:
    from fer3d.files.outputs import check_output

    for photo in photos:
        if photo.picture is not None:
            check_output(photo.picture, "--picture", inputs, force=force)


def _predict_photos(
    photos: "Sequence[Photo]",
    job: "Job",
    paths: dict[str, Path | None],
    local: "Settings",
    *,
    resume: bool,
) -> None:
    from fer3d.inference.batches import answer_files
    from fer3d.inference.documents import DocumentLayout, documents

    summary = _Summary(shown=len(photos) < SHOWN or not any(paths.values()))
    console = console_beside(paths.values())
    with documents(paths, DocumentLayout(job.all_faces), resume=resume) as written:
        todo = [photo for photo in photos if printable(photo.path) not in written.answered]
        if resume:
            terminal.say(f"{len(photos) - len(todo)} images are answered already")
        try:
            for answer, classes in answer_files(todo, job, local):
                written.add(answer, classes)
                summary.add(answer)
        except KeyboardInterrupt:
            terminal.say(
                f"interrupted after {summary.images} of {len(todo)} images; what is written is "
                "complete, and --resume adds the rest",
                "warning",
            )
            raise typer.Exit(INTERRUPTED) from None
    summary.print(console)
    if summary.problems:
        raise typer.Exit(1)


class _Summary:
    """The final table: the answers, or for many images the number of each."""

    def __init__(self, *, shown: bool):
        self._shown = shown
        self._answers: list[Answer] = []
        self._counts: Counter[str] = Counter()
        self.images = self.problems = 0

    def add(self, answer: "Answer") -> None:
        """Count an answer; a file that is no image is named at once."""
        self.images += 1
        self._counts.update(face.expression for face in answer.faces)
        if answer.problem:
            self.problems += 1
            terminal.say(f"fer3d: {answer.image}: {answer.problem}", "warning", image=answer.image)
        if self._shown:
            self._answers.append(answer)

    def print(self, console: Console) -> None:
        if self._shown:
            console.print(_table(self._answers))
            return
        counts = "".join(f", {count} {name}" for name, count in self._counts.most_common())
        total = f"{self.images} images, {self.problems} of them could not be read{counts}"
        console.print(total, markup=False, highlight=False, soft_wrap=True)


def _table(answers: "Iterable[Answer]") -> Table:
    table = image_table("expression", "probability", "yaw", "note")
    for answer in answers:
        for face in answer.faces:
            table.add_row(
                escape(answer.image),
                face.expression,
                f"{face.confidence:.2f}",
                f"{face.rotation_deg['yaw']:z.0f}°" if face.rotation_deg else "",
                _note(face, answer.other_faces),
            )
        if not answer.faces:
            note = answer.problem or "no face was found"
            table.add_row(escape(answer.image), "", "", "", escape(note))
    return table


def _note(face: "FaceAnswer", others: int) -> str:
    notes = [] if face.box else ["no face detected, the whole image was used"]
    if others:
        notes.append(f"1 of {others + 1} faces (--all-faces: each)")
    if face.no_face3d:
        notes.append(f"no 3D face: {face.no_face3d}")
    return "; ".join(notes)
