"""The paper's tables, from the predictions of all cells."""

from fer3d.experiments.write import write_tables
from fer3d.files.atomic import write_json
from stages import PathOption, context, run


def main(
    cells: PathOption, images: PathOption, faces: PathOption, out: PathOption, metrics: PathOption
) -> None:
    params, _ = context()
    write_json(metrics, write_tables(params, cells, images, faces, out))


if __name__ == "__main__":
    run(main)
