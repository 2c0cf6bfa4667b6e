"""The image input of a compared model."""

import pytest
import torch

from fer3d.networks.compared.pixels import PixelInput, grey


def test_grey_is_luma() -> None:
    colours = torch.eye(3)[:, :, None, None]
    torch.testing.assert_close(grey(colours).flatten(), torch.tensor([0.299, 0.587, 0.114]))


def test_bytes_and_fractions_give_the_same() -> None:
    image = torch.randint(0, 256, (2, 3, 40, 40), dtype=torch.uint8)
    pixels = PixelInput(20, 1)
    torch.testing.assert_close(pixels(image), pixels(image.float() / 255))


def test_resizing_averages_areas() -> None:
    image = torch.rand(1, 3, 100, 100)
    reduced = PixelInput(50, 3).reduced(image)
    torch.testing.assert_close(reduced[0, 0, 0, 0], image[0, 0, :2, :2].mean())
    torch.testing.assert_close(reduced.mean(), image.mean())


@pytest.mark.parametrize("channels", [1, 3])
def test_a_reduced_image_gives_what_the_image_gives(channels: int) -> None:
    pixels = PixelInput(64, channels, crop=60)
    image = torch.rand(2, 3, 100, 100)
    reduced = pixels.reduced(image)
    assert reduced.shape == (2, channels, 64, 64)
    assert torch.equal(pixels(reduced), pixels(image))


def test_the_crop_is_the_middle() -> None:
    image = torch.rand(1, 3, 64, 64)
    whole, middle = PixelInput(64, 3)(image), PixelInput(64, 3, crop=60)(image)
    assert torch.equal(middle, whole[..., 2:62, 2:62])


def test_standardized_pixels_have_no_mean_and_unit_variance() -> None:
    image = 0.3 + 0.1 * torch.rand(8, 3, 20, 20)
    pixels = PixelInput(20, 3)
    pixels.standardize_by(image.mean(dim=(0, 2, 3)), image.std(dim=(0, 2, 3), correction=0))
    values = pixels(image)
    torch.testing.assert_close(values.mean(dim=(0, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(values.var(dim=(0, 2, 3), correction=0), torch.ones(3))


def test_equal_images_do_not_divide_by_zero() -> None:
    pixels = PixelInput(4, 1)
    pixels.standardize_by(torch.tensor([0.5]), torch.tensor([0.0]))
    assert torch.equal(pixels(torch.full((1, 1, 4, 4), 0.5)), torch.zeros(1, 1, 4, 4))


def test_pixels_lie_channel_by_channel() -> None:
    """As stored they lie pixel by pixel."""
    image = torch.rand(2, 20, 20, 3).movedim(-1, 1)
    assert PixelInput(20, 3)(image).is_contiguous()
