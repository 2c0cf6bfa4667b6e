"""Frames of files and of cameras."""

import time

import numpy as np
import pytest

from fer3d.errors import UserError
from fer3d.inference.video.frames import newest_frames, open_camera, open_video
from fer3d.inference.video.write import VideoOutput


def test_frames_come_in_order_with_their_times(film):
    with open_video(film) as video:
        frames = list(video.frames)
    assert (video.name, video.fps, video.count) == (str(film), 10, 24)
    assert [frame.number for frame in frames] == list(range(24))
    assert [frame.time_s for frame in frames] == pytest.approx(np.arange(24) / 10)
    assert frames[0].image.shape == (240, 320, 3)
    assert frames[0].image[0, 0] == pytest.approx([128] * 3, abs=2)


def test_every_third_frame_is_the_same_frame(film):
    with open_video(film) as video, open_video(film, every=3) as thinned:
        all_frames, frames = list(video.frames), list(thinned.frames)
        assert thinned.count == len(frames) == 8
    for frame in frames:
        assert (frame.image == all_frames[frame.number].image).all()


def test_colours_are_red_green_blue(rendered, film):
    with open_video(film) as video:
        image = next(video.frames).image
    assert image[20:148, 10:138].mean(axis=(0, 1)) == pytest.approx(
        rendered[0].mean(axis=(0, 1)), abs=4
    )


@pytest.mark.parametrize("stamp", [b"\xff\xff", b"\x00\x00"])
def test_a_broken_time_stamp_is_replaced(stamp, tmp_path):
    path = tmp_path / "a.mkv"
    with VideoOutput(path, 2) as video:
        for number in range(20):
            video.write(np.full((96, 128, 3), 10 * number, np.uint8), number / 2)
    written = path.read_bytes()
    second = written.rindex(b"\x1f\x43\xb6\x75")  # from 5.5 s; its time stamp follows E7 82, ms
    place = written.index(b"\xe7\x82", second) + 2
    path.write_bytes(written[:place] + stamp + written[place + 2 :])
    with open_video(path) as video:
        assert [frame.time_s for frame in video.frames] == [number / 2 for number in range(20)]
    with open_video(path, every=4) as video:
        assert [frame.time_s for frame in video.frames] == [0, 2, 4, 6, 8]


def test_a_missing_file_and_one_that_is_no_video_are_told(tmp_path, capfd):
    (tmp_path / "no.mp4").write_bytes(b"no video" * 100)
    for name, told in (("none.mp4", "no such file"), ("no.mp4", "cannot be read as a video")):
        with pytest.raises(UserError, match=told), open_video(tmp_path / name):
            pass
    assert capfd.readouterr().err == ""


def test_a_missing_camera_is_told():
    with pytest.raises(UserError, match="camera 97 cannot be opened"), open_camera(97):
        pass


def frames_of(count: int, seconds: float):
    """A camera that shows its frame's number, each for some seconds, and then ends."""
    numbers = iter(range(count))

    def read():
        time.sleep(seconds)
        number = next(numbers, None)
        return number is not None, np.full((4, 4, 3), number or 0, np.uint8)

    return read


def test_frames_that_nobody_waits_for_are_skipped():
    with newest_frames(frames_of(60, 0.005)) as frames:
        seen = []
        for frame in frames:
            assert (frame.image == frame.number).all()
            seen.append(frame.number)
            time.sleep(0.05)
    assert seen == sorted(set(seen)) and 2 <= len(seen) < 30 and seen[-1] == 59


def test_a_slow_camera_is_waited_for_and_thinned():
    with newest_frames(frames_of(9, 0.02), 3) as frames:
        numbers = [frame.number for frame in frames]
    assert numbers[0] <= 1 and all(np.diff(numbers) >= 3)
