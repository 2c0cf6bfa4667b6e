"""Noisy copies bring rare classes nearer to frequent ones; training images only."""

from fer3d.balancing.balance import balance_dataset
from fer3d.files.atomic import write_json
from stages import PathOption, context, run


def main(source: PathOption, out: PathOption, metrics: PathOption) -> None:
    params, settings = context()
    write_json(metrics, balance_dataset(source, out, params.balance, settings))


if __name__ == "__main__":
    run(main)
