"""Interface to the files of an object store.

Names are relative to the store's root, with forward slashes. Errors of single files (a damaged
disk, a network failure) are returned, not raised: one bad file must not stop a batch.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class StoredFile:
    """A file in a store.

    Attributes:
        name: relative to the store's root.
        size: bytes.
        modified: time of the last write, seconds since 1970. Reading does not change it.
    """

    name: str
    size: int
    modified: float


class Files(Protocol):
    """A folder, or a remote file system."""

    def address(self, name: str) -> str:
        """The full path or URL of a file, for messages."""

    def read(
        self, names: Sequence[str], limit: int | None = None
    ) -> list[bytes | Exception | None]:
        """The bytes of each file, or its first ``limit`` bytes; None if there is no file."""

    def write(self, blobs: Mapping[str, bytes]) -> list[Exception | None]:
        """Write each file atomically; for each, None or the error."""

    def set_aside(self, blobs: Mapping[str, bytes], suffix: str) -> list[Exception | None]:
        """Append a suffix to the name of each file that has these bytes; others are not changed."""

    def remove(self, names: Sequence[str]) -> list[Exception | None]:
        """Remove each file; a missing file counts as removed."""

    def folders(self) -> list[str]:
        """The folders of the root, sorted; empty if there is no root.

        Raises:
            OSError: the root cannot be listed.
        """

    def entries(self, folder: str) -> Iterator[StoredFile]:
        """The files of one of the ``folders``, in no particular order.

        Raises:
            OSError: the folder cannot be listed.
        """
