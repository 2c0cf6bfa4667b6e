"""Start-up of a process."""

import gc

OBJECTS = 100_000  # created between two runs of the garbage collector; Python's default is 700


def collect_rarely() -> None:
    """Run the garbage collector rarely, before large packages are imported.

    Imports create hundreds of thousands of objects that stay. By default the collector looks
    through them again and again, in a fifth of the time that it takes to start.
    """
    gc.set_threshold(OBJECTS)
