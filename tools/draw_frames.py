"""Draws docs/frames.svg: the two frames, and the sign of each angle, by the code that defines them.

python tools/draw_frames.py
"""

from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes

from fer3d.geometry.frames import viewer_from_face

matplotlib.use("svg")
import matplotlib.pyplot as plt

OUT = Path(__file__).parent.parent / "docs" / "frames.svg"
SEMI_AXES = np.array([7.0, 10.0, 8.0])  # cm, of a head drawn as an ellipsoid
AXIS_LENGTH = 13.0  # cm
COLOURS = ("tab:red", "tab:green", "tab:blue")  # x, y, z, as in the pictures of `fer3d face3d`
POSES = {  # degrees: pitch, yaw, roll
    "face frame": (0, 0, 0),
    "pitch +30°: up": (30, 0, 0),
    "yaw +30°: to the subject's left": (0, 30, 0),
    "roll +20°: to the subject's\nright shoulder": (0, 0, 20),
}


def draw_image_frame(axes: Axes) -> None:
    """The top left corner of an image, with its first pixels."""
    for line in range(5):
        axes.plot([0, 4], [line, line], color="0.8", lw=1)
        axes.plot([line, line], [0, 4], color="0.8", lw=1)
    for end, name, colour in (((2.6, 0), "x", COLOURS[0]), ((0, 2.6), "y", COLOURS[1])):
        arrow(axes, end, name, colour)
    axes.plot(0, 0, "o", mfc="white", mec=COLOURS[2], ms=12)
    axes.plot(0, 0, "x", color=COLOURS[2], ms=6)
    axes.annotate("z: into the scene", (0, 0), (0.1, -0.45), color=COLOURS[2])
    axes.plot(0.5, 0.5, "k.")
    axes.annotate("(0.5, 0.5): centre\nof the first pixel", (0.5, 0.5), (0.7, 1.5))
    axes.set(xlim=(-0.9, 4), ylim=(4, -0.9), aspect="equal", title="image frame, px")


def draw_head(axes: Axes, pose: tuple[int, int, int], title: str) -> None:
    """A head with this pose, as the camera sees it, and the axes of the face frame."""
    rotation = viewer_from_face(np.array(pose))
    turn = np.linspace(0, 2 * np.pi, 100)
    circle = np.stack([np.cos(turn), np.sin(turn)])
    # the outline of an ellipsoid in parallel projection is an ellipse with this covariance
    covariance = (rotation * SEMI_AXES**2) @ rotation.T
    axes.plot(*np.linalg.cholesky(covariance[:2, :2]) @ circle, color="0.4")
    for x, y in features():
        axes.plot(*(rotation @ on_head(x, y))[:2], color="0.4")
    ridge = rotation @ np.array([[0, 0, 0], [1.5, -2, -2.5], [8, 10.5, 7.8]])
    axes.plot(*ridge[:2], color="0.4")
    for column, colour, name in zip(rotation.T, COLOURS, "xyz", strict=True):
        x, y = AXIS_LENGTH * column[:2]
        arrow(axes, (x, y), name, colour)
    axes.set(xlim=(-15, 16), ylim=(-15, 16), aspect="equal", title=title)


def features() -> list[tuple[np.ndarray, np.ndarray]]:
    """Eyes and mouth as curves: x and y in the face frame, cm."""
    turn = np.linspace(0, 2 * np.pi, 30)
    eyes = [(side * 3 + 1.2 * np.cos(turn), 2 + 0.6 * np.sin(turn)) for side in (-1, 1)]
    mouth = np.linspace(-2.5, 2.5, 20)
    return [*eyes, (mouth, -5.5 + 0.12 * mouth**2)]


def on_head(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(3, n) points on the front of the head."""
    a, b, c = SEMI_AXES
    return np.stack([x, y, c * np.sqrt(1 - (x / a) ** 2 - (y / b) ** 2)])


def arrow(axes: Axes, end: tuple[float, float], name: str, colour: str) -> None:
    """An axis from the origin; one that points at the viewer is a dot in a circle."""
    if np.hypot(*end) < 1e-6:
        axes.plot(0, 0, "o", mfc="white", mec=colour, ms=12)
        axes.plot(0, 0, ".", color=colour)
    else:
        axes.annotate("", end, (0, 0), arrowprops={"arrowstyle": "->", "color": colour, "lw": 2})
    axes.annotate(name, end, (5, 5), textcoords="offset points", color=colour, weight="bold")


def main() -> None:
    plt.rcParams |= {"svg.hashsalt": "fer3d", "svg.fonttype": "none", "font.size": 9}
    figure, axes = plt.subplots(1, 1 + len(POSES), figsize=(13, 3.1), layout="constrained")
    draw_image_frame(axes[0])
    for place, (title, pose) in zip(axes[1:], POSES.items(), strict=True):
        draw_head(place, pose, title)
    for place in axes:
        place.axis("off")
    figure.savefig(OUT, metadata={"Date": None}, facecolor="white")


if __name__ == "__main__":
    main()
