"""Differences between configurations: whether and where the 3D branch helps."""

from collections.abc import Iterator, Sequence

from fer3d.experiments.cells import TITLES, Configuration, own
from fer3d.experiments.contrasts import contrast_table
from fer3d.experiments.formats import UNDEFINED, ResultTable, TableEntry, Value
from fer3d.experiments.groups import Group
from fer3d.experiments.results import Bootstrap, CellResults, Difference
from fer3d.experiments.statistics import McNemar, mcnemar

QUESTIONS = (  # two sets of branches, and what the second one adds
    ("base", "whole", "3D and landmarks"),
    ("base", "base-3d", "3D"),
    ("base-landmark", "whole", "3D, landmarks being there"),
    ("base", "whole-vertices", "3D, landmarks and vertices"),
    ("base", "base-vertices", "vertices"),
    ("whole", "whole-vertices", "vertices, the rest being there"),
    ("base", "base-features", "features of the mesh network"),
    ("base", "base-vertices-features", "vertices and features"),
    ("base-vertices", "base-vertices-features", "features, vertices being there"),
)
WHOLES = ("whole", "whole-vertices")  # the first one of the matrix is compared with Base in detail
SMALLEST = 0.0001  # smaller p-values are written as < 0.0001


def pairs(results: CellResults) -> Iterator[tuple[Configuration, Configuration, str]]:
    """Pairs of configurations that differ only in branches, as in ``QUESTIONS``."""
    for preset, loss in dict.fromkeys((c.preset, c.loss) for c in own(results.predicted)):
        for without, having, what in QUESTIONS:
            pair = (Configuration(preset, without, loss), Configuration(preset, having, loss))
            if all(configuration in results.predicted for configuration in pair):
                yield *pair, what


def whole_against_base(results: CellResults) -> list[tuple[Configuration, Configuration]]:
    """Base and Whole of each preset and loss that has both; Whole+Vertices if there is no Whole."""
    found: dict[tuple[str, str], tuple[Configuration, Configuration]] = {}
    for having in WHOLES:
        for first, second, _ in pairs(results):
            if (first.branches, second.branches) == ("base", having):
                found.setdefault((first.preset, first.loss), (first, second))
    return list(found.values())


def difference_table(results: CellResults, bootstrap: Bootstrap) -> ResultTable:
    """What each branch adds: one row per question, preset and loss."""
    rows = []
    for first, second, what in pairs(results):
        difference = results.difference(first, second, bootstrap)
        rows.append(
            [
                f"{TITLES[second.branches]} − {TITLES[first.branches]}",  # noqa: RUF001
                what,
                first.preset,
                TITLES[first.loss],
                *accuracy_entries(difference),
            ]
        )
    return ResultTable(
        "differences",
        "What each branch adds",
        "Accuracy in per cent, mean over seeds, on the same test images.",
        ("Comparison", "adds", "preset", "loss", "without", "with", "difference"),
        rows,
        (INTERVALS,),
    )


INTERVALS = (
    "In parentheses the 95 % bootstrap interval of the difference: test images (all images of a "
    "person together, if persons are known) are drawn with replacement, the same ones for both "
    "networks, and so are the seeds of each. If an interval contains 0, these images and seeds do "
    "not show a difference."
)


def whole_title(compared: Sequence[tuple[Configuration, Configuration]]) -> str:
    """Title of what Base is compared with: Whole, Whole+Vertices, or both."""
    return " or ".join(dict.fromkeys(TITLES[whole.branches] for _, whole in compared))


def mcnemar_table(results: CellResults) -> ResultTable:
    """McNemar's test between Base and Whole, for each seed and for the sum of their counts."""
    rows: list[list[TableEntry]] = []
    compared = whole_against_base(results)
    title = whole_title(compared)
    for base, whole in compared:
        one, other = results.hits(base), results.hits(whole)
        training = [base.preset, TITLES[base.loss]]
        for position, seed in enumerate(results.seeds):
            test = mcnemar(one[position], other[position])
            rows.append([*training, str(seed), *mcnemar_entries(test)])
        if len(results.seeds) > 1:
            rows.append([*training, "all", *mcnemar_entries(mcnemar(one, other))])
    return ResultTable(
        "mcnemar",
        "McNemar's test",
        f"Between Base and {title}: test images that only one of them classified correctly.",
        ("preset", "loss", "seed", "Base alone", f"{title} alone", "p, exact", "chi-square", "p"),
        rows,
        (
            "p, exact: two-sided binomial test. chi-square: with continuity correction, one degree "
            "of freedom. Seed s of Base is compared with seed s of the other. The line `all` adds "
            "the counts of all seeds: it counts each image once per seed, so its p is too small. "
            "There is no correction for multiple tests.",
        ),
    )


def group_table(
    results: CellResults,
    found: list[Group],
    bootstrap: Bootstrap,
    base: Configuration,
    whole: Configuration,
) -> ResultTable:
    """Base and Whole, which differ only in branches, by groups of test images."""
    rows = [
        [
            group.kind,
            group.name,
            int(group.rows.sum()),
            *accuracy_entries(results.difference(base, whole, bootstrap, group.rows)),
        ]
        for group in found
    ]
    before, after = TITLES[base.branches], TITLES[whole.branches]
    return ResultTable(
        f"groups-{base.preset}-{base.loss}",
        f"Where the whole network gains ({base.preset}, {TITLES[base.loss]})",
        f"{before} and {after} by group of test images: accuracy in per cent, mean over seeds.",
        ("by", "group", "images", before, after, f"{after} − {before}"),  # noqa: RUF001
        rows,
        (
            INTERVALS,
            "Yaw: of the reconstructed face, to either side. Brightness: mean luma of the aligned "
            "face. Side light: difference of the mean luma of the face's left and right half, as "
            "a fraction of their sum. Thirds are of these test images. Many groups are compared: "
            "one interval in twenty misses its true difference by chance.",
        ),
    )


def claim_table(
    results: CellResults,
    found: list[Group],
    bootstrap: Bootstrap,
    base: Configuration,
    whole: Configuration,
) -> ResultTable:
    """Whether Whole gains more over Base where the method claims it, see ``contrast_table``."""
    return contrast_table(
        f"claims-{base.preset}-{base.loss}",
        (f"{TITLES[base.branches]} ({base.preset}, {TITLES[base.loss]})", TITLES[whole.branches]),
        (results.hits(base), results.hits(whole)),
        results.people,
        found,
        bootstrap,
    )


def accuracy_entries(difference: Difference) -> list[TableEntry]:
    """Accuracies of both setups, and their difference with its interval."""
    change = Value(difference.value, interval=difference.interval, signed=True, runs=False)
    before = (Value(part, runs=False) for part in (difference.first, difference.second))
    return [*before, change]


def mcnemar_entries(test: McNemar) -> list[TableEntry]:
    """Both counts, exact p, chi-square and its p."""
    square = UNDEFINED if test.chi_square is None else f"{test.chi_square:.2f}"
    return [test.only_first, test.only_second, _p(test.exact), square, _p(test.p_chi_square)]


def _p(value: float | None) -> str:
    if value is None:
        return UNDEFINED
    return f"{value:.4f}" if value >= SMALLEST else f"< {SMALLEST}"
