"""Kernel subclass discriminant analysis (KSDA), with the methods of a scikit-learn estimator.

Each class is divided into H subclasses. Samples are projected in kernel space on the directions
that maximise the scatter of subclass means of different classes relative to the total scatter. H
and the kernel's width maximise a criterion for subclasses of different classes that are far apart
and have similar covariances.
Source: You, Hamsici and Martinez 2011, "Kernel optimization in discriminant analysis"; subclasses:
Zhu and Martinez 2006, "Subclass discriminant analysis".
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from fer3d.networks.compared.subclasses import TINY, criterion, divide, owners_of

RIDGE = 1e-4  # added to the diagonal of the total scatter matrix, which is singular
SUBCLASSES = (1, 2, 3, 4, 5)  # numbers per class, of which the best is used
MIN_EIGENVALUE = 1e-9  # relative to the largest; smaller ones are rounding errors
MAX_STEPS = 15  # of the search for the kernel's width, which converges in a few


class KernelSubclassDiscriminant(nn.Module):
    """Projection by KSDA and the nearest subclass mean.

    The state is in buffers, so that it is saved and moved like that of a network. Distances between
    samples are computed in float32, everything else in float64, because coefficients may be large.

    Chosen here: projections are scaled to unit variance on the training samples, which makes the
    distance to a subclass mean independent of the number of samples.
    """

    support: Tensor  # (L, D) float32, training samples
    coefficients: Tensor  # (L, A) float64, of the projections
    means: Tensor  # (Q, A) float64, of the subclasses, projected
    owners: Tensor  # (Q,) int64, the class of each subclass
    scale: Tensor  # () float64, s of the kernel

    def __init__(
        self,
        classes: int,
        *,
        kernel: str = "gaussian",
        subclasses: Sequence[int] = SUBCLASSES,
        ridge: float = RIDGE,
        shape: tuple[int, int, int] = (0, 0, 0),
    ):
        """
        Args:
            classes: C.
            kernel: gaussian, exp(-|a - b|^2 / 2 s^2) | linear, a . b.
            subclasses: candidate numbers of subclasses per class, H.
            ridge: added to the diagonal of the total scatter in kernel space.
            shape: (L, D, Q) of a state to load.
        """
        super().__init__()
        self.classes, self.kernel, self.ridge = classes, kernel, ridge
        self.subclasses = tuple(subclasses)
        samples, features, count = shape
        self._keep(
            torch.zeros(samples, features),
            torch.zeros(samples, max(count - 1, 0), dtype=torch.float64),
            torch.zeros(count, max(count - 1, 0), dtype=torch.float64),
            torch.zeros(count, dtype=torch.int64),
            torch.ones((), dtype=torch.float64),
        )

    @property
    def shape(self) -> tuple[int, int, int]:
        """(L, D, Q): samples, their features, subclasses."""
        return (*self.support.shape, len(self.owners))

    @torch.no_grad()
    def fit(self, samples: Tensor, labels: Tensor) -> "KernelSubclassDiscriminant":
        """Choose H and s, and compute the projections.

        Args:
            samples: (L, D) float32.
            labels: (L,) int64, 0 .. C - 1.

        Returns:
            The estimator itself.

        Raises:
            ValueError: samples of fewer than two classes.
        """
        if len(labels.unique()) < 2:
            raise ValueError("discriminant analysis needs samples of at least two classes")
        squares = squared_distances(samples, samples).fill_diagonal_(0)
        parts, scale = self._choose(samples, squares, labels)
        kernel = self._kernel(samples, samples, scale, squares)
        coefficients, means = project(kernel, parts, labels, self.ridge)
        width = torch.tensor(scale, dtype=torch.float64, device=samples.device)
        self._keep(samples, coefficients, means, owners_of(parts, labels), width)
        return self

    @torch.no_grad()
    def transform(self, samples: Tensor) -> Tensor:
        """(N, D) to the projections, (N, A) float64."""
        return self._kernel(samples, self.support, self.scale) @ self.coefficients

    @torch.no_grad()
    def decision_function(self, samples: Tensor) -> Tensor:
        """Minus the squared distance to the nearest subclass mean of each class.

        Args:
            samples: (N, D) float32.

        Returns:
            (N, C) float32; minus infinity for classes without training samples.
        """
        squares = squared_distances(self.transform(samples), self.means)
        scores = squares.new_full((len(samples), self.classes), -torch.inf)
        index = self.owners.expand(len(samples), -1)
        return scores.scatter_reduce(1, index, -squares, "amax", include_self=True).float()

    def predict(self, samples: Tensor) -> Tensor:
        """(N, D) to class numbers, (N,) int64."""
        return self.decision_function(samples).argmax(dim=1)

    def _keep(self, *state: Tensor) -> None:
        names = ("support", "coefficients", "means", "owners", "scale")
        for name, values in zip(names, state, strict=True):
            self.register_buffer(name, values)

    def _kernel(
        self,
        samples: Tensor,
        others: Tensor,
        scale: float | Tensor,
        squares: Tensor | None = None,
    ) -> Tensor:
        """(N, L) float64; ``squares``: the squared distances, if known."""
        if self.kernel == "linear":
            return samples.double() @ others.double().T
        if squares is None:
            squares = squared_distances(samples, others)
        return gaussian(squares.double(), scale)

    def _choose(
        self, samples: Tensor, squares: Tensor, labels: Tensor
    ) -> tuple[list[Tensor], float]:
        """The subclasses, each (n,) int64 of sample numbers, and the kernel's s."""
        smallest = int(labels.bincount()[labels.unique()].min())
        counts = [count for count in self.subclasses if count <= smallest]
        tried = []
        for count in counts or [min(self.subclasses)]:
            parts = divide(squares, labels, count)
            tried.append((*self._best_scale(samples, squares, parts, labels), parts))
        _, scale, parts = max(tried, key=lambda found: found[0])  # the first of equal values
        return parts, scale

    def _best_scale(
        self, samples: Tensor, squares: Tensor, parts: list[Tensor], labels: Tensor
    ) -> tuple[float, float]:
        """The largest criterion for these subclasses, and the s that gives it."""
        from scipy.optimize import minimize  # not needed for training networks

        order = torch.cat(parts)
        sizes = [len(part) for part in parts]
        owners = owners_of(parts, labels)
        if self.kernel == "linear":
            kernel = self._kernel(samples, samples, 1.0, squares)[order][:, order]
            return criterion(kernel, sizes, owners), 1.0
        sorted_squares = squares[order][:, order]
        start = max(float(squares.double().mean() / 2), TINY) ** 0.5

        def cost(log_ratio: np.ndarray) -> float:
            scale = start * float(np.exp(log_ratio[0]))
            return -criterion(gaussian(sorted_squares.double(), scale), sizes, owners)

        options = {"maxiter": MAX_STEPS, "gtol": 1e-4}
        found = minimize(cost, np.zeros(1), method="BFGS", options=options)
        return -float(found.fun), start * float(np.exp(found.x[0]))


def squared_distances(first: Tensor, second: Tensor) -> Tensor:
    """(N, D) and (L, D) to the squared distances of all pairs, (N, L)."""
    lengths = first.square().sum(dim=1)[:, None] + second.square().sum(dim=1)[None, :]
    return torch.addmm(lengths, first, second.T, alpha=-2).clamp_min(0)


def gaussian(squares: Tensor, scale: float | Tensor) -> Tensor:
    """exp(-d^2 / 2 s^2) of squared distances, any shape."""
    return (squares / (-2 * scale**2)).exp()


def project(
    kernel: Tensor, parts: Sequence[Tensor], labels: Tensor, ridge: float
) -> tuple[Tensor, Tensor]:
    """The Q - 1 leading eigenvectors of (K B K + ridge I)^-1 K A K, and the projected means.

    A is the scatter of subclass means of different classes, B the centring. A has a rank of Q - 1,
    so that one Cholesky factorization and an eigenproblem of Q x Q give them.

    Args:
        kernel: (L, L) float64.
        parts: the subclasses, (n,) int64 of sample numbers each.
        labels: (L,) int64.
        ridge: added to the diagonal.

    Returns:
        Coefficients (L, Q - 1), projections of unit variance; means (Q, Q - 1); float64.
    """
    means = torch.stack([kernel[:, part].mean(dim=1) for part in parts], dim=1)  # (L, Q)
    between = means @ _scatter_root(parts, labels, kernel)
    total = kernel.sum(dim=1, keepdim=True)
    scatter = kernel @ kernel.T - total @ total.T / len(kernel)
    scatter.diagonal().add_(ridge)
    solved = torch.cholesky_solve(between, torch.linalg.cholesky(scatter))
    values, vectors = torch.linalg.eigh(between.T @ solved)
    values, vectors = values.flip(0)[: len(parts) - 1], vectors.flip(1)[:, : len(parts) - 1]
    real = values > MIN_EIGENVALUE * values.max()  # fewer in a space of few dimensions
    unit = torch.where(real, len(kernel) / values.clamp_min(TINY), 0.0).sqrt()
    coefficients = solved @ vectors * unit
    return coefficients, means.T @ coefficients


def _scatter_root(parts: Sequence[Tensor], labels: Tensor, like: Tensor) -> Tensor:
    """(Q, Q), R with R R^T = sum of p_i p_j (e_i - e_j)(e_i - e_j)^T over pairs of two classes."""
    owners = owners_of(parts, labels)
    shares = like.new_tensor([len(part) for part in parts]) / len(labels)
    weights = shares[:, None] * shares[None, :] * (owners[:, None] != owners[None, :])
    values, vectors = torch.linalg.eigh(weights.sum(dim=1).diag() - weights)
    return vectors * values.clamp_min(0).sqrt()
