"""Puts what lies beside the package in a checkout into it: see ``fer3d.checkout.shipped``."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

SHIPPED = Path("fer3d", "shipped")  # in wheels
WEIGHTS = "model.safetensors"  # folders of models/ without it belong to the user


class BuildWithModels(build_py):
    """Adds parameters and recognizers; an editable install finds them in the checkout."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            out = Path(self.build_lib, SHIPPED)
            shutil.rmtree(out, ignore_errors=True)  # of an earlier build
            out.mkdir(parents=True)
            shutil.copy2("params.yaml", out)
            for weights in sorted(Path("models").glob(f"*/{WEIGHTS}")):
                shutil.copytree(weights.parent, out / weights.parent)


setup(cmdclass={"build_py": BuildWithModels})
