"""Invariance of shading images to pose and light.

Several people are rendered with several expressions, in many poses and lights. All pictures go
through the pipeline. Both shading images and aligned photos are then measured:

* invariance: normalised cross-correlation of each picture with the picture of the same face seen
  and lit from the front, on the pixels that show the face in both;
* sensitivity: the distance (1 - correlation) between expressions of one person in one pose, over
  the distance between poses of one expression of that person.

Photos are compared inside the true outline of the face only, because hair and background vary less.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations, product
from typing import Any

import numpy as np
import pandas as pd

from fer3d.accuracy3d.measures import correlation
from fer3d.accuracy3d.truth import topology_of, true_face
from fer3d.geometry.frames import direction
from fer3d.inference.pipeline import Pipeline
from fer3d.machine.ordered_map import map_ordered
from fer3d.machine.settings import Settings
from fer3d.relighting.raster import rasterize
from fer3d.synthetic.draw import (
    sample_action_units,
    sample_appearance,
    sample_camera,
    sample_identity,
)
from fer3d.synthetic.model import load_model
from fer3d.synthetic.render import render
from fer3d.synthetic.spec import FaceSpec, Light, Pose, Rendered

YAWS, PITCHES = (0.0, 15.0, 30.0, 45.0), (-20.0, -10.0, 0.0, 10.0, 20.0)  # degrees
LIGHTS = ((0, 20), (-50, 20), (50, 20), (0, 55), (25, -10))  # degrees: azimuth, elevation
AMBIENT = 0.45
EXPRESSIONS = ("neutral", "happiness", "surprise", "anger")
SIZE = 128  # px, side of a rendered image, as in the default data set
FRONT = YAWS.index(0.0), PITCHES.index(0.0)
KINDS = ("shading", "photo")


@dataclass(frozen=True)
class MaskedView:
    """One picture of a person: shading image and photo, each with its mask."""

    pictures: dict[str, np.ndarray]
    masks: dict[str, np.ndarray]


MaskedViews = dict[tuple[str, int, int], MaskedView]
"""By expression, index of the yaw and index of the pitch; faces not found are left out."""


def invariance(
    identities: int, seed: int, pipeline: Pipeline, settings: Settings
) -> dict[str, Any]:
    """Render people and measure the invariance.

    Args:
        identities: number of people; 80 pictures are rendered of each.
        seed: of the people.
        pipeline: the pipeline to measure.
        settings: workers.

    Returns:
        ``{pictures, found, shading: {...}, photo: {...}, sensitivity_gain}``; for both kinds:
        correlation by yaw (0, 15, 30, 45, mean over pitches and lights), correlation_by_pitch,
        correlation_by_light (index in ``LIGHTS``), correlation_to_30 (yaw up to 30), sensitivity.
        The gain is the sensitivity of the shading images over that of the photos.

    Raises:
        UserError: there is no ground truth for the vertices of the pipeline's backend.
    """
    topology_of(pipeline)
    work = partial(_person, seed, pipeline)
    people = list(map_ordered(work, range(identities), settings=settings, description="invariance"))
    values = {kind: measure_views(people, kind) for kind in KINDS}
    shading, photo = (values[kind]["sensitivity"] for kind in KINDS)
    return {
        "pictures": identities * len(EXPRESSIONS) * len(YAWS) * len(PITCHES),
        "found": sum(map(len, people)),
        **values,
        "sensitivity_gain": round(shading / photo, 2) if shading and photo else None,
    }


def light_number(yaw: int, pitch: int) -> int:
    """The index in ``LIGHTS`` for a pose, given the indices of its angles; frontal: 0."""
    return (yaw - FRONT[0] + pitch - FRONT[1]) % len(LIGHTS)


def light_of(yaw: int, pitch: int) -> Light:
    """The light of a pose; see ``light_number``."""
    x, y, z = direction(*np.radians(LIGHTS[light_number(yaw, pitch)])).tolist()
    return Light((x, y, z), AMBIENT)


def person_specs(rng: np.random.Generator, number: int) -> dict[tuple[str, int, int], FaceSpec]:
    """One person with every expression in every pose; every second person turns to the right.

    Args:
        rng: random generator of this person.
        number: index of this person.

    Returns:
        By expression, index of the yaw and index of the pitch.
    """
    identity = sample_identity(rng)
    appearance, camera = sample_appearance(rng), sample_camera(rng, SIZE)
    units = {name: sample_action_units(rng, name) for name in EXPRESSIONS}
    side = 1 if number % 2 == 0 else -1
    return {
        (name, i, j): FaceSpec(
            identity,
            units[name],
            Pose(pitch, side * yaw),
            light_of(i, j),
            camera,
            appearance,
        )
        for name, (i, yaw), (j, pitch) in product(EXPRESSIONS, enumerate(YAWS), enumerate(PITCHES))
    }


def _person(seed: int, pipeline: Pipeline, number: int) -> MaskedViews:
    """All pictures of one person in which a face is found, in a worker process."""
    model, views = load_model(pipeline.reconstructor.assets), {}
    specs = person_specs(np.random.default_rng((seed, number)), number)
    for key, spec in specs.items():
        view = _view(render(model, spec), pipeline)
        if view is not None:
            views[key] = view
    return views


def _view(rendered: Rendered, pipeline: Pipeline) -> MaskedView | None:
    (face,) = pipeline.central_faces([rendered.image])
    if face.reconstruction.reason:
        return None
    (relit,) = pipeline.relight([face])
    aligned = face.aligned
    truth = true_face(
        rendered.truth.vertices_image.astype(np.float64),
        rendered.truth.vertices_face.astype(np.float64),
        rendered.truth.rotation.astype(np.float64),
        aligned.aligned_from_image.astype(np.float64),
    )
    size = len(aligned.image)
    triangles = topology_of(pipeline).triangles
    outline = rasterize(truth.vertices_image, triangles, size, size).covered
    return MaskedView(
        {"shading": relit.shading, "photo": aligned.image.mean(axis=2)},
        {"shading": relit.mask, "photo": outline},
    )


def measure_views(people: Sequence[MaskedViews], kind: str) -> dict[str, Any]:
    """Correlations and sensitivity of one kind of picture; see ``invariance``."""
    across, between = _pose_pairs(people, kind), _expression_pairs(people, kind)
    distance = 1 - across["correlation"].mean()
    known = bool(between) and distance > 0  # NaN if no picture has a frontal one
    return {
        "correlation": _means(across, "yaw", YAWS),
        "correlation_by_pitch": _means(across, "pitch", PITCHES),
        "correlation_by_light": _means(across, "light", range(len(LIGHTS))),
        "correlation_to_30": _rounded(across.loc[across["yaw"] <= 30, "correlation"].mean()),
        "sensitivity": _rounded(float(1 - np.mean(between)) / distance) if known else None,
    }


def _pose_pairs(people: Sequence[MaskedViews], kind: str) -> pd.DataFrame:
    """The correlation of each picture with the frontal one of its expression, by pose and light."""
    rows = []
    for views in people:
        for (expression, i, j), view in views.items():
            front = views.get((expression, *FRONT))
            if front is not None and (i, j) != FRONT:
                place = YAWS[i], PITCHES[j], light_number(i, j)
                rows.append((*place, _correlation(front, view, kind)))
    return pd.DataFrame(rows, columns=["yaw", "pitch", "light", "correlation"])


def _means(across: pd.DataFrame, by: str, values: Iterable[float]) -> dict[str, float | None]:
    found = across.groupby(by)["correlation"].mean()
    return {f"{value:g}": _rounded(found.get(value, np.nan)) for value in values}


def _expression_pairs(people: Sequence[MaskedViews], kind: str) -> list[float]:
    """Correlations of two expressions of one person in one pose and light, where defined."""
    pairs: list[float] = []
    for views in people:
        for i, j in {key[1:] for key in views}:
            same = [views[e, i, j] for e in EXPRESSIONS if (e, i, j) in views]
            pairs += [_correlation(a, b, kind) for a, b in combinations(same, 2)]
    return [value for value in pairs if np.isfinite(value)]


def _correlation(a: MaskedView, b: MaskedView, kind: str) -> float:
    return correlation(a.pictures[kind], b.pictures[kind], a.masks[kind] & b.masks[kind])


def _rounded(value: float) -> float | None:
    return round(float(value), 4) if np.isfinite(value) else None
