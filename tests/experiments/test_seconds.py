"""Time per image: table 7 and its figure."""

import io

import numpy as np
from PIL import Image

from fer3d.experiments.formats import to_latex, to_markdown
from fer3d.experiments.pictures import SpeedPoint, speed_png
from fer3d.experiments.seconds import Seconds, seconds_table
from fer3d.experiments.statistics import Interval

ROWS = [Seconds("Li-2017", 0.010, 0.0401), Seconds("Base", 0.010, 0.002)]


def test_times_stand_beside_the_published_ones() -> None:
    page = to_markdown(seconds_table(ROWS, "Two cores."), ())
    assert "| Li-2017 | 10.0 | 40.1 | 0.0501 | 0.084 |" in page
    assert "| Base | 10.0 | 2.0 | 0.0120 | – |" in page  # noqa: RUF001
    assert "Two cores." in to_latex(seconds_table(ROWS, "Two cores."))


def test_the_figure_has_ours_and_theirs() -> None:
    points = [
        SpeedPoint(row.title, row.total, 0.8, Interval(0.7, 0.9), row.title == "Base")
        for row in ROWS
    ]
    both, one = (np.asarray(Image.open(io.BytesIO(speed_png(p)))) for p in (points, points[:1]))
    blue = (both[..., 2] > both[..., 0].astype(int) + 60).sum()
    assert blue > 20  # ours
    assert not (one[..., 2] > one[..., 0].astype(int) + 60).any()
    assert speed_png(points) == speed_png(points)
