import numpy as np
import pytest

from fer3d.errors import UserError
from fer3d.reconstruction.topology import mirror_indices
from fer3d.synthetic import anatomy
from fer3d.synthetic.action_units import ACTION_UNITS
from fer3d.synthetic.draw import sample_identity
from fer3d.synthetic.identity import IDENTITY_MODES
from fer3d.synthetic.model import load_model

LEFT_MOUTH_CORNER = 291
UPPER_LID, LOWER_LID = anatomy.LEFT_EYE_UPPER[4], anatomy.LEFT_EYE_LOWER[4]
UPPER_LIP, LOWER_LIP = anatomy.LIPS_INNER_UPPER[5], anatomy.LIPS_INNER_LOWER[5]


def height(face, vertex):
    return face[vertex, 1]


def test_without_action_units_and_identity_the_face_rests(model, nobody, units):
    np.testing.assert_array_equal(model.vertices(nobody, units({})), model.rest)


def test_a_face_is_identity_plus_expression(model, nobody, units):
    person, smile = sample_identity(np.random.default_rng(1)), units({6: 0.5, 12: 1.0})
    moved = model.vertices(person, smile) - model.vertices(person, units({}))
    np.testing.assert_allclose(moved, model.vertices(nobody, smile) - model.rest, atol=1e-12)


def test_leading_dimensions_are_batches(model, nobody, units):
    people = np.stack([nobody, nobody + 1.0])
    expressions = np.stack([units({}), units({4: 1.0})])
    batch = model.vertices(people, expressions)
    assert batch.shape == (2, 468, 3)
    np.testing.assert_allclose(batch[1], model.vertices(people[1], expressions[1]))


def test_every_mode_and_unit_moves_the_face_within_reason(model):
    assert model.identity_modes.shape == (len(IDENTITY_MODES), 468, 3)
    assert model.unit_displacements.shape == (len(ACTION_UNITS), 468, 3)
    for field in (*model.identity_modes, *model.unit_displacements):
        assert 0.02 < np.abs(field).max() < 3.0  # cm


def test_action_units_move_both_sides_alike(model):
    mirror = mirror_indices(model.reference)
    mirrored = model.unit_displacements[:, mirror] * np.array([-1.0, 1.0, 1.0])
    np.testing.assert_allclose(mirrored, model.unit_displacements, atol=1e-9)


@pytest.mark.parametrize(
    ("unit", "vertex", "direction"),
    [
        (1, anatomy.LEFT_BROW_UPPER[0], 1),
        (2, anatomy.LEFT_BROW_UPPER[3], 1),
        (4, anatomy.LEFT_BROW_UPPER[0], -1),
        (5, UPPER_LID, 1),
        (7, LOWER_LID, 1),
        (10, anatomy.LIPS_OUTER_UPPER[4], 1),
        (12, LEFT_MOUTH_CORNER, 1),
        (15, LEFT_MOUTH_CORNER, -1),
        (26, anatomy.CHIN, -1),
        (43, UPPER_LID, -1),
    ],
)
def test_a_unit_moves_its_part_of_the_face_up_or_down(
    model, nobody, units, unit, vertex, direction
):
    moved = model.vertices(nobody, units({unit: 1.0})) - model.rest
    assert direction * moved[vertex, 1] > 0.1  # cm


def test_stretched_lips_are_wider_and_smiling_ones_too(model, nobody, units):
    corner = LEFT_MOUTH_CORNER
    for unit in (12, 20):
        assert model.vertices(nobody, units({unit: 1.0}))[corner, 0] > model.rest[corner, 0] + 0.5


def test_the_jaw_opens_the_mouth_and_the_lids_close_the_eye(model, nobody, units):
    opened = model.vertices(nobody, units({25: 1.0, 26: 1.0}))
    assert height(opened, UPPER_LIP) - height(opened, LOWER_LIP) > 1.5
    assert height(model.rest, UPPER_LIP) - height(model.rest, LOWER_LIP) < 0.1
    closed = model.vertices(nobody, units({43: 1.0}))
    assert abs(height(closed, UPPER_LID) - height(closed, LOWER_LID)) < 0.15
    assert height(model.rest, UPPER_LID) - height(model.rest, LOWER_LID) > 0.7


def test_openings_are_the_triangles_between_the_rims(model):
    # a ring of n vertices is closed by n - 2 triangles
    counts = np.bincount(model.part)
    assert counts.tolist() == [852, 14, 14, 18]


def test_a_missing_model_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"canonical_face_model\.pt is missing"):
        load_model(tmp_path)
