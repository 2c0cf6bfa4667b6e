"""A small table of predictions, for tests of scores and of the report."""

import numpy as np
import pandas as pd
import pytest

CLASSES = ("anger", "fear", "joy & <tears>")


@pytest.fixture
def predictions() -> pd.DataFrame:
    """A table of predictions, validation and test, with all kinds of confusions."""
    rng = np.random.default_rng(1)
    labels = rng.choice(CLASSES, 90, p=[0.6, 0.3, 0.1])
    table = pd.DataFrame(
        {
            "id": [f"{i:03d}" for i in range(90)],
            "split": np.where(np.arange(90) < 40, "validation", "test"),
            "label": labels,
            "reconstructed": np.arange(90) % 5 > 0,
            "predicted": np.where(rng.random(90) < 0.7, labels, rng.choice(CLASSES, 90)),
        }
    )
    return table.assign(**{f"p_{name}": np.float32(1 / 3) for name in CLASSES})
