"""Properties of all compared networks."""

from pathlib import Path
from subprocess import run
from sys import executable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from fer3d.networks.compared.contract import ComparedNetwork, channel_statistics
from fer3d.networks.compared.inc2016 import Inc2016
from fer3d.networks.compared.jung2015 import DTAN, DTGN, Jung2015
from fer3d.networks.compared.li2017 import Li2017
from fer3d.networks.compared.zeng2018 import Zeng2018, ZengBase
from fer3d.networks.compared.zhang2017 import MSCNN, PHRNN, Zhang2017
from fer3d.networks.config import NetworkConfig
from fer3d.networks.fusion import FusionNetwork

NETWORKS = (Li2017, DTAN, DTGN, Jung2015, MSCNN, PHRNN, Zhang2017, Inc2016, ZengBase, Zeng2018)
STAGES = ((16, 32, 1), (16, 48, 2), (16, 64, 1))
SMALL = {  # quick to build
    Li2017: {"side": 24},
    DTAN: {"side": 16},
    Jung2015: {"side": 16},
    ZengBase: {"stages": STAGES},
    Zeng2018: {"stages": STAGES},
}
Inputs = dict[str, Tensor]


@pytest.fixture(params=NETWORKS, ids=lambda network: network.__name__)
def network(request: pytest.FixtureRequest) -> ComparedNetwork:
    return _made(request.param)


def _made(kind: type[ComparedNetwork]) -> ComparedNetwork:
    torch.manual_seed(0)
    return kind(5, **SMALL.get(kind, {}))


def test_it_takes_the_inputs_of_the_projects_network(network: ComparedNetwork, inputs: Inputs):
    inputs |= {"shading": torch.rand(6, 1, 100, 100)}
    ours = FusionNetwork(NetworkConfig(), 5).eval()(**inputs)
    assert network.eval()(**inputs).shape == ours.shape == (6, 5)


def test_probabilities_are_finite_without_landmarks_too(network: ComparedNetwork, inputs: Inputs):
    rows = network.eval().probabilities(**inputs)
    assert rows.dtype == torch.float32
    torch.testing.assert_close(rows.sum(dim=1), torch.ones(6))


def test_a_face_does_not_depend_on_the_others(network: ComparedNetwork, inputs: Inputs):
    together = network.eval().probabilities(**inputs)
    alone = network.probabilities(**{name: values[3:4] for name, values in inputs.items()})
    torch.testing.assert_close(alone, together[3:4])


def test_reduced_inputs_give_the_same_logits(network: ComparedNetwork, inputs: Inputs):
    reduced = network.reduced(inputs)
    torch.testing.assert_close(network.eval()(**reduced), network(**inputs))


def test_stored_pixels_are_reduced_to_fractions(network: ComparedNetwork, inputs: Inputs):
    pixels = {
        "image": torch.randint(0, 256, (6, 3, 100, 100), dtype=torch.uint8),
        "shading": torch.randint(0, 256, (6, 1, 100, 100), dtype=torch.uint8),
    }
    reduced = network.reduced(inputs | pixels)
    expected = network.reduced(inputs | {name: values / 255 for name, values in pixels.items()})
    assert reduced.keys() == expected.keys()
    for name, values in reduced.items():
        torch.testing.assert_close(values, expected[name], equal_nan=True)


def test_a_step_moves_every_weight(network: ComparedNetwork, inputs: Inputs):
    labels = torch.tensor([0, 1, 2, 3, 0, 1])
    if isinstance(network, Zeng2018):
        labels = torch.stack([labels, labels.flip(0)], dim=1)
    loss, logits = network.train().objective(inputs, labels, F.cross_entropy)
    loss.backward()
    assert logits.shape == (6, 5)
    still = {name for name, values in network.named_parameters() if not _moves(values)}
    # One frame: the state before it is zero, and so is the gradient of what is multiplied by it.
    assert all("weight_hh" in name for name in still)


def _moves(values: Tensor) -> bool:
    return values.grad is not None and bool(values.grad.isfinite().all() and values.grad.any())


def test_equal_seeds_give_equal_networks(network: ComparedNetwork) -> None:
    for name, values in _made(type(network)).state_dict().items():
        assert torch.equal(values, network.state_dict()[name])


def test_training_images_set_the_standardization(network: ComparedNetwork, inputs: Inputs):
    network.calibrate([inputs, {name: values + 0 for name, values in inputs.items()}])
    if network.pixels is not None:
        seen = network.pixels.reduced(inputs["image"])
        torch.testing.assert_close(network.pixels.mean.flatten(), seen.mean(dim=(0, 2, 3)))


def test_channel_statistics_do_not_depend_on_the_parts() -> None:
    images = torch.rand(9, 3, 5, 5)
    mean, std = channel_statistics(images.split(4))
    torch.testing.assert_close(mean, images.mean(dim=(0, 2, 3)))
    torch.testing.assert_close(std, images.std(dim=(0, 2, 3), correction=0))


def test_no_training_images_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one training image"):
        channel_statistics([])


def test_compared_models_need_no_image_or_3d_library() -> None:
    """Like ``tests/networks/test_imports.py`` for the rest of the room."""
    folder = Path(__file__).parents[3] / "fer3d" / "networks" / "compared"
    names = ", ".join(f"fer3d.networks.compared.{file.stem}" for file in folder.glob("[a-z]*.py"))
    heavy = "{'cv2', 'open3d', 'dlib', 'skimage', 'sklearn', 'ai_edge_litert', 'PIL'}"
    program = f"import sys, torch; old = set(sys.modules); import {names}; "
    program += f"print(sorted({heavy} & (set(sys.modules) - old)))"
    done = run([executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
