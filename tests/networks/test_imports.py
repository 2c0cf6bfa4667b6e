"""Networks and training only need PyTorch and the table libraries."""

import subprocess
import sys

ALLOWED = ("errors", "files", "machine", "networks", "training")
PROGRAM = """
import pkgutil, importlib, sys
import torch, pytorch_lightning, torchmetrics, numpy, pandas, pyarrow, pyarrow.parquet
before = set(sys.modules)
import fer3d.networks, fer3d.training
for package in (fer3d.networks, fer3d.training):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
print("\\n".join(sorted(set(sys.modules) - before)))
"""
HEAVY = {
    "cv2", "open3d", "numba", "dlib", "ai_edge_litert", "skimage", "sklearn", "joblib", "lz4",
    "fsspec",
    "pydantic", "yaml", "typer", "dvc", "jinja2", "matplotlib", "PIL",
}  # fmt: skip


def test_networks_and_training_import_neither_3d_nor_image_libraries() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    names = done.stdout.split()
    assert not HEAVY & {name.partition(".")[0] for name in names}
    ours = {name.split(".")[1] for name in names if name.startswith("fer3d.")}
    assert ours <= set(ALLOWED)
