"""All that is decided between looking at a clip and writing the character."""

from __future__ import annotations

from dataclasses import dataclass, replace

from talkingface.errors import NoFaceError
from talkingface.mouth_space import MouthSpace
from talkingface.preparation.loop_choice import (
    FrameMix,
    LoopChoice,
    choose_loop,
    closed_loop,
    mend_pictures,
)
from talkingface.preparation.occlusion import hidden, hidden_share
from talkingface.preparation.quality_report import Measure, face_width_px, measure_quality
from talkingface.preparation.references import choose_open_mouths, choose_references
from talkingface.preparation.shots import best_shot, flashes
from talkingface.preparation.steady_tracks import FaceAnalysis, analyse
from talkingface.preparation.watching import Watched
from talkingface.records import FloatArray
from talkingface.tracking import FaceTrack

NARROWEST_FACE_PX = 40
LEAST_LEFT_SHARE = 0.5


@dataclass(frozen=True)
class Plan:
    """All that was decided before anything is written.

    Attributes:
        offset: source frame that counts as number 0 from here on.
        shot: the part of the clip that is used.
        analysis: its face.
        loop: how it repeats.
        mixes: the loop's frames, with lost pictures mended.
        references: frames that become generator references.
        open_mouths: frames whose mouths are looked into.
        measures: how good the clip is.
        hidden_share: how much of the lower face is covered in every frame, 0..1.
        seen_frames: how many frames were looked at.
    """

    offset: int
    shot: Watched
    analysis: FaceAnalysis
    loop: LoopChoice
    mixes: tuple[FrameMix, ...]
    references: tuple[int, ...]
    open_mouths: tuple[int, ...]
    measures: tuple[Measure, ...]
    hidden_share: FloatArray
    seen_frames: int


def make_plan(watched: Watched, space: MouthSpace, most_frames: int, name: str, *, made_loop: bool) -> Plan:
    """Decide which part of a clip is used, and how.

    Args:
        watched: the whole clip, a face in at least one frame.
        space: the mouth blendshapes.
        most_frames: of the loop.
        name: of the clip, for messages.
        made_loop: whether the frames are a perfect loop already.

    Raises:
        NoFaceError: no face for long enough, or too small.
    """
    covered = hidden_share(watched)
    seen = without_hidden(watched, covered)
    offset, stop = best_shot(seen)
    shot = seen.part(offset, stop)
    analysis = analyse(shot.track, space)
    wide_px = face_width_px(analysis)
    if wide_px < NARROWEST_FACE_PX:
        raise NoFaceError(
            f"expected a face at least {NARROWEST_FACE_PX} px wide, found {wide_px:.0f} px in {name}: "
            "film closer, 180 px are advised"
        )
    loop = closed_loop(shot, analysis) if made_loop else choose_loop(shot, analysis, most_frames)
    mixes = mend_pictures(loop.mixes, analysis.mended | flashes(shot.thumbs))
    share = covered[offset:stop]
    measures = measure_quality(watched, analysis, loop, offset, share)
    references, opened = choose_references(shot, analysis), choose_open_mouths(shot, analysis)
    return Plan(
        offset,
        shot,
        analysis,
        loop,
        mixes,
        references,
        opened,
        tuple(measures),
        share,
        len(covered),
    )


def without_hidden(watched: Watched, share: FloatArray) -> Watched:
    """Return the clip with the face counted as lost where something covers it, unless that is most of the time."""
    found = watched.track.found & ~hidden(share)
    if found.sum() < LEAST_LEFT_SHARE * watched.track.found.sum():
        return watched
    return replace(watched, track=FaceTrack(watched.track.points, found, watched.track.frames_per_second))
