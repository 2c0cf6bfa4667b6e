"""The matrix, parameters of a cell, progress of a run."""

import json
from pathlib import Path

import pytest

from fer3d.errors import UserError
from fer3d.experiments.cells import Cell, Configuration, configs, parameters
from fer3d.experiments.matrix import matrix
from fer3d.experiments.progress import announce, duration, finished, time_left
from fer3d.experiments.times import note


def finish(cell: Cell, params, folder: Path) -> None:
    path = folder / cell.name / "cell.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"parameters": parameters(cell, params)}))


def test_the_matrix_is_every_combination_once(make_params) -> None:
    params = make_params(
        experiments={
            "presets": ["recommended", "paper"],
            "branches": ["base", "base-landmark", "base-3d", "whole"],
            "losses": ["cross_entropy", "focal"],
            "seeds": [3, 5, 8],
        }
    )
    cells = matrix(params)
    assert len(cells) == len(set(cells)) == len({cell.name for cell in cells}) == 48
    assert {cell.seed for cell in cells[:16]} == {3}  # a whole matrix of each seed, one by one
    assert cells[0].name == "3-recommended-base-cross_entropy"
    assert cells[5].title == "Base+3D, focal, seed 3"


def test_a_cell_is_the_parameters_with_its_own_values(make_params) -> None:
    params = make_params(train={"epochs": 7, "loss": "cross_entropy", "seed": 99})
    network, train = configs(Configuration("recommended", "base-3d", "focal"), 4, params)
    assert network.branches == ("base", "shading")
    assert (train.loss, train.seed, train.epochs) == ("focal", 4, 7)
    whole, _ = configs(Configuration("paper", "whole", "focal"), 4, params)
    assert whole.branches == ("base", "shading", "landmark") and whole.preset == "paper"


def test_folds_must_be_there(make_params) -> None:
    axes = {"folds": [0, 9], "seeds": [0]}
    cells = matrix(make_params(split={"folds": 10}, experiments=axes))
    assert [cell.fold for cell in cells] == [0, 0, 9, 9]
    with pytest.raises(UserError, match=r"fold 9, but split\.folds is 5"):
        matrix(make_params(split={"folds": 5}, experiments=axes))
    with pytest.raises(UserError, match=r"split\.folds is None"):
        matrix(make_params(experiments=axes))


def test_a_cell_of_other_parameters_is_not_done(tmp_path: Path, make_params) -> None:
    params = make_params()
    cell = matrix(params)[0]
    assert not finished(cell, tmp_path, params)
    finish(cell, params, tmp_path)
    assert finished(cell, tmp_path, params)
    assert finished(cell, tmp_path, make_params(experiments={"seeds": [0, 1, 2]}))
    assert not finished(cell, tmp_path, make_params(train={"epochs": 3}))


def test_the_time_left_is_what_others_like_them_took(tmp_path: Path, make_params) -> None:
    """Base took 60 s and Whole 180 s; with seed 1 both are left, 4 min."""
    params, times = make_params(), tmp_path / "state" / "times.json"
    cells = matrix(params)
    first = announce(cells[0], cells, tmp_path, times, params)
    assert first == "cell 1 of 4: Base, cross entropy, seed 0"
    for cell, seconds in zip(cells, (60, 180), strict=False):
        finish(cell, params, tmp_path)
        note(times, cell, seconds, params)
    line = announce(cells[2], cells, tmp_path, times, params)
    assert line == "cell 3 of 4: Base, cross entropy, seed 1; about 4 min left"
    assert "left" not in announce(
        cells[2], cells, tmp_path, times, make_params(train={"epochs": 3})
    )
    times.write_text("broken")
    assert "left" not in announce(cells[2], cells, tmp_path, times, params)
    note(times, cells[2], 50, params)  # the file is whole again
    finish(cells[2], params, tmp_path)
    assert announce(cells[3], cells, tmp_path, times, params).endswith("seed 1; about 50 s left")


def test_a_cell_outside_the_matrix_says_what_to_run(tmp_path: Path, make_params) -> None:
    params = make_params(split={"folds": 2}, experiments={"folds": [0]})
    cell = Cell(Configuration("recommended", "base", "cross_entropy"), 0)
    with pytest.raises(UserError, match="make experiments"):
        announce(cell, matrix(params), tmp_path, tmp_path / "times.json", params)


def test_an_unknown_kind_of_cell_takes_as_long_as_the_others() -> None:
    assert time_left(["whole", "base"], {"base": 50.0, "other": 70.0}) == 110
    assert time_left(["whole"], {}) is None
    assert [duration(s) for s in (40, 700, 12_600)] == ["40 s", "12 min", "3.5 h"]
