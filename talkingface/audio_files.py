"""Sound files in: anything PyAV decodes, as 16 kHz mono float32, whole or in blocks."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from talkingface.errors import BadAudioError
from talkingface.records import FloatArray
from talkingface.timing import SAMPLE_RATE


def read_audio(path: Path | str) -> FloatArray:
    """Read the first sound stream of a file, resampled to 16 kHz and mixed to mono.

    Args:
        path: sound or video, anything PyAV decodes.

    Returns:
        float32 (n,) in -1..1, n > 0.

    Raises:
        BadAudioError: missing, unreadable, without a sound stream, without samples, or with non-finite samples.
    """
    blocks = list(_decoded(path))
    return np.concatenate(blocks)


def iter_audio(
    path: Path | str, block_samples: int, rate_hz: int = SAMPLE_RATE, *, start_s: float = 0.0
) -> Iterator[FloatArray]:
    """Yield a file's sound as blocks of ``block_samples``; the last one may be shorter. See :func:`read_audio`.

    Another rate than 16 kHz is for sound that people hear; all that computes takes 16 kHz. ``start_s`` leaves out
    what comes before, without decoding it all; at or behind the end nothing is yielded.

    Raises:
        BadAudioError: as :func:`read_audio`, or ``block_samples`` below 1.
    """
    if block_samples < 1:
        raise BadAudioError(f"expected blocks of at least 1 sample, found {block_samples}")
    waiting = np.zeros(0, np.float32)
    for block in _decoded(path, rate_hz, start_s):
        waiting = np.concatenate([waiting, block])
        whole = len(waiting) - len(waiting) % block_samples
        for start in range(0, whole, block_samples):
            yield waiting[start : start + block_samples]
        waiting = waiting[whole:]
    if len(waiting):
        yield waiting


def sound_delay_s(path: Path | str) -> float:
    """Return by how much a video's sound begins after its picture, in seconds; 0 where the file does not say."""
    begins_s: dict[str, float] = {}
    try:
        with av.open(str(path), metadata_errors="ignore") as container:
            streams = [*container.streams.audio[:1], *container.streams.video[:1]]
            if len(streams) < 2:
                return 0.0
            for packet in container.demux(streams):
                with contextlib.suppress(av.error.InvalidDataError):
                    for frame in packet.decode():
                        if isinstance(frame, av.AudioFrame | av.VideoFrame) and frame.time is not None:
                            begins_s.setdefault(packet.stream.type, frame.time)
                if len(begins_s) == len(streams):
                    return begins_s["audio"] - begins_s["video"]
    except (av.FFmpegError, OSError, ValueError):
        return 0.0
    return 0.0


def _decoded(path: Path | str, rate_hz: int = SAMPLE_RATE, start_s: float = 0.0) -> Iterator[FloatArray]:
    """Yield blocks of decoded sound of any length above 0; at least one, or an error where it begins at 0."""
    path = Path(path)
    if not path.is_file():
        found = "something else" if path.exists() else "nothing"
        raise BadAudioError(f"expected a sound file, found {found} at {path}")
    if path.stat().st_size == 0:
        raise BadAudioError(f"expected a sound file, found an empty one: {path}")
    total = 0
    try:
        with av.open(str(path), metadata_errors="ignore") as container:
            if not container.streams.audio:
                raise BadAudioError(f"expected a file with sound, found no sound stream in {path}")
            resampler = av.AudioResampler(format="fltp", rate=rate_hz)
            for frame in _frames(container, start_s):
                for out in resampler.resample(frame):
                    block = _checked(out, path)
                    total += len(block)
                    if len(block):
                        yield block
            if total:
                for out in resampler.resample(None):
                    block = _checked(out, path)
                    if len(block):
                        yield block
    except (av.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BadAudioError(
            f"expected a sound file, found one that cannot be decoded: {path} ({reason})"
        ) from error
    if not total and start_s <= 0:
        raise BadAudioError(f"expected a sound with samples, found zero length: {path}")


def _frames(container: av.container.InputContainer, start_s: float) -> Iterator[av.AudioFrame]:
    """Decode the first sound stream from a time on, passing over damaged packets."""
    stream = container.streams.audio[0]
    left_out = 0
    if start_s > 0:
        container.seek(round(start_s * av.time_base))
        left_out = -1
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            continue
        for frame in frames:
            if isinstance(frame, av.AudioFrame):
                if left_out < 0:
                    left_out = max(0, round((start_s - (frame.time or 0.0)) * frame.sample_rate))
                frame.pts = None
                if left_out < frame.samples:
                    yield _without_beginning(frame, left_out) if left_out else frame
                left_out = max(0, left_out - frame.samples)


def _without_beginning(frame: av.AudioFrame, samples: int) -> av.AudioFrame:
    """Return a frame without its first samples."""
    sound = frame.to_ndarray()
    packed = sound.shape[0] == 1 and frame.layout.nb_channels > 1
    begin = samples * (frame.layout.nb_channels if packed else 1)
    rest = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(sound[:, begin:]), format=frame.format.name, layout=frame.layout.name
    )
    rest.sample_rate = frame.sample_rate
    return rest


def _checked(frame: av.AudioFrame, path: Path) -> FloatArray:
    block: FloatArray = frame.to_ndarray().mean(0, dtype=np.float32)
    if not np.isfinite(block).all():
        raise BadAudioError(f"expected finite samples, found NaN or infinity in {path}")
    return np.clip(block, -1.0, 1.0)
