"""The benchmark of training steps measures steps of the trainer and of the network alone."""

from argparse import Namespace

from benchmarks.training_steps import measure
from fer3d.files.folders import Folders
from fer3d.training.arrays import open_set


def test_a_step_and_its_core_are_timed_in_turn(folders: Folders) -> None:
    times = measure(open_set(folders), "recommended", "float32", Namespace(steps=1))
    assert {name: len(values) for name, values in times.items()} == {
        "step": 1, "core": 1, "channels first": 1,
    }  # fmt: skip
    assert all(seconds > 0 for (seconds,) in times.values())
