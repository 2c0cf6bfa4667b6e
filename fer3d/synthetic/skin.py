"""The texture of the face, in the coordinates of the reference face."""

import cv2
import numpy as np

from fer3d.synthetic import atlas
from fer3d.synthetic.action_units import ACTION_UNITS
from fer3d.synthetic.spec import Appearance

# Folds by action unit, each with its weight at full strength.
_FOLDS: dict[str, dict[int, float]] = {
    "nasolabial": {6: 0.3, 9: 0.6, 10: 0.7, 11: 0.8, 12: 0.7, 20: 0.2},
    "marionette": {15: 0.7, 17: 0.2, 20: 0.2},
    "furrow": {4: 0.9, 9: 0.4},
    "forehead": {1: 0.5, 2: 0.5},
    "nose": {9: 1.0},
    "crows_feet": {6: 0.8, 43: 0.2},
    "chin": {17: 0.8},
    "eye_bag": {6: 0.5, 7: 0.4, 9: 0.3},
}
_FOLD_DEPTH = 0.5  # fraction of the light absorbed by the deepest fold
_RESTING_FOLD = 0.12  # depth of the folds of wrinkled skin at rest


def noise(rng: np.random.Generator, shape: tuple[int, int], cell: float) -> np.ndarray:
    """Smooth noise with a standard deviation of about 1 and a grid spacing of ``cell`` px."""
    rows, columns = (max(2, round(side / cell) + 1) for side in shape)
    coarse = rng.standard_normal((rows, columns)).astype(np.float32)
    return cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)


def paint(reference: np.ndarray, look: Appearance, action_units: np.ndarray) -> np.ndarray:
    """Skin, lips, brows, lashes, folds, stubble and the hairline.

    Args:
        reference: (468, 3) float64, cm.
        action_units: (20,) 0..1, for the folds.

    Returns:
        ``atlas.SHAPE`` + (3,) float32, linear RGB reflectance.
    """
    masks = atlas.skin_masks(reference.tobytes())
    rng = np.random.default_rng((look.pattern, 1))
    texture = _skin(masks, look, rng)
    texture *= (1.0 - _FOLD_DEPTH * _folds(masks, look, action_units))[..., None]
    texture = _mix(texture, look.lips, 0.8 * masks["lips"])
    texture = _mix(texture, 0.8 * np.array(look.lips), 0.6 * masks["upper_lip"])
    dark = np.array(look.skin) * 0.12
    texture = _mix(texture, dark, np.clip(masks["nostrils"], 0.0, 1.0))
    texture = _mix(texture, dark, 0.85 * masks["lip_seam"])
    texture = _mix(texture, dark, 0.35 * masks["lid_crease"] + 0.3 * masks["lower_lashes"])
    texture = _mix(texture, (0.012, 0.01, 0.01), np.clip(1.3 * masks["upper_lashes"], 0.0, 1.0))
    return _hair(texture, masks, reference, look, rng)


def _skin(masks: dict[str, np.ndarray], look: Appearance, rng: np.random.Generator) -> np.ndarray:
    mottle = 1.0 + 0.035 * noise(rng, atlas.SHAPE, 18.0) + 0.025 * noise(rng, atlas.SHAPE, 3.0)
    shade = mottle - 0.22 * masks["socket"] - 0.12 * masks["inner_socket"]
    texture = shade[..., None] * np.array(look.skin, np.float32)
    flush = 0.5 * masks["blush"] + 0.35 * masks["nose_tip"]
    return texture * (1.0 - flush[..., None] * np.array([0.0, 0.22, 0.2], np.float32))


def _folds(masks: dict[str, np.ndarray], look: Appearance, action_units: np.ndarray) -> np.ndarray:
    strength = dict(zip(ACTION_UNITS, action_units, strict=True))
    total = np.zeros(atlas.SHAPE, np.float32)
    for name, weights in _FOLDS.items():
        depth = min(1.0, sum(weight * strength[unit] for unit, weight in weights.items()))
        depth = depth * (0.45 + 0.55 * look.wrinkles) + _RESTING_FOLD * look.wrinkles
        np.maximum(total, np.float32(depth) * masks[name], out=total)
    return np.clip(total, 0.0, 1.0)


def _hair(
    texture: np.ndarray,
    masks: dict[str, np.ndarray],
    reference: np.ndarray,
    look: Appearance,
    rng: np.random.Generator,
) -> np.ndarray:
    x, y = atlas.texel_grid()
    strands = noise(rng, atlas.SHAPE, 2.5)
    stubble = np.clip(0.75 + 0.25 * strands, 0.0, 1.0)
    face_hair = np.maximum(look.beard * masks["beard"], look.moustache * masks["moustache"])
    texture = _mix(texture, look.hair, 0.85 * face_hair * stubble)
    brows = atlas.brows(look.brow_thickness, look.brow_arch, reference)
    dark = np.array(look.hair) * 0.6
    texture = _mix(texture, dark, look.brow_darkness * brows * np.clip(0.9 + 0.2 * strands, 0, 1))
    edge = look.hairline + look.parting * x - look.hairline_bow * x**2
    edge = edge + 0.12 * noise(rng, atlas.SHAPE, 9.0)
    fringe = np.clip((y - edge) / 0.35 + 0.5, 0.0, 1.0) * (y > 2.0)
    locks = np.array(look.hair, np.float32) * (1.0 + 0.25 * strands)[..., None]
    return _mix(texture, locks, fringe)


def _mix(
    texture: np.ndarray, colour: np.ndarray | tuple[float, ...], share: np.ndarray
) -> np.ndarray:
    """``texture`` blended with a colour or another texture, with the weights ``share``."""
    rows, columns = np.flatnonzero(share.any(axis=1)), np.flatnonzero(share.any(axis=0))
    if not len(rows):
        return texture
    region = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    colour = np.asarray(colour, np.float32)
    colour = colour[region] if colour.ndim == 3 else colour
    painted = texture.copy()
    painted[region] += share[region][..., None] * (colour - texture[region])
    return painted
