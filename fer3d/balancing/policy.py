"""Which training images get which noise.

A class's policy is a fraction f and a mode. Each of the three noises takes floor(f n) images of
the n in the class, and adds a noisy copy of each or replaces them.
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

# `auto`: the rule behind the paper's table. From its class sizes, 6,582 to 10,432, these three
# numbers give its fractions back: 0.15, 1, 1, 0.1, replace 0.1, 0.2 (paper B, tables 4 and 5).
AUTO_TARGET = Fraction(91, 100)  # size after balancing, as a share of the largest class
AUTO_STEP = Fraction(5, 100)  # fractions are rounded to multiples of it
AUTO_REPLACED = Fraction(10, 100)  # share replaced in classes that need no more images

NOTHING = ClassPolicy(fraction=0, mode="add")

_LOGGER = logging.getLogger(__name__)


def class_policies(sizes: Mapping[str, int], params: BalanceParams) -> dict[str, ClassPolicy]:
    """The policy of each class.

    ``params.policy`` names it, or is ``none``, or ``auto``; a class that it does not name is
    treated as by ``auto``, so that noise never tells the classes apart. A name that no training
    image has is logged: it may be a slip.

    Args:
        sizes: training images by class.
    """
    if params.policy == "none":
        return dict.fromkeys(sizes, NOTHING)
    policies = {label: auto_policy(size, max(sizes.values())) for label, size in sizes.items()}
    if params.policy == "auto":
        return policies
    unknown = sorted(params.policy.keys() - sizes.keys())
    if unknown:
        _LOGGER.warning(
            "balance: warning: balance.policy names %s, which no training image has: a slip? "
            "The classes are %s",
            ", ".join(unknown),
            ", ".join(sizes),
        )
    return {label: params.policy.get(label, policy) for label, policy in policies.items()}


def auto_policy(size: int, largest: int) -> ClassPolicy:
    """Bring a class near the largest one.

    With three noises a class of n images becomes n (1 + 3 f), at most 4 n. Of a class that is
    large enough, the largest itself included, a tenth is replaced by each noise instead.

    Args:
        size: training images of the class.
        largest: training images of the largest class.
    """
    wanted = (AUTO_TARGET * largest / size - 1) / len(NOISES)
    fraction = floor(wanted / AUTO_STEP + Fraction(1, 2)) * AUTO_STEP
    if fraction <= 0:
        return ClassPolicy(fraction=float(AUTO_REPLACED), mode="replace")
    return ClassPolicy(fraction=float(min(fraction, Fraction(1))), mode="add")


def noisy_count(size: int, fraction: float) -> int:
    """floor(fraction x size) with the fraction as it is written: 0.29 of 100 is 29, not 28."""
    return floor(Fraction(str(fraction)) * size)


def choose(frame: pd.DataFrame, fraction: float, seed: int) -> dict[str, list[int]]:
    """The images of one class that each noise takes, at random.

    The class is put in a random order, and the noises take consecutive runs of it, starting over
    at its end: no image has two noises while others have none, and with a fraction of at most 1/3
    the three runs are disjoint. An image's place in the order comes from the seed and its SHA1
    alone, so a new image hardly changes which others are chosen.

    Args:
        frame: the class's rows of a manifest, in any order.

    Returns:
        For each noise ``noisy_count`` different index labels of ``frame``.
    """
    count, size = noisy_count(len(frame), fraction), len(frame)
    frame = frame.sort_values("id")  # decides between equal images
    keys = np.fromiter((_order_key(seed, sha1) for sha1 in frame["sha1"]), "S32", size)
    order = frame.index[np.argsort(keys, kind="stable")]
    return {
        noise.value: order[(start * count + np.arange(count)) % size].tolist()
        for start, noise in enumerate(NOISES)
    }


def _order_key(seed: int, sha1: str) -> bytes:
    return hashlib.sha256(f"{seed} {sha1}".encode()).digest()
