"""`fer3d predict` on a video or before a camera."""

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table

from fer3d.commands.options import console_beside
from fer3d.machine import terminal

if TYPE_CHECKING:
    from fer3d.inference.answers import Answer, FaceAnswer
    from fer3d.inference.batches import Job
    from fer3d.inference.video.frames import Video

ENOUGH = 0.9  # of the announced frames: fewer mean a damaged file
INTERRUPTED = 130  # exit status after Ctrl-C, as of a shell


@dataclass(frozen=True)
class FrameOptions:
    """How the frames of a video are taken.

    Attributes:
        every: every n-th.
        smoothing_s: see ``recognize_video``.
        seconds: how long; None to the end.
    """

    every: int = 1
    smoothing_s: float = 0.0
    seconds: float | None = None


def predict_video(
    source: Path | int,
    job: "Job",
    paths: dict[str, Path | None],
    picture: Path | None,
    options: FrameOptions,
) -> None:
    """Recognize the faces of a video file, or before a camera until Ctrl-C, and print them.

    Args:
        source: a file, or the number of a camera.
        job: what is done with each frame.
        paths: documents to write, by option.
        picture: annotated video to write.
        options: how the frames are taken.
    """
    from fer3d.inference.batches import load_libraries
    from fer3d.machine.threads import single_threaded

    summary = _Summary()
    live = isinstance(source, int)
    run = partial(_run, source, job, paths, picture, options)
    try:
        load_libraries()
        single_threaded(run, summary)
    except KeyboardInterrupt:
        if not live:
            terminal.say(f"interrupted after {summary.frames} frames", "warning")
            raise typer.Exit(INTERRUPTED) from None
    summary.print(console_beside(paths.values()))
    if summary.cut_short:
        terminal.say(f"fer3d: {summary.cut_short}", "warning")
    if summary.cut_short or not summary.faces:
        raise typer.Exit(1)


def _run(
    source: Path | int,
    job: "Job",
    paths: dict[str, Path | None],
    picture: Path | None,
    options: FrameOptions,
    summary: "_Summary",
) -> None:
    from fer3d.inference.documents import DocumentLayout, documents
    from fer3d.inference.draw import draw_frame
    from fer3d.inference.video.frames import open_camera, open_video
    from fer3d.inference.video.recognize import recognize_video
    from fer3d.inference.video.write import VideoOutput
    from fer3d.machine.progress import progress

    predictor = job.predictor
    every = options.every
    with ExitStack() as stack:
        video = stack.enter_context(
            open_camera(source, every=every)
            if isinstance(source, int)
            else open_video(source, every=every)
        )
        written = stack.enter_context(documents(paths, DocumentLayout(True, True)))
        advance = stack.enter_context(progress(video.name, video.count))
        drawn = picture and stack.enter_context(VideoOutput(picture, video.fps / every))
        seen = recognize_video(video, predictor, smoothing_s=options.smoothing_s)
        limit = float("inf") if options.seconds is None else options.seconds
        for found in takewhile(lambda found: found.frame.time_s < limit, seen):
            written.add(found.answer, predictor.classes)
            summary.add(found.answer)
            if drawn:
                pixels = draw_frame(found.frame.image, found.faces, job.parts, job.toolbox)
                drawn.write(pixels, found.frame.time_s)
            advance(1)
        if options.seconds is None:
            summary.compare(video)


@dataclass
class _FaceSummary:
    """The visible time of one face, and its expressions."""

    start_s: float
    end_s: float = 0.0
    frames: int = 0
    expressions: Counter[str] = field(default_factory=Counter)


class _Summary:
    """The final table of a video: a row for each face."""

    def __init__(self) -> None:
        self._name, self.frames = "", 0
        self.cut_short = ""
        self.faces: dict[int, _FaceSummary] = {}

    def add(self, answer: "Answer") -> None:
        self._name, self.frames = answer.image, self.frames + 1
        for face in answer.faces:
            self._add(face, answer.time_s or 0.0)

    def compare(self, video: "Video") -> None:
        """Note where a video breaks off; the count that it announces may be an estimate."""
        if video.count is not None and self.frames < ENOUGH * video.count:
            ended = f"{video.name}: ends after {self.frames} of {video.count} frames"
            self.cut_short = f"{ended}: it is damaged"

    def print(self, console: Console) -> None:
        if not self.faces:
            name = self._name or "the video"
            terminal.say(f"{name}: no face was found in {self.frames} frames", "warning")
            return
        table = Table("face", "seconds", "frames", "expressions", title=self._name)
        for number, face in self.faces.items():
            shares = [
                f"{name} {count / face.frames:.0%}"
                for name, count in face.expressions.most_common(3)
            ]
            span = f"{face.start_s:.1f} to {face.end_s:.1f}"
            table.add_row(str(number), span, str(face.frames), ", ".join(shares))
        console.print(table)

    def _add(self, face: "FaceAnswer", time_s: float) -> None:
        seen = self.faces.setdefault(face.track or 0, _FaceSummary(time_s))
        seen.end_s = time_s
        seen.frames += 1
        seen.expressions[face.expression] += 1
