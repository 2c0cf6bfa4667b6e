"""Figures published in paper A, tables 2 to 7, for comparison; accuracies in per cent.

The row Li-2017 of table 2 is not fully legible in the available text. Its recalls were restored as
whole numbers of the test images in table 1. They agree with the class accuracy, which is legible,
and with an accuracy of 78.85 % of 1,924 images, the number that the accuracies of the other rows
are fractions of (table 1 has 1,925).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

ABBREVIATIONS: Mapping[str, str] = {  # in the order of the paper's columns
    "surprise": "SU",
    "fear": "FE",
    "disgust": "DI",
    "happiness": "HA",
    "sadness": "SA",
    "anger": "AN",
    "neutral": "NE",
    "contempt": "CO",
}


@dataclass(frozen=True)
class Published:
    """Published figures of one data set.

    Attributes:
        table: number of the table of ``models``.
        name: name of the data set.
        test: test protocol.
        classes: classes of the columns of ``models``.
        models: by model, recall of each class, then accuracy and, if given, class accuracy.
        ablation: by branches, accuracy and, if given, class accuracy.
        confusion: rows are true classes, columns predicted ones, in the order of ``classes``; empty
            if the paper has none.
    """

    table: int
    name: str
    test: str
    classes: Sequence[str]
    models: Mapping[str, Sequence[float]]
    ablation: Mapping[str, Sequence[float]]
    confusion: Sequence[Sequence[float]] = field(default=())


_RAF = Published(
    table=2,
    name="RAF-subset",
    test="official test images, 1,925",
    classes=("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral"),
    models={
        "Li-2017": (60.51, 44.12, 42.27, 91.02, 67.22, 63.64, 87.56, 78.85, 65.19),
        "Jung-2015": (73.85, 41.76, 37.11, 92.65, 72.24, 69.70, 80.73, 80.14, 66.78),
        "Zhang-2017": (69.74, 38.24, 31.96, 91.78, 72.91, 57.58, 72.93, 76.92, 64.01),
        "Fabian-2016": (56.41, 29.41, 24.74, 90.52, 47.83, 49.5, 80.49, 71.83, 54.13),
        "INC-2016": (62.05, 26.47, 37.11, 86.85, 66.22, 55.56, 55.37, 69.28, 55.66),
        "Zeng-2018": (67.69, 47.06, 42.27, 92.41, 68.90, 61.62, 83.41, 79.47, 66.19),
        "Our Model": (75.38, 41.18, 38.14, 94.31, 71.91, 70.71, 83.17, 81.60, 67.83),
        "Our Model (FL)": (73.33, 64.71, 57.73, 92.92, 72.58, 75.76, 81.95, 82.29, 74.14),
    },
    ablation={
        "base": (78.69, 64.96),
        "base-landmark": (79.62, 68.37),
        "base-3d": (79.73, 67.80),
        "whole": (81.60, 67.83),
    },
    confusion=(
        (75.4, 0.0, 2.1, 4.6, 2.6, 3.6, 11.8),
        (23.5, 41.2, 0.0, 0.0, 14.7, 11.8, 8.8),
        (1.0, 1.0, 37.1, 15.5, 9.3, 13.4, 22.7),
        (0.5, 0.0, 0.6, 94.3, 1.0, 0.3, 3.3),
        (1.0, 0.3, 5.7, 6.4, 71.9, 2.0, 12.7),
        (5.1, 0.0, 10.1, 7.1, 1.0, 70.7, 6.1),
        (1.7, 0.2, 3.9, 4.9, 5.9, 0.2, 83.2),
    ),
)
_CK = Published(
    table=3,
    name="CK+",
    test="10-fold cross validation, 327 images",
    classes=("surprise", "fear", "disgust", "happiness", "sadness", "anger", "contempt"),
    models={
        "Li-2017": (100.00, 56.00, 93.22, 97.10, 57.14, 82.22, 55.56, 86.24, 77.32),
        "Jung-2015": (100.00, 92.00, 89.83, 98.55, 75.00, 80.00, 50.00, 89.60, 83.63),
        "Zhang-2017": (97.59, 92.00, 96.61, 100.00, 60.71, 91.11, 44.44, 90.52, 83.21),
        "Fabian-2016": (100.00, 84.00, 96.61, 98.55, 85.71, 86.67, 55.56, 92.35, 86.73),
        "INC-2016": (95.18, 48.00, 88.14, 97.10, 60.71, 75.56, 50.00, 82.57, 73.53),
        "Zeng-2018": (95.18, 48.00, 89.83, 94.20, 60.71, 88.89, 50.00, 84.10, 75.26),
        "Our Model": (100.00, 84.00, 94.92, 100.00, 85.71, 97.78, 83.33, 95.41, 92.25),
    },
    ablation={
        "base": (85.93, 77.89),
        "base-landmark": (93.88, 90.78),
        "base-3d": (92.04, 88.57),
        "whole": (95.41, 92.25),
    },
)
_OULU = Published(
    table=5,
    name="OULU-CASIA",
    test="10-fold cross validation, 1,440 images",
    classes=("surprise", "fear", "disgust", "happiness", "sadness", "anger"),
    models={
        "Li-2017": (49.58, 95.00, 72.92, 85.83, 72.08, 66.25, 73.61),
        "Jung-2015": (45.83, 76.67, 61.25, 97.50, 62.92, 56.67, 66.81),
        "Zhang-2017": (87.08, 93.33, 61.67, 92.08, 68.33, 90.83, 82.22),
        "Fabian-2016": (68.75, 92.92, 65.00, 91.67, 72.50, 79.17, 78.33),
        "INC-2016": (50.00, 80.83, 61.25, 52.50, 62.08, 70.00, 62.78),
        "Zeng-2018": (66.25, 61.67, 82.92, 55.83, 62.92, 52.08, 61.02),
        "Our Model": (87.50, 98.33, 72.08, 89.17, 83.33, 78.75, 84.86),
    },
    ablation={
        "base": (76.11,),
        "base-landmark": (76.60,),
        "base-3d": (77.36,),
        "whole": (84.86,),
    },
)
PUBLISHED: Mapping[str, Published] = {"raf": _RAF, "ck": _CK, "oulu": _OULU}

# Table 7: seconds per frame including preprocessing, on two Titan X. The row of Zhang is labelled
# Zhang-2019 there; Zeng-2018 is not printed.
PUBLISHED_SECONDS: Mapping[str, float] = {
    "Li-2017": 0.084,
    "Jung-2015": 0.086,
    "Zhang-2017": 0.090,
    "Fabian-2016": 0.089,
    "INC-2016": 0.097,
    "Whole": 0.123,
}
