"""Reference patches for the generator, and the colours of the mouth inside."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from talkingface.landmarks import LIPS_INNER
from talkingface.preparation.steady_tracks import FaceAnalysis
from talkingface.preparation.watching import Watched
from talkingface.records import FloatArray, ImageArray, TeethLook
from talkingface.reference_choice import REFERENCE_COUNT, choose_reference_frames

OPEN_FRAMES = 6
OPEN_LIMIT = 0.03
TEETH_LUMINANCE_RATIO = 0.7
TEETH_SATURATION_RATIO = 0.6
LUMINANCE = np.array([0.299, 0.587, 0.114])
LEFT_EYE = (33, 160, 158, 133, 153, 144)
RIGHT_EYE = (362, 385, 387, 263, 373, 380)
CHEEKS = (50, 280, 205, 425)


def choose_references(watched: Watched, analysis: FaceAnalysis) -> tuple[int, ...]:
    """Return the frames whose mouths differ most, from closed to open; blurred and made-up faces are left out."""
    usable = _usable(watched, analysis)
    turned_degrees = np.degrees(np.arcsin(np.clip(_turned(analysis)[usable], 0, 1))).astype(np.float32)
    chosen = choose_reference_frames(analysis.points_px[usable], REFERENCE_COUNT, turned_degrees)
    return tuple(int(k) for k in usable[chosen])


def choose_open_mouths(watched: Watched, analysis: FaceAnalysis) -> tuple[int, ...]:
    """Return up to six frames, apart in time, whose mouth is wide enough open to see into; maybe none."""
    usable = _usable(watched, analysis)
    wide = usable[analysis.opening[usable] > OPEN_LIMIT]
    chosen: list[int] = []
    for number in wide[np.argsort(-analysis.opening[wide], kind="stable")]:
        if len(chosen) < OPEN_FRAMES and all(abs(int(number) - k) > 5 for k in chosen):
            chosen.append(int(number))
    return tuple(chosen)


def teeth_look(
    frames: dict[int, ImageArray], analysis: FaceAnalysis, open_mouths: tuple[int, ...]
) -> TeethLook:
    """Return the colours of teeth and cavity: seen in open mouths, else what skin and eye whites make likely.

    Args:
        frames: uint8 (h, w, 3) RGB by frame number; holds at least one, and all of ``open_mouths``.
        analysis: where the faces are.
        open_mouths: frames to look into.
    """
    number = min(frames)
    skin = _skin(frames[number], analysis.points_px[number])
    white = _eye_white(frames[number], analysis.points_px[number], skin)
    likely = np.clip(0.92 * white * np.array([1.0, 0.97, 0.91]), 0, 1)
    dark = np.clip(skin * np.array([0.24, 0.13, 0.13]), 0.015, 0.2)
    most_colour = TEETH_SATURATION_RATIO * float(_saturation(skin[None])[0]) + 0.05
    teeth, cavity = [], []
    for number in open_mouths:
        inside = _inside_of_lips(frames[number], analysis.points_px[number])
        if len(inside) < 40:
            continue
        light = inside @ LUMINANCE
        pale = (light > TEETH_LUMINANCE_RATIO * (skin @ LUMINANCE)) & (_saturation(inside) < most_colour)
        if pale.sum() > max(20, 0.06 * len(inside)):
            teeth.append(np.quantile(inside[pale], 0.8, axis=0))
        cavity.append(inside[light <= np.quantile(light, 0.15)].mean(0))
    seen_teeth = np.median(teeth, axis=0) if teeth else likely
    seen_cavity = np.minimum(np.median(cavity, axis=0), 1.6 * dark) if cavity else dark
    return TeethLook(seen_teeth.astype(np.float32), seen_cavity.astype(np.float32))


def _saturation(colours: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (n,) how far (n, 3) colours are from grey, 0..1."""
    return (colours.max(1) - colours.min(1)) / np.maximum(colours.max(1), 1e-3)


def _usable(watched: Watched, analysis: FaceAnalysis) -> NDArray[np.int64]:
    turned = _turned(analysis)
    sharp = watched.sharpness[~analysis.mended]
    least = max(float(np.quantile(sharp, 0.15)), 0.5 * float(np.quantile(sharp, 0.75)))
    good = ~analysis.mended & (watched.sharpness >= least)
    good &= turned <= np.quantile(turned[~analysis.mended], 0.85) + 1e-6
    return np.flatnonzero(good if good.any() else ~analysis.mended)


def _turned(analysis: FaceAnalysis) -> NDArray[np.float64]:
    """Return (F,) the sine of how far the head is turned away from its usual direction."""
    away = np.stack([pose.rotation[:2, 2] for pose in analysis.poses])
    return np.linalg.norm(away - np.median(away, axis=0), axis=1)


def _inside_of_lips(frame: ImageArray, points: FloatArray) -> NDArray[np.float64]:
    mask = np.zeros(frame.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(points[list(LIPS_INNER), :2]).astype(np.int32)], 255)
    mask = cv2.erode(mask, np.ones((3, 3), np.uint8))
    return frame[mask > 0] / 255


def _skin(frame: ImageArray, points: FloatArray) -> NDArray[np.float64]:
    reach = max(2, int(0.03 * np.ptp(points[:, 1])))
    patches = [_around(frame, points[k], reach) for k in CHEEKS]
    return np.median(np.concatenate(patches), axis=0) / 255


def _eye_white(frame: ImageArray, points: FloatArray, skin: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the brightest part of the eyes, at least a little lighter than the skin."""
    mask = np.zeros(frame.shape[:2], np.uint8)
    for eye in (LEFT_EYE, RIGHT_EYE):
        cv2.fillPoly(mask, [np.round(points[list(eye), :2]).astype(np.int32)], 255)
    inside = frame[mask > 0] / 255
    least = np.full(3, 1.05 * float(skin @ LUMINANCE))
    if len(inside) < 10:
        return np.clip(least, 0, 0.95)
    light = inside.mean(1)
    seen = inside[light >= np.quantile(light, 0.85)].mean(0)
    paler = 0.4 * seen + 0.6 * seen.max()
    return np.clip(np.maximum(paler, least), 0, 0.95)


def _around(frame: ImageArray, point: FloatArray, reach: int) -> NDArray[np.uint8]:
    height, width = frame.shape[:2]
    x, y = int(np.clip(point[0], 0, width - 1)), int(np.clip(point[1], 0, height - 1))
    return frame[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1].reshape(-1, 3)
