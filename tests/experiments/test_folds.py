"""The images of a fold."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fer3d.arrays import open_arrays, read_manifest
from fer3d.cleaning.splits import split
from fer3d.errors import UserError
from fer3d.experiments.folds import Models, make_fold, resplit
from fer3d.settings import Settings


def test_a_fold_has_the_split_that_the_pipeline_would_give(
    tmp_path: Path, make_params, write_set
) -> None:
    write_set(tmp_path / "data")
    source = tmp_path / "data" / "align"
    params = make_params(split={"folds": 3})
    frame, arrays = read_manifest(source), open_arrays(source)
    for fold in range(3):
        resplit(source, tmp_path / str(fold), fold, params)
        resplit_frame = read_manifest(tmp_path / str(fold))
        expected, _ = split(frame, make_params(split={"folds": 3, "fold": fold}).split)
        pd.testing.assert_series_equal(resplit_frame["split"], expected["split"])
        unchanged = [name for name in frame.columns if name != "split"]
        pd.testing.assert_frame_equal(resplit_frame[unchanged], frame[unchanged])
        for name, values in open_arrays(tmp_path / str(fold)).items():
            np.testing.assert_array_equal(values, arrays[name])


def test_a_fold_that_is_not_there_is_a_users_error(tmp_path: Path, make_params) -> None:
    models = Models(tmp_path, tmp_path)
    for folds in (None, 3):
        params = make_params(split={"folds": folds})
        with pytest.raises(UserError, match=f"no fold 3: split.folds is {folds}"):
            make_fold(tmp_path, tmp_path / "out", 3, params, Settings(), models)
