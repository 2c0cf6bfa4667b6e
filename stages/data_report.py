"""Describe the data set in numbers and on a page: losses, copies, light, poses."""

from fer3d.datasets.params import SourceParams
from fer3d.files.atomic import write_json
from fer3d.files.sections import load_section
from fer3d.reporting.data_page import data_page
from fer3d.reporting.data_set import DataSources, describe
from fer3d.reporting.params import ReportParams
from stages import PARAMS, PathOption, run


def main(
    ingested: PathOption,
    cleaned: PathOption,
    aligned: PathOption,
    images: PathOption,
    faces: PathOption,
    out: PathOption,
    metrics: PathOption,
) -> None:
    params = load_section(PARAMS, "report", ReportParams)
    originals = load_section(PARAMS, "ingest", SourceParams).root
    sources = DataSources(ingested, cleaned, aligned, images, faces)
    values = describe(sources)
    data_page(values, sources, originals, out, params)
    write_json(metrics, values)


if __name__ == "__main__":
    run(main)
