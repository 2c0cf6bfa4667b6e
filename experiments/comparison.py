"""Write the tables that compare our network with the compared models."""

from fer3d.experiments.matrix import MatrixParams
from fer3d.experiments.model_tables import write_comparison
from fer3d.files.atomic import write_json
from fer3d.files.sections import load_sections
from stages import PARAMS, PathOption, run


def main(
    cells: PathOption, models: PathOption, images: PathOption, out: PathOption, metrics: PathOption
) -> None:
    params = load_sections(PARAMS, MatrixParams)
    write_json(metrics, write_comparison(cells, models, images, out, params))


if __name__ == "__main__":
    run(main)
