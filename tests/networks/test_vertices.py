"""The vertices branch."""

import pytest
import torch

from fer3d.networks.branches.vertices import VerticesNetwork, mirror_partners
from fer3d.networks.config import NetworkConfig
from fer3d.networks.fusion import FusionNetwork
from fer3d.networks.inputs import MAX_VERTICES, sparse_vertices

HALF = torch.tensor([[1.0, 0.0, 2.0], [2.0, 1.0, 1.0], [3.0, -1.0, 0.0]])
FACE = torch.cat([HALF, HALF * torch.tensor([-1.0, 1.0, 1.0]), torch.tensor([[0.0, 5.0, 1.0]])])


@pytest.fixture
def branch() -> VerticesNetwork:
    torch.manual_seed(0)
    branch = VerticesNetwork(points=len(FACE))
    branch.standardize_by(FACE, torch.full_like(FACE, 0.1))
    return branch.eval()


def test_partners_of_a_symmetric_face_change_sides_and_come_back() -> None:
    partners = mirror_partners(FACE)
    assert partners.tolist() == [3, 4, 5, 0, 1, 2, 6]
    assert torch.equal(FACE[partners] * torch.tensor([-1.0, 1.0, 1.0]), FACE)


def test_what_counts_is_the_displacement_from_the_mean_in_its_spread(
    branch: VerticesNetwork,
) -> None:
    displaced = torch.randn(2, len(FACE), 3)
    seen = branch(FACE + 0.1 * displaced)
    branch.standardize_by(2 * FACE, torch.full_like(FACE, 0.3))
    torch.testing.assert_close(branch(2 * FACE + 0.3 * displaced), seen, rtol=1e-3, atol=1e-4)


def test_a_face_that_was_not_reconstructed_is_the_mean_face(branch: VerticesNetwork) -> None:
    unknown = torch.full((1, len(FACE), 3), torch.nan)
    assert torch.equal(branch(unknown, torch.tensor([False])), branch(FACE[None]))


def test_a_vertex_that_never_moves_is_not_divided_by(branch: VerticesNetwork) -> None:
    branch.standardize_by(FACE, torch.zeros_like(FACE))
    assert branch(FACE[None]).isfinite().all()


def test_the_branch_joins_the_others() -> None:
    config = NetworkConfig(base=False, shading=False, vertices=True)
    network = FusionNetwork(config, 7, vertices=len(FACE)).eval()
    landmarks = torch.rand(2, 68, 2)
    assert network.embed(landmarks=landmarks, vertices=FACE.expand(2, -1, -1)).shape == (2, 256)
    with pytest.raises(ValueError, match="vertices branch is on"):
        network(landmarks=landmarks)


@pytest.mark.parametrize(("vertices", "taken"), [(468, 468), (1024, 1024), (1025, 513)])
def test_of_a_dense_mesh_every_nth_vertex_is_taken(vertices: int, taken: int) -> None:
    mesh = torch.arange(2 * vertices * 3).view(2, vertices, 3).numpy()
    chosen = sparse_vertices(mesh)
    assert chosen.shape == (2, taken, 3) and taken <= MAX_VERTICES
    assert (chosen[:, 1] == mesh[:, -(-vertices // MAX_VERTICES)]).all()
