"""The Python blocks of the guides run in a checkout with an untrained recognizer."""

import re
import shutil
from pathlib import Path

import pytest
from pngs import write_png

from fer3d import checkout

REPOSITORY = Path(__file__).parents[2]
GUIDES = ("README.md", "docs/python.md")
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PHOTOS = ("photo.jpg", "a.jpg", "b.jpg", "group.jpg")  # names in the guides


@pytest.mark.parametrize("guide", GUIDES)
def test_blocks_run(guide, predictor, two_faces, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    checkout.CHECKPOINT.parent.mkdir(parents=True)
    shutil.copy(predictor.checkpoint, checkout.CHECKPOINT)
    checkout.ASSETS.symlink_to(predictor.toolbox.assets)
    shutil.copy(REPOSITORY / checkout.PARAMS, checkout.PARAMS)
    for name in PHOTOS:
        write_png(tmp_path / name, two_faces)  # formats are known by their content
    blocks = BLOCK.findall((REPOSITORY / guide).read_text(encoding="utf-8"))
    known = {"paths": [Path(name) for name in PHOTOS]}
    for block in blocks:
        exec(compile(block, guide, "exec"), known)
    assert blocks
