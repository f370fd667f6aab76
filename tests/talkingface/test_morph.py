"""A picture between two others is where both would be halfway, without a double image."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from talkingface.colour_planes import PlaneConverter
from talkingface.preparation.morph import Morph
from talkingface.records import ImageArray
from tests.made_faces import face_picture, face_points, head_pose


def shown(x_px: float) -> ImageArray:
    picture = face_picture(face_points(head_pose(x_px)))
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.0))


def morphed(first: ImageArray, second: ImageArray, share: float) -> ImageArray:
    converter = PlaneConverter()
    planes = [converter.planes_of(picture) for picture in (first, second)]
    return converter.rgb_of(Morph().between(planes[0], planes[1], share))


def pupil(picture: ImageArray) -> float:
    """Return where the darkest spot of the left half of the face is, in pixels from the left."""
    dark = np.maximum(110 - picture[..., 0].astype(float), 0)
    dark[dark < 40] = 0
    columns = dark[:, 100:158].sum(0)
    return float((columns * np.arange(100, 158)).sum() / columns.sum())


@pytest.mark.parametrize("share", [0.25, 0.5, 0.8])
def test_what_moves_is_between_its_places_and_seen_once(share: float) -> None:
    first, second = shown(156), shown(164)
    between = morphed(first, second, share)
    assert pupil(between) == pytest.approx((1 - share) * pupil(first) + share * pupil(second), abs=1.2)
    truth = shown(156 + 8 * share)
    faded = cv2.addWeighted(first, 1 - share, second, share, 0)
    face = np.s_[60:240, 90:230]
    # All have gone through planes once.
    error = [
        np.abs(picture[face].astype(float) - morphed(truth, truth, 0.0)[face]).mean()
        for picture in (between, morphed(faded, faded, 0.0))
    ]
    assert error[0] < 0.7 * error[1]


def test_the_ends_are_the_pictures_themselves() -> None:
    first, second = (PlaneConverter().planes_of(shown(x)) for x in (156, 164))
    np.testing.assert_array_equal(Morph().between(first, second, 0.0), first)
    np.testing.assert_array_equal(Morph().between(first, second, 1.0), second)


def test_what_appears_only_fades() -> None:
    first = np.full((120, 160, 3), 90, np.uint8)
    second = first.copy()
    second[40:80, 60:100] = 220
    between = morphed(first, second, 0.5).astype(int)
    assert abs(int(between[60, 80, 0]) - 155) < 12
    assert np.abs(between[:20] - 90).max() < 4
