"""The worked example of docs/comparison.md: a model of one's own, trained and in the table."""

import re
from pathlib import Path

import pytest

from fer3d.comparison.registry import REGISTRY
from fer3d.experiments.cells import parameters
from fer3d.experiments.matrix import matrix
from fer3d.experiments.model_matrix import model_cells
from fer3d.experiments.model_tables import write_comparison
from fer3d.experiments.run import run_cell
from fer3d.experiments.run_model import run_model
from fer3d.files.folders import Folders
from fer3d.training.trainer import Runtime

PAGE = Path(__file__).parents[2] / "docs" / "comparison.md"
RUNTIME = Runtime(progress=False)


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs the page's program, and takes the model out of the registry afterwards."""
    before = dict(REGISTRY)
    (program,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(program, PAGE.name, "exec"), {"__name__": "example"})
    added = {name: REGISTRY.pop(name) for name in set(REGISTRY) - set(before)}
    for name, model in added.items():
        monkeypatch.setitem(REGISTRY, name, model)


@pytest.mark.usefixtures("registered")
def test_the_example_is_trained_for_an_epoch_and_in_the_table(
    tmp_path: Path, write_set, make_params
) -> None:
    write_set(tmp_path / "data")
    folders = Folders(*(tmp_path / "data" / name for name in ("balance", "reconstruct", "relight")))
    params = make_params(
        train={"epochs": 1},
        experiments={
            "seeds": [0],
            "branches": ["base"],
            "models": ["ours", "mine-2026"],
            "model_presets": ["article"],
        },
    )
    (ours,), (mine,) = matrix(params), model_cells(params)
    run_cell(ours, folders, tmp_path / "cells" / ours.name, params, RUNTIME)
    result = run_model(mine, folders, tmp_path / "models" / mine.name, params, RUNTIME)
    assert result["training"]["steps"]["network"]["epochs"] == 1
    assert result["parameters"] == parameters(mine, params)
    parents = (tmp_path / "cells", tmp_path / "models")
    metrics = write_comparison(*parents, folders.images, tmp_path / "out", params)
    assert metrics["article"]["mine-2026"]["accuracy"] == pytest.approx(
        result["scores"]["test"]["accuracy"], abs=1e-5
    )
    page = (tmp_path / "out" / "tables.md").read_text()
    assert "| Mine-2026 (article) | these images |" in page
