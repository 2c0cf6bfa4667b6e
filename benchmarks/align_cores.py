"""Face detection on all cores, as in the stage, against `mtcnn` with the threads that it starts.

Elapsed time, for few other processes should run. Our side starts its workers in every round.
"""

import time
from collections.abc import Iterator
from functools import partial

from benchmarks import data
from benchmarks.align import BATCH, FEW, SIZE, load_images
from benchmarks.environments import serve
from benchmarks.pairs import ELAPSED, Options, Pair, Seconds
from fer3d.alignment.mtcnn import Mtcnn
from fer3d.machine.ordered_map import batches, map_ordered
from fer3d.machine.settings import Settings

REPEATS = 100  # of the images, on our side: a folder is large, and workers start once


def pairs(options: Options) -> Iterator[Pair]:
    images = load_images(options.images, SIZE)
    detector, settings = Mtcnn(data.toolbox(options).assets), Settings()
    parts = [images[rows.start : rows.stop] for rows in batches(len(images), BATCH)] * REPEATS
    count = len(images) * REPEATS

    def ours() -> Seconds:
        start = time.perf_counter()
        for _ in map_ordered(detector.detect, parts, settings=settings, description="align"):
            pass
        return Seconds(time.perf_counter() - start)

    name = f"align, {count:,} images, {settings.workers} workers"
    with serve("mtcnn", images, options.environments, all_cores=True) as peer:
        if peer is None:
            return
        singly, together = partial(peer, "single", FEW), partial(peer, "batched", len(images))
        yield Pair(name, "mtcnn, one image at a time", ours, singly, count, FEW, ELAPSED)
        against = f"mtcnn, batches of {BATCH}"
        yield Pair(name, against, ours, together, count, len(images), ELAPSED)
