import numpy as np

from fer3d.files.components import first_in_component


def test_pairs_join_rows_to_components():
    pairs = np.array([[1, 4], [4, 5], [2, 3]])
    assert first_in_component(pairs, 7).tolist() == [0, 1, 2, 2, 1, 1, 6]
    assert first_in_component(np.empty((0, 2), np.int64), 2).tolist() == [0, 1]
