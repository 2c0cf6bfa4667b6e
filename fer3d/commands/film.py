"""`fer3d predict` on a video or before a camera."""

import sys
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

if TYPE_CHECKING:
    from fer3d.inference.answers import Answer, FaceAnswer
    from fer3d.inference.batches import Job

INTERRUPTED = 130  # exit status after Ctrl-C, as of a shell


@dataclass(frozen=True)
class Following:
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
    following: Following,
) -> None:
    """Recognize the faces of a video file, or before a camera until Ctrl-C, and print them.

    Args:
        source: a file, or the number of a camera.
        job: what is done with each frame.
        paths: documents to write, by option.
        picture: annotated video to write.
        following: how the frames are taken.
    """
    from fer3d.machine.threads import single_threaded

    tracks = _Tracks()
    live = isinstance(source, int)
    run = partial(_run, source, job, paths, picture, following)
    try:
        single_threaded(run, tracks)
    except KeyboardInterrupt:
        if not live:
            print(f"interrupted after {tracks.frames} frames", file=sys.stderr)
            raise typer.Exit(INTERRUPTED) from None
    tracks.print()
    if not tracks.faces:
        raise typer.Exit(1)


def _run(
    source: Path | int,
    job: "Job",
    paths: dict[str, Path | None],
    picture: Path | None,
    following: Following,
    tracks: "_Tracks",
) -> None:
    from fer3d.inference.documents import Layout, documents
    from fer3d.inference.draw import draw_frame
    from fer3d.inference.recognize import load_predictor
    from fer3d.inference.video.frames import open_camera, open_video
    from fer3d.inference.video.recognize import recognize_video
    from fer3d.inference.video.write import VideoOutput
    from fer3d.machine.progress import progress

    predictor = load_predictor(job.checkpoint, job.toolbox)
    every = following.every
    with ExitStack() as stack:
        video = stack.enter_context(
            open_camera(source, every=every)
            if isinstance(source, int)
            else open_video(source, every=every)
        )
        written = stack.enter_context(documents(paths, Layout(True, True)))
        advance = stack.enter_context(progress(video.name, video.count))
        drawn = picture and stack.enter_context(VideoOutput(picture, video.fps / every))
        seen = recognize_video(video, predictor, smoothing_s=following.smoothing_s)
        limit = float("inf") if following.seconds is None else following.seconds
        for found in takewhile(lambda found: found.frame.time_s < limit, seen):
            written.add(found.answer, predictor.classes)
            tracks.add(found.answer)
            if drawn:
                pixels = draw_frame(found.frame.image, found.faces, job.parts, job.toolbox)
                drawn.write(pixels, found.frame.time_s)
            advance(1)


@dataclass
class _Track:
    """What was seen of one face."""

    start_s: float
    end_s: float = 0.0
    frames: int = 0
    expressions: Counter[str] = field(default_factory=Counter)


class _Tracks:
    """What is printed of a video at the end: a row for each face."""

    def __init__(self) -> None:
        self._name, self.frames = "", 0
        self.faces: dict[int, _Track] = {}

    def add(self, answer: "Answer") -> None:
        self._name, self.frames = answer.image, self.frames + 1
        for face in answer.faces:
            self._add(face, answer.time_s or 0.0)

    def print(self) -> None:
        if not self.faces:
            print(
                f"{self._name or 'the video'}: no face was found in {self.frames} frames",
                file=sys.stderr,
            )
            return
        table = Table("face", "seconds", "frames", "expressions", title=self._name)
        for number, track in self.faces.items():
            shares = [
                f"{name} {count / track.frames:.0%}"
                for name, count in track.expressions.most_common(3)
            ]
            span = f"{track.start_s:.1f} to {track.end_s:.1f}"
            table.add_row(str(number), span, str(track.frames), ", ".join(shares))
        Console().print(table)

    def _add(self, face: "FaceAnswer", time_s: float) -> None:
        track = self.faces.setdefault(face.track or 0, _Track(time_s))
        track.end_s = time_s
        track.frames += 1
        track.expressions[face.expression] += 1
