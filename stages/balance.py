"""Balance the classes of the training images with noisy copies."""

from fer3d.balancing.balance import balance_dataset
from fer3d.balancing.params import BalanceParams
from fer3d.files.atomic import write_json
from fer3d.files.sections import load_section
from fer3d.machine import settings
from stages import CHECKOUT, PARAMS, PathOption, run


def main(source: PathOption, out: PathOption, metrics: PathOption) -> None:
    params, local = load_section(PARAMS, "balance", BalanceParams), settings.load(CHECKOUT)
    write_json(metrics, balance_dataset(source, out, params, local))


if __name__ == "__main__":
    run(main)
