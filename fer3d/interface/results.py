"""Results of the Python interface: the faces of an image, and lists of these."""

import html
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast, overload

import numpy as np
import pandas as pd

from fer3d.inference.batches import by_pixels
from fer3d.interface.images import ImageLike, NamedImage, is_one, read_image
from fer3d.interface.pictures import figure_html, image_html

SHOWN = 20  # images of a list that a notebook or ``repr`` shows


class FaceResult(ABC):
    """One face."""

    @abstractmethod
    def as_row(self) -> dict[str, Any]:
        """Its values by column; what is not known is not there."""

    @abstractmethod
    def in_words(self) -> str:
        """It in a few words."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.in_words()}>"


Face = TypeVar("Face", bound=FaceResult)


@dataclass(frozen=True, repr=False, eq=False)
class ImageResult(Generic[Face], Sequence[Face]):
    """The faces of one image, as a sequence.

    Attributes:
        image: its path; for an array "image" and its place among the arguments.
        size: its height and width, px.
        faces: the faces.
        thumbnail: it, (h, w, 3) uint8 RGB, at most 480 px wide and high.
    """

    image: str
    size: tuple[int, int]
    faces: tuple[Face, ...]
    thumbnail: np.ndarray

    @overload
    def __getitem__(self, place: int) -> Face: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Face, ...]: ...
    def __getitem__(self, place: int | slice) -> Face | tuple[Face, ...]:
        return self.faces[place]

    def __len__(self) -> int:
        return len(self.faces)

    @property
    def scale(self) -> float:
        """Px of the thumbnail per px of the image."""
        return self.thumbnail.shape[1] / self.size[1]

    def to_dataframe(self) -> pd.DataFrame:
        """A row per face, numbered from 1; one row without a number if there is no face."""
        return _table(self.as_rows())

    def as_rows(self) -> list[dict[str, Any]]:
        """The rows of ``to_dataframe``, by column."""
        rows = [{"face": n} | face.as_row() for n, face in enumerate(self.faces, start=1)]
        return [{"image": self.image} | row for row in rows or [{"face": None}]]

    def __repr__(self) -> str:
        height, width = self.size
        said = "; ".join(face.in_words() for face in self.faces) or "no face"
        return f"<{type(self).__name__} of {self.image}, {width} x {height} px: {said}>"

    def _repr_html_(self) -> str:
        """For notebooks: the image with its faces, and what is known of them."""
        return figure_html([image_html(self._drawn(), self.image), *self._details()], repr(self))

    def _drawn(self) -> np.ndarray:
        """The thumbnail with what was found."""
        raise NotImplementedError

    def _details(self) -> list[str]:
        """HTML beside the image."""
        return []


Result = TypeVar("Result", bound=ImageResult[Any])


class Results(Sequence[Result]):
    """The results of several images, in their order."""

    def __init__(self, results: Sequence[Result]):
        self._results = tuple(results)

    @overload
    def __getitem__(self, place: int) -> Result: ...
    @overload
    def __getitem__(self, place: slice) -> "Results[Result]": ...
    def __getitem__(self, place: int | slice) -> "Result | Results[Result]":
        found = self._results[place]
        return Results(found) if isinstance(found, tuple) else found

    def __len__(self) -> int:
        return len(self._results)

    def to_dataframe(self) -> pd.DataFrame:
        """The tables of all images, one below the other."""
        return _table([row for result in self._results for row in result.as_rows()])

    def __repr__(self) -> str:
        return "\n".join(
            [f"<Results of {len(self)} images>", *map(repr, self[:SHOWN]), *self._more]
        )

    def _repr_html_(self) -> str:
        """For notebooks: the pictures of the first images."""
        shown = [result._repr_html_() for result in self[:SHOWN]]
        return "".join([*shown, *(f"<p>{html.escape(line)}</p>" for line in self._more)])

    @property
    def _more(self) -> list[str]:
        return [f"... and {len(self) - SHOWN} more"] if len(self) > SHOWN else []


def for_each(
    images: ImageLike | Iterable[ImageLike], work: Callable[[Sequence[NamedImage]], list[Result]]
) -> Result | Results[Result]:
    """The result of one image, or of each of several.

    Args:
        images: one or several; files are read when their batch is due.
        work: gives the results of a batch.
    """
    if is_one(images):
        return work([read_image(images)])[0]
    several = enumerate(cast(Iterable[ImageLike], images))
    named = (read_image(image, place) for place, image in several)
    parts = by_pixels(named, lambda image: image.pixels)
    return Results([result for batch in parts for result in work(batch)])


def _table(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=None if rows else ["image", "face"])
    return table.astype({"face": "Int64"})
