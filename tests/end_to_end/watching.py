"""Looks at videos as a viewer does: their frames, their sound, and the lips in them."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

from talkingface.audio_files import read_audio
from talkingface.landmarks import lip_opening
from talkingface.records import FloatArray
from talkingface.tracking import FaceTrack, MediaPipeTracker, track_frames
from talkingface.video_files import read_frames


def frame_count_of(path: Path) -> int:
    """Count the frames that decode."""
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def tracked_lips(path: Path) -> tuple[FaceTrack, FloatArray]:
    """Return the face track of a video and its float32 (frames,) lip opening over face height."""
    tracker = MediaPipeTracker()
    try:
        track = track_frames(read_frames(path), tracker, 25)
    finally:
        tracker.close()
    return track, lip_opening(track.points)


def correlation(a: FloatArray, b: FloatArray, lag: int = 0) -> float:
    """Return Pearson's r of a[k + lag] with b[k]."""
    if lag >= 0:
        a, b = a[lag:], b[: len(b) - lag] if lag else b
    else:
        a, b = a[:lag], b[-lag:]
    n = min(len(a), len(b))
    return float(np.corrcoef(a[:n], b[:n])[0, 1])


def delay_of(sound: FloatArray, inside: Path) -> int:
    """Return at which sample of a video's 16 kHz sound another sound begins."""
    whole = read_audio(inside)
    size = 1 << (len(whole) + len(sound)).bit_length()
    product = np.fft.irfft(np.fft.rfft(whole, size) * np.conj(np.fft.rfft(sound, size)), size)
    return int(np.argmax(product[: len(whole)]))
