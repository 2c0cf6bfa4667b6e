"""Which training images get which noise.

The policy of a class is a fraction f and a mode. Each of the three noises selects floor(f n) of the
n images in the class, and adds a noisy copy of each or replaces it.
"""

import hashlib
import logging
from collections.abc import Mapping
from fractions import Fraction
from math import floor

import numpy as np
import pandas as pd

from fer3d.balancing.noise import NOISES
from fer3d.balancing.params import BalanceParams, ClassPolicy

# `auto`: a rule that reproduces the paper's table. For its class sizes, 6,582 to 10,432, these
# values give its fractions: 0.15, 1, 1, 0.1, replace 0.1, 0.2 (paper B, tables 4 and 5).
AUTO_TARGET = Fraction(91, 100)  # size after balancing, as a fraction of the largest class
AUTO_STEP = Fraction(5, 100)  # fractions are rounded to multiples of this
AUTO_REPLACED = Fraction(10, 100)  # fraction replaced in classes that need no more images

NOTHING = ClassPolicy(fraction=0, mode="add")

_LOGGER = logging.getLogger(__name__)


def class_policies(sizes: Mapping[str, int], params: BalanceParams) -> dict[str, ClassPolicy]:
    """The policy of each class.

    ``params.policy`` lists policies by class, or is ``none`` or ``auto``. A class that is not
    listed is treated as with ``auto``, so that noise does not become a feature of some classes.
    A listed class without training images is logged, because it may be a typing error.

    Args:
        sizes: number of training images by class.
    """
    if params.policy == "none":
        return dict.fromkeys(sizes, NOTHING)
    policies = {label: auto_policy(size, max(sizes.values())) for label, size in sizes.items()}
    if params.policy == "auto":
        return policies
    unknown = sorted(params.policy.keys() - sizes.keys())
    if unknown:
        _LOGGER.warning(
            "balance: warning: balance.policy lists %s, which has no training image (typing "
            "error?); the classes are %s",
            ", ".join(unknown),
            ", ".join(sizes),
        )
    return {label: params.policy.get(label, policy) for label, policy in policies.items()}


def auto_policy(size: int, largest: int) -> ClassPolicy:
    """The policy that brings a class near the size of the largest one.

    With three noises a class of n images grows to n (1 + 3 f), at most 4 n. In classes that are
    large enough, the largest one included, each noise replaces a tenth instead.

    Args:
        size: number of training images of the class.
        largest: number of training images of the largest class.
    """
    wanted = (AUTO_TARGET * largest / size - 1) / len(NOISES)
    fraction = floor(wanted / AUTO_STEP + Fraction(1, 2)) * AUTO_STEP
    if fraction <= 0:
        return ClassPolicy(fraction=float(AUTO_REPLACED), mode="replace")
    return ClassPolicy(fraction=float(min(fraction, Fraction(1))), mode="add")


def noisy_count(size: int, fraction: float) -> int:
    """floor(fraction x size) in decimal arithmetic: 0.29 of 100 is 29, not 28."""
    return floor(Fraction(str(fraction)) * size)


def choose(frame: pd.DataFrame, fraction: float, seed: int) -> dict[str, list[int]]:
    """Select the images of one class for each noise, at random.

    The class is put in a random order, and the noises get consecutive runs of it, cyclically: no
    image gets two noises while others have none, and with a fraction of at most 1/3 the three runs
    are disjoint. The position of an image depends only on the seed and its SHA-1, so that a new
    image hardly changes the selection.

    Args:
        frame: the class's rows of a manifest, in any order.

    Returns:
        For each noise, ``noisy_count`` different index labels of ``frame``.
    """
    count, size = noisy_count(len(frame), fraction), len(frame)
    frame = frame.sort_values("id")  # the order of equal images
    keys = np.fromiter((_order_key(seed, sha1) for sha1 in frame["sha1"]), "S32", size)
    order = frame.index[np.argsort(keys, kind="stable")]
    return {
        noise.value: order[(start * count + np.arange(count)) % size].tolist()
        for start, noise in enumerate(NOISES)
    }


def _order_key(seed: int, sha1: str) -> bytes:
    return hashlib.sha256(f"{seed} {sha1}".encode()).digest()
