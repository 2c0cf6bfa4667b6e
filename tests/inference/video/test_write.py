"""Annotated videos are complete, also after an interruption."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from fer3d.errors import UserError
from fer3d.inference.video.frames import open_video
from fer3d.inference.video.write import CODECS, VideoOutput

GREYS = (20, 90, 160)


def picture(grey: int) -> np.ndarray:
    return np.full((96, 128, 3), grey, np.uint8)


def shown(path) -> list[int]:
    """Grey of each frame."""
    with open_video(path) as video:
        return [round(float(frame.image.mean()) / 10) * 10 for frame in video.frames]


@pytest.mark.parametrize("suffix", CODECS)
def test_each_picture_is_shown_until_the_next(suffix, tmp_path):
    path = tmp_path / f"a{suffix}"
    with VideoOutput(path, 10) as video:
        for grey, seconds in zip(GREYS, (0.0, 0.1, 0.4), strict=True):
            video.write(picture(grey), seconds)
    assert shown(path) == [20, 90, 90, 90, 160]
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_pictures_that_come_too_fast_do_not_slow_the_video_down(tmp_path):
    """A camera with 30 pictures a second, a video with 10: three seconds stay three."""
    path = tmp_path / "a.avi"
    with VideoOutput(path, 10) as video:
        for number in range(90):
            video.write(picture(GREYS[number // 30]), number / 30)
    greys = shown(path)
    assert len(greys) in (30, 31)
    assert [greys[i] for i in (0, 9, 11, 19, 21, 29)] == [20, 20, 90, 90, 160, 160]


def test_an_interrupted_video_can_be_played(tmp_path):
    path = tmp_path / "a.mp4"
    with pytest.raises(KeyboardInterrupt), VideoOutput(path, 10) as video:
        video.write(picture(90), 0.0)
        raise KeyboardInterrupt
    assert shown(path) == [90]


def test_nothing_is_left_of_a_video_without_frames(tmp_path):
    with VideoOutput(tmp_path / "a.mp4", 10):
        pass
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_of_a_video_that_cannot_be_written(tmp_path):
    with (
        pytest.raises(UserError, match="cannot write"),
        VideoOutput(tmp_path / "a.mp4", 0) as video,
    ):
        video.write(picture(90), 0.0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", CODECS)
def test_a_video_that_the_disk_has_no_room_for_is_an_error(suffix, tmp_path):
    """Files of this process are limited, as a full disk does; OpenCV says nothing."""
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"an earlier video")
    program = f"""
import resource, signal
from pathlib import Path
import numpy as np
from fer3d.errors import UserError
from fer3d.inference.video.write import VideoOutput

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))
random = np.random.default_rng(0)
try:
    with VideoOutput(Path({str(path)!r}), 10) as video:
        for number in range(30):
            video.write(random.integers(0, 256, (240, 320, 3), np.uint8), number / 10)
except UserError as error:
    print(error)
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (
        said.stdout == f"{path} could not be written completely: is the disk of {tmp_path} full?\n"
    )
    assert path.read_bytes() == b"an earlier video"
    assert list(tmp_path.iterdir()) == [path]


def test_links_and_pipes_are_written_through(tmp_path):
    (tmp_path / "link.mp4").symlink_to("there.mp4")
    with VideoOutput(tmp_path / "link.mp4", 10) as video:
        video.write(picture(90), 0.0)
    assert (tmp_path / "link.mp4").is_symlink() and shown(tmp_path / "there.mp4") == [90]
    pipe, read = tmp_path / "pipe.mp4", tmp_path / "read.mp4"
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.write_bytes(pipe.read_bytes()))
    reader.start()
    with VideoOutput(pipe, 10) as video:
        video.write(picture(160), 0.0)
    reader.join(20)
    assert pipe.is_fifo() and shown(read) == [160]


def test_another_kind_of_video_is_told(tmp_path):
    with pytest.raises(UserError, match=r"named \.mp4, \.avi, \.mkv"):
        VideoOutput(tmp_path / "a.gif", 10)
