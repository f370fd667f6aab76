"""``track``: the tracked face mesh of a video."""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import numpy as np

from mini_live.arguments import ArgumentValueError
from mini_live.quiet_libraries import quiet_native_logs
from mini_live.whole_files import check_writable, write_whole
from talkingface.errors import BadVideoError, NoFaceError
from talkingface.reporting import Reporter
from talkingface.tasks_tracker import open_tracker
from talkingface.tracking import FaceTrack, track_frames
from talkingface.video_files import FRAMES_PER_SECOND, probe_video, read_frames


def run(arguments: argparse.Namespace, reporter: Reporter) -> None:
    """Track every frame at 25 fps and write the mesh.

    Raises:
        ArgumentValueError: an output of another kind.
        BadVideoError: the video cannot be used.
        NoFaceError: no frame shows a face.
        OutputError: the output cannot be written.
    """
    video: Path = arguments.video
    output: Path = arguments.output
    if output.suffix.lower() != ".npz":
        raise ArgumentValueError(f"expected an output ending in .npz, found {output.name!r}")
    info = probe_video(video)
    check_writable(output)
    expected = max(1, round(info.duration_s * FRAMES_PER_SECOND))
    with quiet_native_logs(enabled=not arguments.debug):
        tracker = open_tracker(arguments.face_model)
        try:
            track = track_frames(
                read_frames(video),
                tracker,
                FRAMES_PER_SECOND,
                lambda done: reporter.progress(done / max(expected, done), "track"),
            )
        finally:
            tracker.close()
    if not len(track.found):
        raise BadVideoError(f"expected a video with frames, found none in {video}")
    if not track.found.any():
        raise NoFaceError(f"expected a face, found none in the {len(track.found)} frames of {video}")
    write_whole(output, _as_npz(track))
    found = int(track.found.sum())
    reporter.result(
        {
            "command": "track",
            "output": str(output),
            "frames": len(track.found),
            "found": found,
            "fps": track.frames_per_second,
        },
        f"a face in {found} of {len(track.found)} frames, mesh in {output}",
    )


def _as_npz(track: FaceTrack) -> bytes:
    data = io.BytesIO()
    np.savez_compressed(data, points=track.points, found=track.found, fps=np.float32(track.frames_per_second))
    return data.getvalue()
