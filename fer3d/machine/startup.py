"""Start-up and end of a process."""

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager

OBJECTS = 100_000  # created between two runs of the garbage collector; Python's default is 700


def collect_rarely() -> None:
    """Run the garbage collector rarely, and not at exit, before large packages are imported.

    Imports create hundreds of thousands of objects that stay. By default the collector looks
    through them again and again, in a fifth of the time that it takes to start, and at exit frees
    one after the other, which takes most of a second.
    """
    gc.set_threshold(OBJECTS)
    atexit.register(gc.freeze)


@contextmanager
def packages_imported() -> Iterator[None]:
    """Import large packages without the garbage collector, which ignores their objects later."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
