"""``score``: how well the lips of a video fit a sound."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from mini_live.quiet_libraries import quiet_native_logs
from mini_live.wiring import open_mouth
from talkingface.audio_files import read_audio, sound_delay_s
from talkingface.records import FloatArray
from talkingface.reporting import Reporter
from talkingface.sync_score import LONGEST_S, sync_score
from talkingface.timing import FRAME_MS, SAMPLE_RATE
from talkingface.tracking import FaceTrack, MediaPipeTracker, track_frames
from talkingface.video_files import FRAMES_PER_SECOND, probe_video, read_frames

LARGEST_SIDE_PX = 1280
SURE_SCORE, DOUBTFUL_SCORE = 0.8, 0.4


def run(arguments: argparse.Namespace, reporter: Reporter) -> None:
    """Track the video, hear the sound, compare.

    Raises:
        BadVideoError: the video cannot be used.
        NoFaceError: too few frames show a face.
        BadAudioError: there is no sound, or none that can be used.
        CheckpointError: the weights are missing or damaged.
    """
    video: Path = arguments.video
    info = probe_video(video)
    sound: Path = arguments.audio or video
    samples = read_audio(sound)
    if arguments.audio is None:
        samples = _from_first_picture(samples, sound_delay_s(video))
    mouth = open_mouth()
    with quiet_native_logs(enabled=not arguments.debug):
        track = _tracked(video, min(info.duration_s, LONGEST_S), reporter)
    found = sync_score(track, samples, mouth.model, mouth.space)
    fields = {"command": "score", "video": str(video), "audio": str(sound), **found.as_dict()}
    lead = "lips and sound together"
    if found.offset_frames:
        lead = f"lips {abs(found.offset_ms)} ms {'before' if found.offset_frames > 0 else 'after'} the sound"
    reporter.result(
        fields,
        f"score {found.score:.2f} ({_verdict(found.score)}): {lead}, "
        f"distance {found.distance:.2f}, confidence {found.confidence:.2f}; one frame is {FRAME_MS} ms",
    )


def _from_first_picture(samples: FloatArray, delay_s: float) -> FloatArray:
    """Return the sound from the moment of the first picture on; a delay beyond all that counts is damage."""
    if abs(delay_s) > LONGEST_S:
        return samples
    shift = round(delay_s * SAMPLE_RATE)
    return samples[-shift:] if shift < 0 else np.pad(samples, (shift, 0))


def _tracked(video: Path, seconds: float, reporter: Reporter) -> FaceTrack:
    expected = max(1, round(seconds * FRAMES_PER_SECOND))
    frames = read_frames(video, seconds=LONGEST_S, longest_side_px=LARGEST_SIDE_PX)
    tracker = MediaPipeTracker()
    try:
        return track_frames(
            frames,
            tracker,
            FRAMES_PER_SECOND,
            lambda done: reporter.progress(done / max(expected, done), "track"),
        )
    finally:
        tracker.close()


def _verdict(score: float) -> str:
    if score >= SURE_SCORE:
        return "the lips fit"
    return "uncertain" if score >= DOUBTFUL_SCORE else "the lips do not fit"
