"""Write the paper's tables from the predictions of all cells."""

from fer3d.experiments.matrix import MatrixParams
from fer3d.experiments.write import write_tables
from fer3d.files.atomic import write_json
from fer3d.files.sections import load_sections
from stages import PARAMS, PathOption, run


def main(
    cells: PathOption, images: PathOption, faces: PathOption, out: PathOption, metrics: PathOption
) -> None:
    params = load_sections(PARAMS, MatrixParams)
    write_json(metrics, write_tables(cells, images, faces, out, params))


if __name__ == "__main__":
    run(main)
