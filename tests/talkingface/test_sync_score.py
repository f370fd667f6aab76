"""The sync score: known offsets are found with their sign, other sounds score low, what cannot be judged is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from talkingface.audio_files import read_audio
from talkingface.checkpoints import load_card
from talkingface.clips import load_clips
from talkingface.engines.onnx_mouth import load_mouth_model
from talkingface.errors import BadAudioError, BadInputError, BadVideoError, NoFaceError
from talkingface.mouth_space import MouthSpace
from talkingface.records import FloatArray
from talkingface.seams import MouthState
from talkingface.sync_score import (
    CALIBRATION,
    SyncScore,
    compare_movements,
    heard_movements,
    sync_score,
    tracked_movements,
)
from talkingface.tracking import FaceTrack, MediaPipeTracker, track_frames
from talkingface.video_files import read_frames
from tests.made_faces import face_track, mouth_space, opening_coefficients, swaying

CHECKPOINT = Path(__file__).resolve().parents[2] / "checkpoint"
SECONDS = 6
FRAMES = 25 * SECONDS
MOVEMENTS = 4
GENUINE_S = 8.0


class OpeningMouth:
    """A mouth model that opens with the loudness of the frame it speaks for."""

    look_ahead_ms = 0
    coefficient_count = 12

    def initial_state(self) -> MouthState:
        return ()

    def step(self, features: FloatArray, state: MouthState) -> tuple[FloatArray, MouthState]:
        loudness = np.clip((features.reshape(-1, 2, 80).mean((1, 2)) + 10) / 10, 0, 1)
        unit = opening_coefficients(0.05)
        return (loudness[:, None] * unit).astype(np.float32), ()


def wander(seed: int, frames: int = FRAMES) -> np.ndarray:
    """Return a smooth random curve in 0..1, as fast as syllables."""
    noise = np.random.default_rng(seed).normal(size=frames + 8)
    smooth = np.convolve(noise, np.hanning(6), "same")[4 : frames + 4]
    return (smooth - smooth.min()) / (smooth.max() - smooth.min())


def movements_of(curve: np.ndarray, seed: int) -> FloatArray:
    """Return movements whose opening is the curve and whose rest is half of it and half noise."""
    noise = np.random.default_rng(seed).normal(0, 0.3, (len(curve), MOVEMENTS - 1))
    return np.concatenate([curve[:, None], 0.5 * curve[:, None] + 0.5 * noise], axis=1).astype(np.float32)


def spoken(curve: np.ndarray) -> FloatArray:
    """Return noise whose loudness follows a curve of one value a frame."""
    noise = np.random.default_rng(3).normal(0, 0.1, len(curve) * 640)
    loudness = np.interp(np.arange(len(noise)), np.arange(len(curve)) * 640 + 320, curve)
    return (noise * loudness**2).astype(np.float32)


@pytest.mark.parametrize("lead", [-15, -5, -1, 0, 1, 5, 12])
def test_a_known_offset_is_found_and_positive_where_the_lips_lead(lead: int) -> None:
    curve = wander(0, FRAMES + 40)
    lips = movements_of(curve[20 + lead :][:FRAMES], 1)
    heard = movements_of(curve[20:][:FRAMES], 2)
    found = compare_movements(lips, np.ones(FRAMES, bool), heard)
    assert found.offset_frames == lead and found.offset_ms == 40 * lead
    assert found.score > 0.95 and found.confidence > 0.3 and found.frames == FRAMES


def test_another_sound_scores_low() -> None:
    scores = []
    for seed in range(20):
        lips, heard = movements_of(wander(seed), seed), movements_of(wander(seed + 100), seed + 100)
        scores.append(compare_movements(lips, np.ones(FRAMES, bool), heard).score)
    assert np.median(scores) < 0.3 and np.mean(scores) < 0.4


def test_a_short_clip_is_judged_with_caution() -> None:
    whole, short = (
        compare_movements(movements_of(c, 1), np.ones(len(c), bool), movements_of(c, 2))
        for c in (wander(0), wander(0)[:25])
    )
    assert short.confidence < whole.confidence and short.score < whole.score


def test_lost_frames_are_left_out() -> None:
    curve = wander(5)
    lips, found = movements_of(curve, 1), np.ones(FRAMES, bool)
    lips[40:80] = 100.0
    found[40:80] = False
    clean = compare_movements(lips, found, movements_of(curve, 2))
    assert (clean.offset_frames, clean.frames) == (0, FRAMES - 40) and clean.score > 0.9


def test_lips_that_never_move_fit_nothing() -> None:
    still = np.zeros((FRAMES, MOVEMENTS), np.float32)
    found = compare_movements(still, np.ones(FRAMES, bool), movements_of(wander(1), 1))
    assert found.confidence == 0 and found.score < 0.05


def test_curves_that_do_not_fit_together_are_refused() -> None:
    lips = movements_of(wander(1), 1)
    for other, seen in ((lips[:-1], FRAMES), (lips, FRAMES - 1)):
        with pytest.raises(BadInputError, match="curves of one length"):
            compare_movements(lips, np.ones(seen, bool), other)
    with pytest.raises(BadInputError, match="from 25 frames"):
        compare_movements(lips[:20], np.ones(20, bool), lips[:20])


def test_the_score_grows_with_both_figures() -> None:
    assert CALIBRATION.score(0.1, 0.1) < CALIBRATION.score(0.4, 0.1) < CALIBRATION.score(0.4, 0.4)
    assert 0 <= CALIBRATION.score(-1, -9) < CALIBRATION.score(1, 9) <= 1


@pytest.mark.parametrize("lead", [-5, 0, 5])
def test_a_moving_face_and_its_sound_from_pixels_to_score(lead: int) -> None:
    curve = wander(7, FRAMES + 20)
    track = face_track(swaying(FRAMES), 0.06 * curve[10 + lead :][:FRAMES])
    found = sync_score(track, spoken(curve[10:][:FRAMES]), OpeningMouth(), mouth_space())
    assert abs(found.offset_frames - lead) <= 1 and found.score > 0.9
    other = sync_score(track, spoken(wander(70)), OpeningMouth(), mouth_space())
    assert other.score < 0.5 and other.distance > found.distance


def still_track(frames: int, seen: int) -> FaceTrack:
    track = face_track(swaying(frames))
    return FaceTrack(track.points, np.arange(frames) < seen, 25.0)


def test_what_cannot_be_judged_is_refused_in_one_sentence() -> None:
    sound, model, space = spoken(wander(1)), OpeningMouth(), mouth_space()
    with pytest.raises(BadAudioError, match=r"at least 1 s of sound, found 0\.50 s"):
        sync_score(still_track(50, 50), sound[:8000], model, space)
    with pytest.raises(BadAudioError, match="found silence"):
        sync_score(still_track(50, 50), np.zeros(32_000, np.float32), model, space)
    with pytest.raises(BadVideoError, match=r"at least 1 s of video, found 0\.80 s"):
        sync_score(still_track(20, 20), sound, model, space)
    with pytest.raises(NoFaceError, match="found one in 10 of 50"):
        sync_score(still_track(50, 10), sound, model, space)
    with pytest.raises(BadVideoError, match="found 30"):
        sync_score(replace(still_track(50, 50), frames_per_second=30.0), sound, model, space)


def test_sound_and_video_of_different_length_are_compared_where_both_are() -> None:
    curve = wander(9)
    track = face_track(swaying(FRAMES), 0.06 * curve)
    found = sync_score(track, spoken(curve)[: 100 * 640], OpeningMouth(), mouth_space())
    assert found.frames == 100 and abs(found.offset_frames) <= 1


def test_the_figures_go_out_rounded() -> None:
    figures = SyncScore(2, 80, 1.0123456, 0.2, 0.7, 75).as_dict()
    assert figures == {
        "offset_frames": 2, "offset_ms": 80, "distance": 1.0123, "confidence": 0.2, "score": 0.7, "frames": 75,
    }  # fmt: skip


@pytest.mark.slow
def test_genuine_clips_score_above_foreign_sounds(talking_clips: Path) -> None:
    """Five validation clips, with each other's sounds and with their own five frames late or early."""
    if "sets" not in load_card(CHECKPOINT / "mouth_model.json", kind="mouth_model").get("metrics", {}):
        pytest.skip("the mouth model in the checkpoint folder was not evaluated, so not trained")
    model, space = load_mouth_model(CHECKPOINT), MouthSpace.load(CHECKPOINT / "mouth_space.npz")
    rows = []
    for clip in load_clips(talking_clips):
        if clip.split == "validation" and clip.genuine and clip.set_name in ("talkers", "grid_other"):
            tracker = MediaPipeTracker()
            track = track_frames(read_frames(clip.path, seconds=GENUINE_S), tracker, 25)
            tracker.close()
            heard = heard_movements(read_audio(clip.path), model, space)
            frames = min(len(track.found), len(heard))
            lips = tracked_movements(track.points[:frames], track.found[:frames], space)
            rows.append((lips, track.found[:frames], heard[:frames]))
    genuine = [compare_movements(*row) for row in rows]
    foreign = [
        compare_movements(one[0][:n], one[1][:n], other[2][:n])
        for one in rows
        for other in rows
        if one is not other and (n := min(len(one[0]), len(other[2]))) >= 50
    ]
    assert np.mean([g.score for g in genuine]) > np.mean([f.score for f in foreign]) + 0.2
    assert np.mean([g.confidence > f.confidence for g in genuine for f in foreign]) > 0.6
    for shift in (-5, 5):
        errors = []
        for (lips, found, heard), own in zip(rows, genuine, strict=True):
            moved = compare_movements(lips[8:-8], found[8:-8], heard[8 - shift : len(heard) - 8 - shift])
            errors.append(abs(moved.offset_frames - own.offset_frames - shift))
        assert np.median(errors) <= 1
