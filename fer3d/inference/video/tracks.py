"""Tracking of faces: periodic detection, optical flow between, re-identification by position."""

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
REMEMBER = 50  # frames for which a lost face keeps its number
MAX_MISSED = 3  # consecutive detections without a face, after which it is lost
SAME = 0.3  # minimum overlap of two boxes of one face
NEW = 0  # number of a face that is not confirmed yet


@dataclass(frozen=True)
class Track:
    """A face in a video.

    Attributes:
        number: from 1, in the order of appearance; ``NEW`` before confirmation.
        box: (4,) float32, x, y, width, height, px.
        points: (5, 2) float32, px, see ``Detections``.
        confidence: of its last detection.
        seen: number of the last frame with the face.
        missed: number of consecutive detections without it.
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
    """Boxes and points of tracks, in their order."""
    return Detections(
        np.array([track.box for track in tracks], np.float32).reshape(-1, 4),
        np.array([track.points for track in tracks], np.float32).reshape(-1, 5, 2),
        np.array([track.confidence for track in tracks], np.float32),
    )


class Tracker:
    """Tracks faces; ``locate`` and ``confirm`` are called alternately."""

    def __init__(self, detect: Callable[[np.ndarray], Detections]):
        """
        Args:
            detect: finds the faces of an image (H, W, 3) uint8 RGB.
        """
        self._detect = detect
        self._tracks: list[Track] = []
        self._lost: list[Track] = []
        self._grey: np.ndarray | None = None
        self._due = 0  # number of the next frame with a detection
        self._searched = False  # whether the present frame had one
        self._next = 1

    def locate(self, frame: Frame) -> list[Track]:
        """Candidates in the next frame; new ones have no number."""
        self._searched = False
        grey = cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY)
        followed = self._followed(grey, frame.number)
        self._grey = grey
        self._lost = [t for t in self._lost if frame.number - t.seen <= REMEMBER]
        if frame.number < self._due:
            return followed
        self._searched = True
        self._due = frame.number + DETECT_EVERY
        return self._detected(frame, followed)

    def confirm(self, tracks: Sequence[Track], confirmed: Sequence[bool]) -> list[Track]:
        """The confirmed faces with their numbers, in the given order, which are tracked further.

        Args:
            tracks: the result of ``locate``.
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
        """The known faces at their new positions."""
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
        """Remember a lost face, and detect in the next frame, unless it was in this one."""
        if track.number != NEW:
            self._lost.append(track)
            if not self._searched:
                self._due = 0

    def _detected(self, frame: Frame, followed: Sequence[Track]) -> list[Track]:
        """The tracked faces, corrected by the detector, and new ones."""
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
    """Assignment of boxes to other boxes that maximises the total overlap."""
    if not len(boxes) or not len(others):
        return {}
    shared = overlap(np.array(boxes), others)
    rows, columns = linear_sum_assignment(shared, maximize=True)
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return {i: j for i, j in pairs if shared[i, j] >= SAME}


def _is_inside(box: np.ndarray, shape: tuple[int, ...]) -> bool:
    """Whether the centre of a box is in an image."""
    x, y = affine.centre_of(box)
    return bool(0 <= x < shape[1] and 0 <= y < shape[0])
