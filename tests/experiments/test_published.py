"""The paper's figures, against the paper's own counts."""

import numpy as np
import pytest

from fer3d.experiments.published import PUBLISHED

TEST_IMAGES = {  # paper A, table 1, in the order of the classes
    "raf": (195, 34, 97, 791, 299, 99, 410),
    "ck": (83, 25, 59, 69, 28, 45, 18),
    "oulu": (240,) * 6,
}
MISPRINTED = {  # figures that the paper prints and that do not follow from its counts
    "recall": {("raf", "Jung-2015", "fear"), ("raf", "Jung-2015", "happiness")},
    "class accuracy": {("raf", "Jung-2015"), ("raf", "Zhang-2017")},
    "accuracy": {("oulu", "Zeng-2018")},
}
ROWS = [(data, model) for data, part in PUBLISHED.items() for model in part.models]


@pytest.mark.parametrize(("data", "model"), ROWS)
def test_a_row_follows_from_whole_numbers_of_images(data: str, model: str) -> None:
    published, counts = PUBLISHED[data], np.array(TEST_IMAGES[data])
    recalls = np.array(published.models[model][: len(counts)])
    hits = np.round(recalls * counts / 100)
    for name, recall, nearest in zip(published.classes, recalls, 100 * hits / counts, strict=True):
        wrong = (data, model, name) in MISPRINTED["recall"]
        assert wrong != (recall == pytest.approx(nearest, abs=0.006)), name
    accuracy, *class_accuracy = published.models[model][len(counts) :]
    if (data, model) not in MISPRINTED["accuracy"]:
        assert accuracy == pytest.approx(100 * hits.sum() / counts.sum(), abs=0.06)
    if class_accuracy and (data, model) not in MISPRINTED["class accuracy"]:
        assert class_accuracy[0] == pytest.approx(recalls.mean(), abs=0.011)


@pytest.mark.parametrize("data", PUBLISHED)
def test_the_whole_network_is_the_papers_model(data: str) -> None:
    published = PUBLISHED[data]
    scores = published.models["Our Model"][len(published.classes) :]
    assert tuple(published.ablation["whole"]) == tuple(scores)


def test_rows_of_the_published_confusion_are_whole() -> None:
    confusion = np.array(PUBLISHED["raf"].confusion)
    np.testing.assert_allclose(confusion.sum(axis=1), 100, atol=0.15)
    recalls = PUBLISHED["raf"].models["Our Model"][:7]
    np.testing.assert_allclose(np.diagonal(confusion), recalls, atol=1.1)
