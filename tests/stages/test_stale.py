"""The stages that are out of date for DVC after a change.

Every command of the pipeline is replaced by one that makes empty outputs, so that a whole run
takes seconds; what the stages depend on is that of dvc.yaml.
"""

import json
import sys
from pathlib import Path

import pytest
import yaml
from checkout import Checkout, copy_code, environment

CODE = (
    "dvc.yaml",
    "params.yaml",
    "stages",
    "fer3d",
    "models/.gitignore",
    ".dvc/config",
    ".dvcignore",
    ".gitignore",
)


@pytest.fixture(scope="module")
def checkout(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout in which everything is up to date."""
    folder = tmp_path_factory.mktemp("checkout")
    copy_code(repository, folder, CODE)
    pipeline = yaml.safe_load((folder / "dvc.yaml").read_text())
    for name, stage in pipeline["stages"].items():
        outs = [next(iter(out)) if isinstance(out, dict) else out for out in _outs(stage)]
        stage["cmd"] = [f"mkdir -p {Path(out).parent} && echo {name} > {out}" for out in outs]
    (folder / "dvc.yaml").write_text(yaml.safe_dump(pipeline, sort_keys=False))
    made = Checkout(folder, environment())
    images = made.folder / "images"
    images.mkdir()
    made.set({"ingest": {"source": "images"}})
    made.run("git", "init", "--quiet")
    made.run("dvc", "repro", "--quiet")
    assert stale(made) == {"ingest"}  # it looks for changed images each time
    return made


def _outs(stage: dict) -> list:
    return [out for kind in ("outs", "metrics", "plots") for out in stage.get(kind, [])]


def stale(checkout: Checkout) -> set[str]:
    """The stages that are out of date in `dvc status`, without those that only depend on others."""
    return set(json.loads(checkout.run("dvc", "status", "--json")))


@pytest.mark.parametrize(
    ("section", "room", "stages"),
    [
        ("report", "reporting", {"report", "data_report"}),
        ("synthesize", "synthesis", {"synthesize"}),
        ("deduplicate", "cleaning", {"deduplicate"}),
        # they measure with the value, or keep it beside the network
        ("relight", "relighting", {"relight", "accuracy3d", "train"}),
    ],
)
def test_a_new_value_of_a_section_makes_its_own_stages_stale(
    checkout: Checkout, section: str, room: str, stages: set[str]
) -> None:
    files = checkout.folder / "fer3d" / room / "params.py", checkout.folder / "params.yaml"
    before = [file.read_bytes() for file in files]
    try:
        files[0].write_bytes(before[0] + b"    new_value: int\n")
        checkout.set({section: {"new_value": 1}})
        assert stale(checkout) == stages | {"ingest"}
    finally:
        for file, content in zip(files, before, strict=True):
            file.write_bytes(content)


def test_what_python_leaves_beside_code_makes_nothing_stale(checkout: Checkout) -> None:
    checkout.run(sys.executable, "-m", "compileall", "-q", "fer3d/geometry", "fer3d/networks")
    assert list(checkout.folder.glob("fer3d/networks/__pycache__/*.pyc"))
    assert stale(checkout) == {"ingest"}


def test_a_recognizer_that_comes_with_fer3d_makes_nothing_stale_but_a_3d_network_does(
    checkout: Checkout,
) -> None:
    (checkout.folder / "models" / "fer2013").mkdir()
    (checkout.folder / "models" / "fer2013" / "README.md").write_text("another card")
    assert stale(checkout) == {"ingest"}
    (checkout.folder / "models" / "prnet.npz").write_bytes(b"weights")
    assert stale(checkout) == {"ingest", "reconstruct", "relight", "report"}
