"""How long cells took on this machine: a file of the machine, which no result depends on.

{digest of a cell's parameters: {"seconds": 312.5, "over": true}}
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, TypeAdapter, ValidationError

from fer3d.experiments.cells import Cell, parameters
from fer3d.files.atomic import write_json
from fer3d.files.digests import sha256_json
from fer3d.params import Params


class Taken(BaseModel):
    """What a cell took.

    Attributes:
        seconds: of all its runs; None where one was killed and nobody knows.
        over: whether it came to its end; otherwise the next run goes on where it was.
    """

    seconds: float | None
    over: bool


_FILE = TypeAdapter(dict[str, Taken])


@contextmanager
def timed(cell: Cell, params: Params, times: Path) -> Iterator[None]:
    """Write down how long a block took that runs a cell, with its earlier runs that were stopped.

    Args:
        times: file of this machine; one that cannot be understood is written anew.
    """
    key = sha256_json(parameters(cell, params))
    earlier = _read(times).get(key)
    before = 0.0 if earlier is None or earlier.over else earlier.seconds
    _write(times, key, Taken(seconds=None, over=False))  # this stays if the process is killed
    start, over = time.monotonic(), False
    try:
        yield
        over = True
    finally:
        seconds = None if before is None else before + time.monotonic() - start
        _write(times, key, Taken(seconds=seconds, over=over))


def durations(cells: Sequence[Cell], params: Params, times: Path) -> dict[Cell, float]:
    """Seconds of the cells that came to their end here, with these parameters, as far as known."""
    known = _read(times)
    taken = {cell: known.get(sha256_json(parameters(cell, params))) for cell in cells}
    return {c: t.seconds for c, t in taken.items() if t and t.over and t.seconds is not None}


def _read(times: Path) -> Mapping[str, Taken]:
    try:
        return _FILE.validate_json(times.read_bytes())
    except (FileNotFoundError, ValidationError):
        return {}


def _write(times: Path, key: str, taken: Taken) -> None:
    write_json(times, _FILE.dump_python({**_read(times), key: taken}))
