"""The only place of sample, feature and frame arithmetic.

Sound is 16 kHz mono. A *feature* is one log-mel column: a 50 ms window every 20 ms. A *frame* is one video
frame of 40 ms, so the mouth model eats two features a step. Frame ``k`` answers the sound at ``k * 40 ms``.

The stream is led in by one hop of silence, so feature ``j`` covers real samples
``[(j - 1) * 320, (j - 1) * 320 + 800)``. Step ``s`` of the model eats features ``2s`` and ``2s + 1``; the
later one begins at ``s * 40 ms``. With a look-ahead of ``d`` frames, step ``s`` speaks for frame
``s - d``: frame ``k`` waits for the sound until ``k * 40 ms + look-ahead + 50 ms (window)``, and no further.
"""

from __future__ import annotations

from talkingface.errors import BadInputError

SAMPLE_RATE = 16_000
FRAMES_PER_SECOND = 25
WINDOW_SAMPLES = 800
HOP_SAMPLES = 320
FEATURES_PER_FRAME = 2
SAMPLES_PER_FRAME = SAMPLE_RATE // FRAMES_PER_SECOND
LEAD_IN_SAMPLES = HOP_SAMPLES
MEL_BINS = 80
FRAME_MS = 1000 // FRAMES_PER_SECOND
WINDOW_MS = 1000 * WINDOW_SAMPLES // SAMPLE_RATE


def look_ahead_frames(look_ahead_ms: int) -> int:
    """Return the look-ahead in whole frames.

    Raises:
        BadInputError: not a multiple of the frame period, or negative.
    """
    if look_ahead_ms < 0 or look_ahead_ms % FRAME_MS:
        raise BadInputError(f"expected a look-ahead in multiples of {FRAME_MS} ms, found {look_ahead_ms} ms")
    return look_ahead_ms // FRAME_MS


def frame_count(samples: int, rate_hz: int = SAMPLE_RATE) -> int:
    """Return how many frames a finished sound has: Python's ``round(seconds * 25)`` of ``samples / rate_hz`` s.

    In these floats, so that everybody who writes the formula down gets the same number; a sound of half a frame
    or less has none.
    """
    return round(samples / rate_hz * FRAMES_PER_SECOND)


def flush_samples(samples: int, look_ahead_ms: int, frames: int | None = None) -> int:
    """Return how many samples of silence must follow a finished sound so that its last frame comes out.

    Args:
        samples: of the sound, at 16 kHz.
        look_ahead_ms: of the mouth model.
        frames: that the sound has; None is :func:`frame_count` of the samples.
    """
    last = (frame_count(samples) if frames is None else frames) - 1
    return max(0, samples_needed(last, look_ahead_ms) - samples)


def samples_needed(frame: int, look_ahead_ms: int) -> int:
    """Return how many samples of sound must have arrived before frame ``frame`` can be computed."""
    return (frame + look_ahead_frames(look_ahead_ms)) * SAMPLES_PER_FRAME + WINDOW_SAMPLES


def frame_time_s(frame: int) -> float:
    """Return the presentation time of a frame in seconds."""
    return frame / FRAMES_PER_SECOND


def frame_at_sample(sample: int) -> int:
    """Return the frame shown while that sample sounds."""
    return sample // SAMPLES_PER_FRAME
