"""Video files out that appear whole or not at all: H.264 and AAC, or VP9 with transparency and Opus."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import av
import numpy as np
from av.video.reformatter import Colorspace, VideoReformatter
from numpy.typing import NDArray

from talkingface.badge import Badge
from talkingface.colour_planes import planar_video_frame
from talkingface.errors import OutputError
from talkingface.mp4_fragments import keep_whole_fragments

CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}
# As fast as libvpx goes; 8 for the alpha's edges is hardly seen, and looking ahead would cost a third of the time for
# nothing.
VP9_OPTIONS = {
    "b": "0", "deadline": "realtime", "cpu-used": "8", "row-mt": "1", "lag-in-frames": "0", "auto-alt-ref": "0",
}  # fmt: skip
VP9_CRF_ABOVE_X264 = 8  # VP9 counts to 63: this much more looks about the same
AUDIO_BIT_RATE = 128_000
AAC_OPTIONS = {"aac_coder": "fast"}  # at this rate nearer to the sound than the slow one, and quicker
SOUND_EVERY_FRAMES = 25  # after each frame it takes nearly twice the time: the picture empties the caches
# What the preset veryfast has and superfast has not: looking ahead shares the bits out so much better that a tenth more
# of them gives the same picture in three quarters of the time.
LOOK_AHEAD = "rc-lookahead=10:mbtree=1"
# What superfast has and hardly gains by on a portrait before a still camera: without it a tenth less time and 3 % fewer
# bytes, for 0.1 dB.
LEFT_OUT = "psy=0:partitions=none:8x8dct=0:weightp=0"
# For a film that somebody waits for: no search between pixels, and the simpler code for numbers. A quarter less time
# for a file of the same size; what was 48 dB from the frame is 46, in the mouth 45 and 43.5, which is not seen.
QUICK, QUICK_CRF_MORE = "subme=0:cabac=0", 2
# Whole pieces on the disk all along; turned into a plain mp4 at the end. The index waits for the first piece, because
# only then does it know where each track begins.
FRAGMENTED = {"movflags": "+hybrid_fragmented+frag_keyframe+delay_moov", "flush_packets": "1"}
# The second half is IPTC's term for it (https://cv.iptc.org/newscodes/digitalsourcetype/).
SYNTHETIC_MEDIA = {
    "comment": "synthetic media: the mouth in this video was generated; "
    "digitalSourceType=compositeWithTrainedAlgorithmicMedia"
}


class VideoWriter:
    """Writes frames and sound into one file, beside it first and renamed when whole.

    H.264 yuv420p and AAC mono; where the name ends in .webm, VP9 with an alpha channel and Opus.

    A picture of odd width or height is padded by one pixel, its last column or row repeated. At the end the
    shorter of picture and sound is carried on (last frame repeated, silence), so that neither is cut off and both
    end within a frame of each other. As a context manager it closes at the end and aborts on an exception.
    """

    def __init__(
        self,
        path: Path | str,
        width: int,
        height: int,
        frames_per_second: int = 25,
        audio_sample_rate_hz: int | None = None,
        *,
        crf: int = 18,
        preset: str = "superfast",
        threads: int = 1,
        keyframe_interval: int = 50,
        easy_to_decode: bool = False,
        quick: bool = False,
        metadata: Mapping[str, str] | None = None,
        badge: bool = False,
        keep_what_is_whole: bool = False,
    ) -> None:
        """Open the file.

        Args:
            path: where the finished file goes; .mp4, .m4v, .mov, .mkv or .webm.
            width: of the frames, in pixels.
            height: of the frames, in pixels.
            frames_per_second: constant.
            audio_sample_rate_hz: rate of the mono sound, or None for none.
            crf: x264 quality, 0 (lossless) to 51; 18 is hardly seen.
            preset: x264 speed, ``ultrafast`` to ``veryslow``.
            threads: encoder threads; the same number gives the same bytes.
            keyframe_interval: frames from one key frame to the next.
            easy_to_decode: leave out what costs the decoder most, for a tenth more bytes.
            quick: a quarter less time for a file of the same size, at a ``crf`` that counts as higher; .webm is
                always quick.
            metadata: tags of the file, such as ``comment``; None says that it is synthetic media.
            badge: show in a corner that the picture is synthetic.
            keep_what_is_whole: for what cannot be made again, such as a recording: where the disk is full, or the
                program is killed, the file holds everything up to the last key frame instead of vanishing.

        Raises:
            OutputError: the folder is missing, the name ends otherwise, or the file cannot be created.
        """
        self.path = Path(path)
        self.frames_written = 0
        self._keeps = keep_what_is_whole
        self._has_alpha = self.path.suffix.lower() == ".webm"
        self._size = (width, height)
        self._badge = Badge(width + width % 2, height + height % 2) if badge else None
        self._rate = frames_per_second
        # Nobody else's file has this name, and two writers of one video do not meet.
        self._part = self.path.with_name(f".{self.path.name[:40]}.{secrets.token_hex(4)}.part")
        self._reformatter = VideoReformatter()
        self._part_exists = False
        self._last: av.VideoFrame | None = None
        self._bytes = 0
        self._sound = np.zeros(0, np.float32)
        self._samples_written = 0
        self._sound_rate_hz = audio_sample_rate_hz
        self._options: dict[str, object] = {**VP9_OPTIONS, "crf": str(crf + VP9_CRF_ABOVE_X264)}
        x264: dict[str, object] = {
            "crf": str(crf),
            "preset": preset,
            "bf": "0",
            "x264-params": f"threads={threads}:{LOOK_AHEAD}:{LEFT_OUT}",
        }
        if quick:
            x264["crf"] = str(crf + QUICK_CRF_MORE)
            x264["x264-params"] = f"{x264['x264-params']}:{QUICK}"
        if easy_to_decode:
            x264["tune"] = "fastdecode"
        if not self._has_alpha:
            self._options = x264
        self._container: av.container.OutputContainer | None = None
        kind = CONTAINERS.get(self.path.suffix.lower())
        if kind is None:
            raise OutputError(
                f"expected an output name ending in {', '.join(CONTAINERS)}, found {self.path.name}"
            )
        if not self.path.parent.is_dir():
            raise OutputError(
                f"expected an existing folder for {self.path.name}, found none at {self.path.parent}"
            )
        if self.path.is_dir():
            raise OutputError(f"expected a file name for the video, found a folder at {self.path}")
        try:
            self._open(
                kind, threads, keyframe_interval, dict(SYNTHETIC_MEDIA if metadata is None else metadata)
            )
        except (av.FFmpegError, OSError) as error:
            self.abort()
            raise self._failure(error) from error
        except BaseException:
            self.abort()
            raise

    def write_frame(self, rgb: NDArray[np.uint8]) -> None:
        """Write one uint8 (height, width, 3) RGB frame.

        Raises:
            OutputError: it cannot be written, or has another size; the file is then gone.
        """
        if rgb.shape != (self._size[1], self._size[0], 3):
            expected = f"{self._size[0]}x{self._size[1]}"
            self.abort()
            raise OutputError(f"expected frames of {expected} RGB, found an array of shape {rgb.shape}")
        with self._guarded():
            self._last = self._badged(self._converted(rgb))
            if self._has_alpha:
                self._last = self._with_alpha(self._last, None)
            self._encode_frame(self._last)
            self._encode_sound(until_frame=self.frames_written)

    def planes(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return a frame as :meth:`write_planes` takes it: uint8 (1.5 * even height, even width), I420, BT.709."""
        return cast(NDArray[np.uint8], self._converted(rgb).to_ndarray())

    def write_planes(self, planes: NDArray[np.uint8], coverage: NDArray[np.uint8] | None = None) -> None:
        """Write one frame of planes, as :meth:`planes` makes them: half the size of RGB in memory.

        Args:
            planes: uint8 (1.5 * even height, even width).
            coverage: uint8 (even height, even width) alpha for .webm, which is changed; None is all opaque.

        Raises:
            OutputError: it cannot be written; the file is then gone.
        """
        with self._guarded():
            frame = planar_video_frame(planes)
            frame.colorspace, frame.color_range = 1, 1
            self._last = self._badged(frame)
            if self._has_alpha:
                self._last = self._with_alpha(self._last, coverage)
            self._encode_frame(self._last)
            self._encode_sound(until_frame=self.frames_written)

    def write_audio(self, samples: NDArray[np.floating[Any]]) -> None:
        """Write the next float32 (n,) mono samples in -1..1; without a sound track they are ignored.

        Raises:
            OutputError: it cannot be written; the file is then gone.
        """
        if self._sound_rate_hz is None or len(samples) == 0:
            return
        clean = np.clip(np.nan_to_num(np.asarray(samples, np.float32)), -1.0, 1.0)
        with self._guarded():
            self._sound = np.concatenate([self._sound, clean])
            self._encode_sound(until_frame=self.frames_written)

    def close(self) -> None:
        """Finish: the file is then whole at its place. May be called twice.

        Raises:
            OutputError: it cannot be finished, or no frame was written; nothing is left then.
        """
        if self._container is None:
            return
        if self._last is None:
            self.abort()
            raise OutputError(f"expected at least one frame for {self.path.name}, found none")
        with self._guarded():
            self._even_out()
            self._encode_sound(until_frame=None)
            self._mux(self._video.encode(None))
            if self._audio is not None:
                self._mux(self._audio.encode(None))
            container, self._container = self._container, None
            container.close()
            found = self._part.stat().st_size
            if found < self._bytes:
                raise OSError(f"disk full? {self._bytes} bytes were written and {found} arrived")
            self._part.replace(self.path)
            self._part_exists = False

    def abort(self) -> None:
        """Leave nothing behind. May be called twice, and after close, when it does nothing."""
        container, self._container = self._container, None
        if container is not None:
            with contextlib.suppress(av.FFmpegError, OSError, ValueError):
                container.close()
        if self._part_exists:
            self._part_exists = False
            with contextlib.suppress(OSError):
                self._part.unlink(missing_ok=True)

    def __enter__(self) -> VideoWriter:
        """Return self."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close, or abort after an exception."""
        if kind is None:
            self.close()
        else:
            self.abort()

    def _open(self, kind: str, threads: int, keyframe_interval: int, metadata: dict[str, str]) -> None:
        flags = {"movflags": "+faststart"} if kind in ("mp4", "mov") else {}
        if self._keeps and flags:
            flags = dict(FRAGMENTED)
        os.close(os.open(self._part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        self._part_exists = True
        self._container = av.open(str(self._part), "w", format=kind, container_options=flags)
        self._container.metadata.update(metadata)
        video = self._container.add_stream("libvpx-vp9" if self._has_alpha else "libx264", rate=self._rate)
        video.width, video.height = self._size[0] + self._size[0] % 2, self._size[1] + self._size[1] % 2
        video.pix_fmt = "yuva420p" if self._has_alpha else "yuv420p"
        context = video.codec_context
        context.time_base = Fraction(1, self._rate)
        context.gop_size = keyframe_interval
        context.colorspace, context.color_range = 1, 1
        context.color_primaries, context.color_trc = 1, 1
        context.thread_count = threads
        video.options = dict(self._options)
        self._video = video
        self._audio: Any = None
        if self._sound_rate_hz is not None:
            sound_codec = "libopus" if self._has_alpha else "aac"
            self._audio = self._container.add_stream(sound_codec, rate=self._sound_rate_hz, layout="mono")
            self._audio.codec_context.bit_rate = AUDIO_BIT_RATE
            if not self._has_alpha:
                self._audio.options = dict(AAC_OPTIONS)

    def _converted(self, rgb: NDArray[np.uint8]) -> av.VideoFrame:
        odd_height, odd_width = self._size[1] % 2, self._size[0] % 2
        if odd_height or odd_width:
            rgb = np.pad(rgb, ((0, odd_height), (0, odd_width), (0, 0)), mode="edge")
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
        return self._reformatter.reformat(
            frame, format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=1, threads=1
        )

    def _badged(self, frame: av.VideoFrame) -> av.VideoFrame:
        if self._badge is not None:
            self._badge.lay(frame)
        return frame

    def _with_alpha(self, frame: av.VideoFrame, coverage: NDArray[np.uint8] | None) -> av.VideoFrame:
        """Return a frame of yuv420p with a fourth plane."""
        full = av.VideoFrame(frame.width, frame.height, "yuva420p")
        full.colorspace, full.color_range = 1, 1
        if coverage is None:
            coverage = np.full((frame.height, frame.width), 255, np.uint8)
        elif self._badge is not None:
            self._badge.cover(coverage)
        planes = [_rows(plane)[:, : plane.width] for plane in frame.planes]
        for plane, content in zip(full.planes, [*planes, coverage], strict=True):
            _rows(plane)[:, : plane.width] = content
        return full

    def _encode_frame(self, frame: av.VideoFrame) -> None:
        frame.pts = self.frames_written
        frame.time_base = Fraction(1, self._rate)
        self._mux(self._video.encode(frame))
        self.frames_written += 1

    def _encode_sound(self, until_frame: int | None) -> None:
        """Encode the sound that is there, up to the end of a frame now and then (both tracks interleave), or all."""
        if self._audio is None or self._sound_rate_hz is None:
            return
        # What is kept of a recording that is torn off ends with its sound.
        if until_frame is not None and not self._keeps and until_frame % SOUND_EVERY_FRAMES:
            return
        block = self._audio.codec_context.frame_size or 1024
        while len(self._sound):
            due = (
                until_frame is None or self._samples_written / self._sound_rate_hz < until_frame / self._rate
            )
            if not due or (until_frame is not None and len(self._sound) < block):
                return
            piece, self._sound = self._sound[:block], self._sound[block:]
            # Of one channel both are the same bytes; each encoder takes its own.
            frame = av.AudioFrame.from_ndarray(
                piece[None], format="flt" if self._has_alpha else "fltp", layout="mono"
            )
            frame.sample_rate = self._sound_rate_hz
            frame.pts = self._samples_written
            frame.time_base = Fraction(1, self._sound_rate_hz)
            self._mux(self._audio.encode(frame))
            self._samples_written += len(piece)

    def _even_out(self) -> None:
        """Carry on the shorter of picture and sound."""
        if self._sound_rate_hz is None or self._last is None:
            return
        samples = self._samples_written + len(self._sound)
        if samples == 0:
            return
        while (samples / self._sound_rate_hz - self.frames_written / self._rate) * self._rate > 1.0:
            self._encode_frame(self._last)
        missing = round(self.frames_written / self._rate * self._sound_rate_hz) - samples
        if missing > 0:
            self._sound = np.concatenate([self._sound, np.zeros(missing, np.float32)])

    def _mux(self, packets: Sequence[Any]) -> None:
        assert self._container is not None
        for packet in packets:
            self._bytes += packet.size
            self._container.mux(packet)

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """Turn what goes wrong with the disk into one clear line and leave no file."""
        if self._container is None:
            raise OutputError(f"expected an open video, found one that is closed already ({self.path.name})")
        try:
            yield
        except (av.FFmpegError, OSError) as error:
            kept = self._keep() if self._keeps else ""
            self.abort()
            failure = self._failure(error)
            raise OutputError(f"{failure}{kept}") from error

    def _keep(self) -> str:
        """Put what is whole of the unfinished file in its place, and say so; an empty text where that is nothing."""
        container, self._container = self._container, None
        if container is not None:
            with contextlib.suppress(av.FFmpegError, OSError, ValueError):
                container.close()
        with contextlib.suppress(OSError):
            if keep_whole_fragments(self._part):
                self._part.replace(self.path)
                self._part_exists = False
                return f"; what was recorded until then is kept in {self.path}"
        return ""

    def _failure(self, error: Exception) -> OutputError:
        reason = getattr(error, "strerror", None) or str(error)
        return OutputError(f"the video {self.path} cannot be written: {reason}")


def _rows(plane: Any) -> NDArray[np.uint8]:
    """Return a plane's memory, uint8 (rows, bytes a row with padding), which may be written to."""
    return np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height]
