"""What an object store needs of the place where it keeps its files.

Names are relative to the store's root, with forward slashes. What may go wrong for one file among
many (a damaged disk, a network that is gone) comes back as a value, not as an exception: one bad
file must not stop a batch.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Entry:
    """A file in a store.

    Attributes:
        name: relative to the store's root.
        size: bytes.
        modified: when it was written, seconds since 1970. Reading does not change it.
    """

    name: str
    size: int
    modified: float


class Files(Protocol):
    """A folder, or a place that is reached over a network."""

    def address(self, name: str) -> str:
        """The full path or address of a file, for people."""

    def read(
        self, names: Sequence[str], limit: int | None = None
    ) -> list[bytes | Exception | None]:
        """The bytes of each file, or its first ``limit`` bytes; None where there is no file."""

    def write(self, blobs: Mapping[str, bytes]) -> list[Exception | None]:
        """Write each file in one atomic step; None where that worked, in the order given."""

    def set_aside(self, blobs: Mapping[str, bytes], suffix: str) -> list[Exception | None]:
        """Add a suffix to the name of each file that holds these bytes; others stay."""

    def remove(self, names: Sequence[str]) -> list[Exception | None]:
        """Remove each file; one that is not there counts as removed."""

    def folders(self) -> list[str]:
        """The folders of the root, sorted; none where there is no root.

        Raises:
            OSError: the root cannot be listed.
        """

    def entries(self, folder: str) -> Iterator[Entry]:
        """The files of one of the ``folders``, in no particular order.

        Raises:
            OSError: it cannot be listed.
        """
