"""Time per image of our network and the compared models, with preprocessing: table 7.

    python -m benchmarks.compared                        # prints the table
    python -m benchmarks.compared --out docs/comparison  # also writes table and figure

It needs the photos and model files of `dvc repro`. All models are measured in one run, one image at
a time: the medians of detection and alignment, 3D reconstruction, relighting and network. Weights
are random, because they do not change the time; Fabian-2016 has as many training faces as the data
set. The figure takes the accuracies from metrics/comparison.json.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.pairs import cpu_model
from fer3d.comparison.registry import REGISTRY
from fer3d.experiments.cells import BRANCHES, TITLES
from fer3d.experiments.formats import to_csv, to_latex, to_markdown
from fer3d.experiments.pictures import SpeedPoint, speed_png
from fer3d.experiments.seconds import Seconds, seconds_table
from fer3d.experiments.statistics import Interval
from fer3d.files.atomic import write_bytes, write_text
from fer3d.files.images import load_image
from fer3d.files.packed import read_manifest
from fer3d.files.sections import load_sections
from fer3d.inference.pipeline import Pipeline, PipelineParams, make_pipeline
from fer3d.networks.compared.fabian2016 import Fabian2016
from fer3d.networks.fusion import FusionNetwork
from fer3d.networks.layers import lay_out
from fer3d.presets.configs import network_config
from fer3d.toolbox import Toolbox

CLASSES = 7
WARM_UP = 5  # runs that are not timed
RUNS = 30  # of a network
OURS = ("base", "base-landmark", "base-3d", "whole")
STEPS = ("align", "reconstruct", "relight")
MODEL_STEPS = {name: STEPS[:2] for name in ("jung-2015", "zhang-2017", "fabian-2016")}  # landmarks
TRIANGLES = 111  # of 68 points, about
ORIENTATIONS = 8  # Fabian-2016; its cross validation chooses among 4, 6, 8 and 10

Clock = Callable[[], float]


def main() -> None:
    options = _options()
    torch.set_num_threads(options.threads)
    clock = time.process_time if options.processor_time else time.perf_counter
    params = load_sections(Path("params.yaml"), PipelineParams)
    pipeline = make_pipeline(params, Toolbox(options.data / "assets", options.models))
    steps = _preprocessing(pipeline, _photos(options.photos, options.images), clock)
    inputs = _inputs(params.align.size, params.relight.size)
    faces = int((read_manifest(options.data / "balance")["split"] == "train").sum())
    rows = [_row(TITLES[name], _ours(name, inputs), _steps_of(name), steps) for name in OURS]
    rows += [
        _row(model.title, _model(name, faces), MODEL_STEPS.get(name, STEPS[:1]), steps)
        for name, model in REGISTRY.items()
    ]
    seconds = [row(inputs, clock) for row in rows]
    table = seconds_table(seconds, _machine(options))
    text = to_markdown(table, table.notes)
    print(text)
    if options.out:
        write_text(options.out / "table7.md", text)
        write_text(options.out / "table7.tex", to_latex(table))
        write_text(options.out / "table7.csv", to_csv(table))
        metrics = json.loads(options.metrics.read_text())["recommended"]
        write_bytes(options.out / "speed.png", speed_png(_points(seconds, metrics)))


def _photos(folder: Path, count: int) -> list[np.ndarray]:
    """Some photos of a folder and the folders in it, evenly over the classes."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix in (".jpg", ".png"))
    return [load_image(path) for path in paths[:: max(len(paths) // count, 1)][:count]]


def _preprocessing(
    pipeline: Pipeline, photos: Sequence[np.ndarray], clock: Clock
) -> dict[str, float]:
    """Median seconds of each step."""
    times = []
    for photo in photos:
        marks = [clock()]
        aligned = pipeline.aligner.align([photo])[0]
        marks.append(clock())
        found = pipeline.reconstructor([aligned.image], [aligned.points])[0]
        marks.append(clock())
        pipeline.relighter([found.vertices_face], [found.visible])
        marks.append(clock())
        times.append(np.diff(marks))
    return dict(zip(STEPS, np.median(times[WARM_UP:], axis=0).tolist(), strict=True))


def _inputs(image: int, shading: int) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return {
        "image": torch.rand(1, 3, image, image),
        "shading": torch.rand(1, 1, shading, shading),
        "landmarks": image * torch.rand(1, 68, 2),
        "reconstructed": torch.ones(1, dtype=torch.bool),
    }


def _steps_of(name: str) -> Sequence[str]:
    """The steps that a set of branches of our network needs."""
    on = BRANCHES[name]
    return STEPS if on["shading"] else STEPS[:2] if on["landmark"] else STEPS[:1]


def _ours(name: str, inputs: Mapping[str, torch.Tensor]) -> Any:
    config = network_config({"preset": "recommended", **BRANCHES[name]})
    sizes = {"image_size": inputs["image"].shape[-1], "shading_size": inputs["shading"].shape[-1]}
    network = FusionNetwork(config, CLASSES, **sizes)
    lay_out(network)  # as after a training
    return network


def _model(name: str, faces: int) -> Any:
    network = REGISTRY[name].build(CLASSES)
    if not isinstance(network, Fabian2016):
        return network
    make = partial(Fabian2016, CLASSES, orientations=ORIENTATIONS, triangles=TRIANGLES)
    features = len(make().mean)
    return make(discriminant={"shape": (faces, features, 2 * CLASSES)})


def _row(
    title: str, network: Any, needed: Sequence[str], steps: Mapping[str, float]
) -> Callable[[Mapping[str, torch.Tensor], Clock], Seconds]:
    """Measures one model when called."""
    network.eval()

    def measured(inputs: Mapping[str, torch.Tensor], clock: Clock) -> Seconds:
        times = []
        for _ in range(RUNS + WARM_UP):
            start = clock()
            network.probabilities(**inputs)
            times.append(clock() - start)
        preprocessing = sum(steps[name] for name in needed)
        return Seconds(title, preprocessing, statistics.median(times[WARM_UP:]))

    return measured


def _points(rows: Sequence[Seconds], metrics: Mapping[str, Mapping[str, Any]]) -> list[SpeedPoint]:
    """The models that have an accuracy."""
    names = {TITLES[name]: f"{name}-cross_entropy" for name in OURS}
    names |= {model.title: name for name, model in REGISTRY.items()}
    return [
        SpeedPoint(
            row.title,
            row.total,
            found["accuracy"],
            Interval(found["low"], found["high"]),
            names[row.title] not in REGISTRY,
        )
        for row in rows
        if (found := metrics.get(names[row.title]))
    ]


def _machine(options: argparse.Namespace) -> str:
    kind = "processor time" if options.processor_time else "elapsed time"
    threads = f"{options.threads} thread{'s' * (options.threads > 1)} of PyTorch"
    version = f"PyTorch {torch.__version__}"
    return f"CPU {cpu_model()}, {threads}, {version}, {kind}, medians of {options.images} photos."


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("data"), help="output of `dvc repro`")
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--photos", type=Path, default=Path("data/synthetic/images"))
    parser.add_argument("--images", type=int, default=50, help="photos for the preprocessing")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--processor-time",
        action="store_true",
        help="processor time instead of elapsed time, for a machine that does other work, too",
    )
    parser.add_argument("--metrics", type=Path, default=Path("metrics/comparison.json"))
    parser.add_argument("--out", type=Path, help="folder for table and figure")
    return parser.parse_args()


if __name__ == "__main__":
    main()
