"""Puts the recognizer that this checkout trained into models/NAME, with its card.

python tools/box_model.py NAME --data SENTENCE --licences SENTENCE --made FILE

FILE is Markdown: how the recognizer was made, step by step (commits, commands, edited values).
"""

import argparse
from pathlib import Path

from fer3d import checkout
from fer3d.experiments.card import Origin, digests, write_boxed
from fer3d.files.folders import Folders


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("--data", required=True)
    parser.add_argument("--licences", required=True)
    parser.add_argument("--made", type=Path, required=True)
    values = parser.parse_args()
    made = values.made.read_text(encoding="utf-8").strip()
    origin = Origin(values.name, values.data, values.licences, made, digests(checkout.LOCK))
    arrays = (checkout.DATA / name for name in ("balance", "reconstruct", "relight"))
    out = checkout.MODELS / values.name
    metrics = write_boxed(checkout.CHECKPOINT, Folders(*arrays), origin, out)
    print(f"{out}: test accuracy {metrics['test']['accuracy']:.3f}")


if __name__ == "__main__":
    main()
