import numpy as np
import pytest

from fer3d.balancing.noise import NOISES, Noise, add_noise, noise_generator

SHA1 = "0123456789abcdef0123456789abcdef01234567"
SHAPE = (200, 200, 3)


def noisy(image: np.ndarray, noise: Noise) -> np.ndarray:
    return add_noise(image, noise, np.random.default_rng(0))


@pytest.mark.parametrize("level", [64, 128, 180])
@pytest.mark.parametrize(
    ("noise", "deviation"),
    [
        (Noise.GAUSSIAN, lambda level: 25.5),  # square root of 0.01 of the range of 255
        (Noise.SPECKLE, lambda level: 0.1 * level),
    ],
)
def test_noise_has_no_bias_and_the_stated_deviation(level, noise, deviation):
    got = noisy(np.full(SHAPE, level, np.uint8), noise).astype(float)
    assert got.mean() == pytest.approx(level, abs=1)
    assert got.std() == pytest.approx(deviation(level), rel=0.03)


def test_poisson_noise_has_the_variance_of_its_mean():
    image = np.arange(256, dtype=np.uint8).repeat(400).reshape(256, 400)  # 256 intensities
    got = noisy(image, Noise.POISSON).astype(float)
    for level in (20, 60, 120):
        assert got[level].mean() == pytest.approx(level, rel=0.05)
        assert got[level].var() == pytest.approx(level, rel=0.25)


def test_speckle_leaves_black_black_and_channels_are_independent():
    black = np.zeros((8, 8, 3), np.uint8)
    np.testing.assert_array_equal(noisy(black, Noise.SPECKLE), black)
    got = noisy(np.full(SHAPE, 128, np.uint8), Noise.GAUSSIAN).reshape(-1, 3)
    assert np.abs(np.corrcoef(got.T) - np.eye(3)).max() < 0.02


@pytest.mark.parametrize("noise", NOISES)
def test_the_image_is_not_changed_in_place(noise):
    image = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    before = image.copy()
    got = noisy(image, noise)
    np.testing.assert_array_equal(image, before)
    assert got.dtype == np.uint8 and got.shape == image.shape and (got != image).mean() > 0.5


def test_every_seed_image_and_noise_has_its_own_random_numbers():
    other = SHA1.replace("0", "f")
    keys = [(0, SHA1, noise) for noise in NOISES] + [(1, SHA1, NOISES[0]), (0, other, NOISES[0])]
    drawn = [noise_generator(*key).random() for key in keys]
    assert len(set(drawn)) == len(keys)
    assert noise_generator(*keys[0]).random() == drawn[0]


def test_other_types_are_refused():
    with pytest.raises(ValueError, match="expected a uint8 image, got float32"):
        noisy(np.zeros((4, 4, 3), np.float32), Noise.GAUSSIAN)
