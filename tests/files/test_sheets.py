import numpy as np

from fer3d.files.sheets import contact_sheet


def test_contact_sheet_has_a_cell_for_every_picture():
    red = np.full((10, 20, 3), (255, 0, 0), np.uint8)
    sheet = contact_sheet([[red, red], [red]], cell=20, gap=2)
    assert sheet.shape == (46, 46, 3)
    assert (sheet == (255, 0, 0)).all(axis=2).sum() == 3 * 20 * 10
