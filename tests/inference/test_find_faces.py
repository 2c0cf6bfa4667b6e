"""All faces of a photo, in pixels of the photo."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from fer3d.geometry.frames import rotation_from_pose
from fer3d.inference.find_faces import FaceFinder
from fer3d.inference.pipeline import PipelineParams
from fer3d.synthetic.draw import sample_spec
from fer3d.synthetic.model import load_model
from fer3d.synthetic.render import render
from fer3d.synthetic.spec import Pose
from fer3d.toolbox import Toolbox


def test_a_turned_photo_gives_the_same_face_turned(photo, defaults, assets_dir):
    finder = FaceFinder(defaults.part(PipelineParams), Toolbox(assets_dir))
    height, width = photo.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -12, 1)  # clockwise
    tilted = cv2.warpAffine(photo, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    turn = np.eye(3)
    turn[:2, :2] = matrix[:, :2]
    for face, turned in zip(finder(photo), finder(tilted), strict=True):
        roll = face.pose_source[2] - 12  # to their own left
        assert turned.pose_source[2] == pytest.approx(roll, abs=4)
        expected = rotation_from_pose(face.pose_source) @ turn.T
        left = Rotation.from_matrix(expected.T @ rotation_from_pose(turned.pose_source))
        assert np.degrees(left.magnitude()) < 5


def test_mtcnn_looks_twice_for_a_face_that_it_misses(defaults, assets_dir):
    strict = defaults.align.model_copy(update={"thresholds": (1.0, 1.0, 1.0)})  # it finds nothing
    asked = defaults.part(PipelineParams).model_copy(update={"align": strict})
    finder = FaceFinder(asked, Toolbox(assets_dir))
    spec = sample_spec(np.random.default_rng(3), "neutral", 128, 0)
    turned = replace(spec, pose=Pose(0.0, 50.0))
    (seen,) = finder(render(load_model(assets_dir), turned).image)
    assert seen.pose_source[1] == pytest.approx(50, abs=10)
    assert finder(np.full((90, 90, 3), 128, np.uint8)) == []
