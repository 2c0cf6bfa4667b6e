"""Annotated videos."""

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np

from fer3d.errors import UserError, printable
from fer3d.files.atomic import scratch_folder
from fer3d.files.outputs import is_special, write_output

CODECS = {".mp4": "mp4v", ".avi": "MJPG", ".mkv": "mp4v"}


class VideoOutput:
    """A video file, renamed to its path when complete, also after an interruption.

    A link is followed, and a pipe gets the complete file.
    """

    def __init__(self, path: Path, fps: float):
        """
        Args:
            path: with a suffix in ``CODECS``.
            fps: frames per second.

        Raises:
            UserError: another suffix.
        """
        check_video_name(path)
        self._path, self._fps = path, fps
        self._special = is_special(path)
        self._scratch = ExitStack()
        self._written = 0
        self._last: np.ndarray | None = None

    def write(self, picture: np.ndarray, time_s: float) -> None:
        """Add a picture at a time; the previous one is repeated until then.

        Of pictures that follow each other faster than the frames, some are left out.

        Args:
            picture: (H, W, 3) uint8 RGB, of one size in the whole video, with even sides.
            time_s: from the start, seconds.
        """
        frame = round(time_s * self._fps)
        if self._last is None:
            self._open(picture)
        else:
            for _ in range(self._written, frame):
                self._add(self._last)
        self._last = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
        if frame >= self._written:
            self._add(self._last)

    def __enter__(self) -> "VideoOutput":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Complete the file, if anything was written.

        Raises:
            UserError: the file is not complete.
        """
        with self._scratch:
            if self._last is None:
                return
            self._writer.release()
            self._check()
            if self._special:
                write_output(self._path, self._temporary.read_bytes())
            else:
                os.replace(self._temporary, self._path.resolve())

    def _add(self, picture: np.ndarray) -> None:
        self._writer.write(picture)
        self._written += 1

    def _check(self) -> None:
        """OpenCV reports no error of writing, but then the file's header has another number."""
        file = cv2.VideoCapture(str(self._temporary))
        count = file.get(cv2.CAP_PROP_FRAME_COUNT)
        file.release()
        if count != self._written:
            raise UserError(
                f"{printable(self._path)} could not be written completely: is the disk of "
                f"{printable(self._temporary.parent.parent)} full?"
            )

    def _open(self, picture: np.ndarray) -> None:
        place = Path(tempfile.gettempdir()) if self._special else self._path.resolve().parent
        folder = self._scratch.enter_context(scratch_folder(place / self._path.name))
        self._temporary = folder / self._path.name
        codec = cv2.VideoWriter.fourcc(*CODECS[self._path.suffix.lower()])
        size = picture.shape[1], picture.shape[0]
        self._writer = cv2.VideoWriter(str(self._temporary), codec, self._fps, size)
        if not self._writer.isOpened():
            raise UserError(f"OpenCV cannot write {printable(self._path)}")


def check_video_name(path: Path) -> None:
    """Check that a file has the suffix of a video format."""
    if path.suffix.lower() not in CODECS:
        known = ", ".join(CODECS)
        raise UserError(f"{printable(path)}: a video is written to a file named {known}")
