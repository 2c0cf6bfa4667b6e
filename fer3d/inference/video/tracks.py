"""Faces with numbers: detected now and then, followed between, and recognized when they return."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from scipy.optimize import linear_sum_assignment

from fer3d.alignment.detector import Detections
from fer3d.geometry import affine
from fer3d.inference.video.follow import motion, overlap
from fer3d.inference.video.frames import Frame

DETECT_EVERY = 10  # frames of the video
REMEMBER = 50  # frames of the video in which a face that was lost keeps its number
MAX_MISSED = 3  # detections in a row that do not see a face which is followed
SAME = 0.3  # least overlap of two boxes of one face
NEW = 0  # number of a face that is not confirmed yet


@dataclass(frozen=True)
class Track:
    """A face in a video.

    Attributes:
        number: from 1, in the order in which the faces appear; ``NEW`` before that.
        box: (4,) float32, x, y, width, height, px.
        points: (5, 2) float32, px, see ``Detections``.
        confidence: of its last detection.
        seen: number of the frame in which it was last seen.
        missed: detections in a row that did not see it.
    """

    number: int
    box: np.ndarray
    points: np.ndarray
    confidence: float
    seen: int
    missed: int = 0

    def moved(self, similarity: np.ndarray, frame: int) -> "Track":
        """The face in a later frame.

        Args:
            similarity: (2, 3), from its frame to the later one.
            frame: number of the later frame.
        """
        box = affine.move_box(similarity, self.box).astype(np.float32)
        points = affine.apply(similarity, self.points).astype(np.float32)
        return replace(self, box=box, points=points, seen=frame)


def places(tracks: Sequence[Track]) -> Detections:
    """Where the faces of some tracks are, in their order."""
    return Detections(
        np.array([track.box for track in tracks], np.float32).reshape(-1, 4),
        np.array([track.points for track in tracks], np.float32).reshape(-1, 5, 2),
        np.array([track.confidence for track in tracks], np.float32),
    )


class Tracker:
    """Where faces are, frame after frame; ``locate`` and ``confirm`` take turns."""

    def __init__(self, detect: Callable[[np.ndarray], Detections]):
        """
        Args:
            detect: finds the faces of an image (H, W, 3) uint8 RGB.
        """
        self._detect = detect
        self._tracks: list[Track] = []
        self._lost: list[Track] = []
        self._grey: np.ndarray | None = None
        self._due = 0  # number of the frame from which on faces are detected
        self._next = 1

    def locate(self, frame: Frame) -> list[Track]:
        """Where faces may be in the next frame; new ones have no number."""
        grey = cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY)
        followed = self._followed(grey, frame.number)
        self._grey = grey
        self._lost = [t for t in self._lost if frame.number - t.seen <= REMEMBER]
        if frame.number < self._due:
            return followed
        self._due = frame.number + DETECT_EVERY
        return self._detected(frame, followed)

    def confirm(self, tracks: Sequence[Track], confirmed: Sequence[bool]) -> list[Track]:
        """The faces that are followed from here on, each with its number, in the given order.

        Args:
            tracks: what ``locate`` gave.
            confirmed: for each, whether it is a face.
        """
        kept = []
        for track, face in zip(tracks, confirmed, strict=True):
            if not face:
                self._lose(track)
                continue
            if track.number == NEW:
                track, self._next = replace(track, number=self._next), self._next + 1
            kept.append(track)
        self._tracks = kept
        return kept

    def _followed(self, grey: np.ndarray, frame: int) -> list[Track]:
        """The known faces where they have moved to."""
        followed = []
        for track in self._tracks:
            similarity = None if self._grey is None else motion(self._grey, grey, track.box)
            moved = None if similarity is None else track.moved(similarity, frame)
            if moved is None or not _is_inside(moved.box, grey.shape):
                self._lose(track)
            else:
                followed.append(moved)
        return followed

    def _lose(self, track: Track) -> None:
        """Keep a face for when it returns; look for it at once."""
        if track.number != NEW:
            self._lost.append(track)
            self._due = 0

    def _detected(self, frame: Frame, followed: Sequence[Track]) -> list[Track]:
        """The followed faces, put right by the detector, and those that it finds besides."""
        found = self._detect(frame.image)
        partners = _pairs([track.box for track in followed], found.boxes)
        tracks = []
        for i, track in enumerate(followed):
            if i in partners:
                tracks.append(_at(found, partners[i], track.number, frame.number))
            elif track.missed + 1 < MAX_MISSED:
                tracks.append(replace(track, missed=track.missed + 1))
            else:
                self._lost.append(track)
        rest = [j for j in range(len(found)) if j not in partners.values()]
        returned = _pairs([track.box for track in self._lost], found.boxes[rest])
        numbers = {rest[j]: self._lost[i].number for i, j in returned.items()}
        self._lost = [track for i, track in enumerate(self._lost) if i not in returned]
        return tracks + [_at(found, j, numbers.get(j, NEW), frame.number) for j in rest]


def _at(found: Detections, face: int, number: int, frame: int) -> Track:
    confidence = float(found.confidence[face])
    return Track(number, found.boxes[face], found.points[face], confidence, frame)


def _pairs(boxes: Sequence[np.ndarray], others: np.ndarray) -> dict[int, int]:
    """Which box is which of the others: indices of the pairs with the most overlap together."""
    if not len(boxes) or not len(others):
        return {}
    shared = overlap(np.array(boxes), others)
    rows, columns = linear_sum_assignment(shared, maximize=True)
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return {i: j for i, j in pairs if shared[i, j] >= SAME}


def _is_inside(box: np.ndarray, shape: tuple[int, ...]) -> bool:
    """Whether the middle of a box lies in an image."""
    x, y = affine.centre_of(box)
    return bool(0 <= x < shape[1] and 0 <= y < shape[0])
