"""Puts the recognizer that this checkout trained into models/NAME, with its card.

python tools/box_model.py NAME --data SENTENCE --licences SENTENCE --commit COMMIT --command COMMAND
"""

import argparse
from pathlib import Path

from fer3d import checkout
from fer3d.experiments.card import Origin, write_boxed
from fer3d.files.folders import Folders


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name")
    for name in ("data", "licences", "commit", "command"):
        parser.add_argument(f"--{name}", required=True)
    values = parser.parse_args()
    origin = Origin(**vars(values), lock=Path("dvc.lock"))
    arrays = (checkout.DATA / name for name in ("balance", "reconstruct", "relight"))
    out = checkout.MODELS / values.name
    metrics = write_boxed(checkout.CHECKPOINT, Folders(*arrays), origin, out)
    print(f"{out}: test accuracy {metrics['test']['accuracy']:.3f}")


if __name__ == "__main__":
    main()
