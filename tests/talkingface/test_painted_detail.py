"""The detail of painted mouths: raised to that of the person's film, and no further."""

import cv2
import numpy as np
import pytest

from talkingface.painted_detail import LARGEST_GAIN, WANTED_SHARE, DetailGain, measured_gain
from talkingface.records import FloatArray, ImageArray

MASK = np.zeros((128, 128), np.uint8)
MASK[32:96, 24:104] = 255
SAME_SIZE = np.array([[1, 0, 0], [0, 1, 0]], np.float32)


def pictures(count: int, seed: int) -> ImageArray:
    """Return uint8 (count, 128, 128, 3) of soft blots with fine lines, alike in kind and different in place."""
    random = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        coarse = cv2.GaussianBlur(random.normal(128, 400, (128, 128, 3)), (0, 0), 4)
        fine = cv2.GaussianBlur(random.normal(0, 30, (128, 128, 1)), (0, 0), 1)
        made.append(np.clip(coarse + fine[..., None], 0, 255).astype(np.uint8))
    return np.stack(made)


def softened(patches: ImageArray, sigma_px: float) -> list[ImageArray]:
    """Return patches as a network paints them."""
    return [np.asarray(cv2.GaussianBlur(one, (0, 0), sigma_px), np.uint8) for one in patches]


def energy(patches: list[ImageArray], size: int = 128) -> float:
    """Return how much detail patches have where the mask counts, at a size in the film."""
    found = []
    for one in patches:
        grey = cv2.cvtColor(one, cv2.COLOR_RGB2GRAY).astype(np.float32)
        small = cv2.resize(grey, (size, size), interpolation=cv2.INTER_AREA)
        inside = cv2.resize(MASK, (size, size), interpolation=cv2.INTER_AREA) > 127
        found.append(float((cv2.Laplacian(small, cv2.CV_32F)[inside] ** 2).mean()))
    return float(np.mean(found))


def test_soft_mouths_get_the_detail_of_the_references() -> None:
    painted = softened(pictures(5, 1), 0.7)
    references = pictures(6, 2)
    detail = measured_gain(painted, [MASK] * 5, references, SAME_SIZE)
    assert 0 < detail.gain < LARGEST_GAIN
    raised = [detail.raised(one, MASK) for one in painted]
    assert energy(raised) == pytest.approx(WANTED_SHARE * energy(list(references)), rel=0.1)
    assert energy(painted) < 0.8 * energy(raised)


def test_in_a_small_film_the_detail_is_told_at_its_size() -> None:
    small: FloatArray = SAME_SIZE * np.float32(0.4)
    painted, references = softened(pictures(5, 1), 1.3), pictures(6, 2)
    detail = measured_gain(painted, [MASK] * 5, references, small)
    assert detail.sigma_px == pytest.approx(2.5)
    assert 0 < detail.gain < LARGEST_GAIN
    size = round(128 * 0.4)
    wanted = WANTED_SHARE * energy(list(references), size)
    assert energy([detail.raised(one, MASK) for one in painted], size) == pytest.approx(wanted, rel=0.1)


def test_mouths_as_sharp_as_the_film_stay_as_they_are() -> None:
    painted = list(pictures(5, 1))
    detail = measured_gain(painted, [MASK] * 5, np.stack(softened(pictures(6, 2), 0.7)), SAME_SIZE)
    assert detail.gain == 0
    assert detail.raised(painted[0], MASK) is painted[0]


def test_what_was_lost_entirely_is_not_raised_without_end() -> None:
    painted = softened(pictures(5, 1), 3.0)
    assert measured_gain(painted, [MASK] * 5, pictures(6, 2), SAME_SIZE).gain == LARGEST_GAIN


def test_flat_mouths_and_an_empty_mask_have_nothing_to_raise() -> None:
    flat = [np.full((128, 128, 3), 90, np.uint8)] * 2
    assert measured_gain(flat, [MASK] * 2, pictures(3, 2), SAME_SIZE).gain == 0
    assert measured_gain(list(pictures(2, 1)), [np.zeros_like(MASK)] * 2, pictures(3, 2), SAME_SIZE).gain == 0


def test_colours_do_not_move_where_there_is_no_detail() -> None:
    flat = np.full((128, 128, 3), (200, 120, 90), np.uint8)
    assert np.array_equal(DetailGain(1.0).raised(flat, MASK), flat)


def test_nothing_is_done_outside_of_the_mouth() -> None:
    painted = pictures(1, 1)[0]
    raised = DetailGain(1.0).raised(painted, MASK)
    assert (raised != painted)[MASK > 0].mean() > 0.5
    np.testing.assert_array_equal(raised[MASK == 0], painted[MASK == 0])
    assert DetailGain(1.0).raised(painted, np.zeros_like(MASK)) is painted
