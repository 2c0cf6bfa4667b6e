"""The examples of docs/extending.md work where the page says; that of docs/frames.md is right."""

import re
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from fer3d.alignment.aligner import Aligner
from fer3d.datasets import layout
from fer3d.errors import UserError
from fer3d.networks.config import NetworkConfig
from fer3d.networks.fusion import FusionNetwork
from fer3d.params import ReconstructParams
from fer3d.reconstruction.backends import Backend
from fer3d.reconstruction.reconstructor import Reconstructor

_BLOCK = re.compile(r'```python title="(\S+)"\n(.*?)```', re.DOTALL)


def example(repository: Path, name: str) -> ModuleType:
    """A module as the page gives it."""
    blocks = dict(_BLOCK.findall((repository / "docs/extending.md").read_text(encoding="utf-8")))
    module = ModuleType(Path(name).stem)
    exec(compile(blocks[f"fer3d/{name}"], name, "exec"), vars(module))
    return module


def test_the_layout_reads_classes_from_names(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefixed = example(repository, "datasets/layouts/prefixed.py")
    monkeypatch.setattr(layout, "DATA_SETS", (*layout.DATA_SETS, prefixed))
    for name in ("happy_2.jpg", "angry_1.png"):
        (tmp_path / name).touch()
    entries = layout.read_layout(tmp_path).entries
    assert [(e.path, e.label) for e in entries] == [
        ("angry_1.png", "angry"),
        ("happy_2.jpg", "happy"),
    ]
    (tmp_path / "IMG-3.jpg").touch()
    with pytest.raises(UserError, match=r"^IMG-3.jpg has no class in its name"):
        prefixed.read(tmp_path)


def test_the_detector_gives_level_eyes_in_the_whole_image(repository: Path) -> None:
    whole_image = example(repository, "alignment/whole_image.py")
    image = np.zeros((50, 50, 3), np.uint8)
    (face,) = Aligner(whole_image.WholeImage(), size=100, crop=None).align([image])
    assert face.aligned and face.box == pytest.approx([0, 0, 100, 100])
    assert face.points[:2, 1] == pytest.approx([38, 38])  # 0.38 of the side


def test_the_backend_looks_straight_ahead_from_the_eyes_of_the_photo(
    repository: Path, assets_dir: Path
) -> None:
    backend = example(repository, "reconstruction/mean_face.py").MeanFace(assets_dir)
    assert isinstance(backend, Backend)
    params = ReconstructParams(
        backend="facemesh",
        landmarks="facemesh",
        subdivisions=0,
        fit="rigid",
        visibility="raycast",
        min_presence=0.5,
    )
    points = np.full((2, 5, 2), np.nan)
    points[0, :2] = [[30, 40], [70, 40]]
    images = np.zeros((2, 100, 100, 3), np.uint8)
    face, nothing = Reconstructor(backend, assets_dir, params)(images, points)
    assert face.reason == "" and nothing.reason == "no_face"
    assert face.pose == pytest.approx([0, 0, 0], abs=0.2)  # degrees; the fit is symmetric
    eyes = face.landmarks_image[36:48].reshape(2, 6, 2).mean(axis=1)
    assert eyes == pytest.approx(np.array([[30, 40], [70, 40]]), abs=0.5)


def test_every_parameter_of_the_network_gets_a_gradient(repository: Path) -> None:
    network = FusionNetwork(NetworkConfig(shading=False, landmark=False), classes=7)
    network.branches["base"] = example(repository, "networks/branches/plain.py").PlainNetwork()
    logits = network(torch.rand(4, 3, 100, 100, generator=torch.manual_seed(0)))
    assert logits.shape == (4, 7)
    logits.square().sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in network.parameters())


def test_the_example_of_the_frames_gives_what_it_says(repository: Path) -> None:
    page = (repository / "docs/frames.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names: dict[str, object] = {}
    exec(program, names)
    said = [line.split("# ") for line in program.splitlines() if "# [" in line]
    for code, value in said:
        assert eval(code, names).tolist() == eval(value.partition(":")[0])
    assert len(said) == 2
