"""Frames of video files and of cameras, one at a time."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from fer3d.errors import UserError, printable

os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # what is wrong with a file is said once here
os.environ.setdefault("OPENCV_LOG_LEVEL", "OFF")

CAMERA_FPS = 25.0  # of the annotated video of a camera, whose rate is unknown
_WAIT_S = 5.0  # timeout for the next frame of a camera
_MAX_GAP_S = 60.0  # a time stamp that is later than expected by more is broken


@dataclass(frozen=True)
class Frame:
    """One frame.

    Attributes:
        number: in the video, from 0; includes skipped frames of a camera.
        time_s: from the start of the video, seconds.
        image: (H, W, 3) uint8 RGB, upright.
    """

    number: int
    time_s: float
    image: np.ndarray


@dataclass(frozen=True)
class Video:
    """A video, read once, with one frame in memory.

    Attributes:
        name: name of the file or camera.
        frames: every n-th frame.
        fps: frames per second of the video, including skipped frames.
        count: number of ``frames``, if the file gives it.
    """

    name: str
    frames: Iterator[Frame]
    fps: float
    count: int | None


@contextmanager
def open_video(path: Path, *, every: int = 1) -> Iterator[Video]:
    """A video file.

    Args:
        path: in a format of FFmpeg.
        every: return every n-th frame, from the first.

    Raises:
        UserError: the file is missing, or is not a video.
    """
    name = printable(path)
    if not path.is_file():
        raise UserError(f"{name}: no such file")
    with _capture(str(path), f"{name} cannot be read as a video") as capture:
        fps = capture.get(cv2.CAP_PROP_FPS)
        fps = fps if 0 < fps < 1000 else CAMERA_FPS
        count = -(-int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) // every)
        yield Video(name, _file_frames(capture, fps, every), fps, count if count > 0 else None)


@contextmanager
def open_camera(number: int, *, every: int = 1) -> Iterator[Video]:
    """A camera; the next frame is always the newest, older ones are skipped.

    Args:
        number: number of the camera, from 0.
        every: return every n-th frame, or a later one.

    Raises:
        UserError: there is no such camera, or it may not be used.
    """
    trouble = f"camera {number} cannot be opened: is it connected, and may you read it"
    trouble += f" (/dev/video{number})?" if os.name == "posix" else "?"
    with _capture(number, trouble) as capture, newest_frames(capture.read, every) as frames:
        yield Video(f"camera {number}", frames, CAMERA_FPS, None)


@contextmanager
def newest_frames(
    read: Callable[[], tuple[bool, np.ndarray]], every: int = 1
) -> Iterator[Iterator[Frame]]:
    """The newest frames of a live source.

    Args:
        read: gives whether there is a frame, and it (H, W, 3) uint8 BGR; called in a thread.
        every: minimum difference of consecutive frame numbers.
    """
    reader = _Reader(read)
    thread = threading.Thread(target=reader.run, daemon=True)
    thread.start()
    try:
        yield reader.frames(every)
    finally:
        reader.stop()
        thread.join(_WAIT_S)


class _Reader:
    """Reads all frames in a thread, and keeps the newest."""

    def __init__(self, read: Callable[[], tuple[bool, np.ndarray]]):
        self._read = read
        self._newest: tuple[int, float, np.ndarray] | None = None
        self._ended = False
        self._change = threading.Condition()

    def run(self) -> None:
        start, number = time.monotonic(), 0
        while not self._ended:
            there, image = self._read()
            with self._change:
                if there:
                    self._newest = number, time.monotonic() - start, image
                self._ended |= not there
                self._change.notify()
            number += 1

    def stop(self) -> None:
        self._ended = True

    def frames(self, every: int) -> Iterator[Frame]:
        following = 0
        while True:
            with self._change:
                self._change.wait_for(partial(self._is_ready, following), _WAIT_S)
                newest = self._newest
            if newest is None or newest[0] < following:  # it ended, or timed out
                return
            number, seconds, image = newest
            yield Frame(number, round(seconds, 3), cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
            following = number + every

    def _is_ready(self, number: int) -> bool:
        return self._ended or (self._newest is not None and self._newest[0] >= number)


def _file_frames(capture: cv2.VideoCapture, fps: float, every: int) -> Iterator[Frame]:
    number, seconds = 0, 0.0
    while capture.grab():
        if number % every == 0:
            stamp = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000 or number / fps
            expected = seconds + (every / fps if number else 0.0)
            seconds = stamp if seconds <= stamp <= expected + _MAX_GAP_S else expected
            there, image = capture.retrieve()
            if there:
                yield Frame(number, round(seconds, 3), cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
        number += 1


@contextmanager
def _capture(source: str | int, trouble: str) -> Iterator[cv2.VideoCapture]:
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    capture = cv2.VideoCapture(source)
    try:
        if not capture.isOpened():
            raise UserError(trouble)
        yield capture
    finally:
        capture.release()
