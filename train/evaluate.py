"""Measure the mouth picture by self-reenactment: ``python -m train.evaluate --video V.mp4 [--sheet out.png]``.

A character is prepared from the first part of a genuine video and driven with the mouth tracked from the rest; see
``train.self_reenactment`` for what it may see. Each measure stands beside the warp without a network, the nearest
reference mouth copied in, and the truth itself re-encoded.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from talkingface.clips import Clip, load_clips, tracked
from talkingface.engines.onnx_generator import load_face_generator
from talkingface.errors import BadInputError, BadVideoError
from talkingface.exit_codes import exit_code_of
from talkingface.mouth_space import MouthSpace
from talkingface.picture_measures import cut, mouth_box
from talkingface.records import FloatArray, ImageArray
from talkingface.reporting import Reporter
from talkingface.seams import FaceGenerator
from talkingface.tracking import MediaPipeTracker
from talkingface.video_files import read_frames
from talkingface.video_writer import VideoWriter
from talkingface.wrap_mesh import FaceMeshes, load_meshes
from train.contact_sheet import contact_sheet, save_sheet
from train.drawing import open_renderer
from train.picture_scores import PictureScores
from train.reenactment import estimated_look
from train.self_reenactment import Reenactment, set_up, sheet_frames, speak

Scores = dict[str, dict[str, float]]
VARIANTS = ("output", "warp_only", "nearest_reference", "truth_reencoded")
MEASURES = ("psnr", "ssim", "lmd", "sharpness_ratio", "flicker_ratio")
SHORTEST_CLIP_FRAMES = 50
TRUTH_CRF = 18
SHEET_MARGIN = 0.35  # of the mouth box, around it


def parser() -> argparse.ArgumentParser:
    """Return the command's arguments."""
    arguments = argparse.ArgumentParser(prog="python -m train.evaluate", description=__doc__.splitlines()[0])
    arguments.add_argument("--video", help="a genuine talking video")
    arguments.add_argument("--clips", help="or a folder of clips")
    arguments.add_argument("--split-name", default="validation", help="which split of --clips")
    arguments.add_argument("--people", nargs="*", help="only these persons of --clips")
    arguments.add_argument("--split", type=float, default=0.5, help="share of the video to prepare from")
    arguments.add_argument(
        "--drive", choices=("modelled", "tracked"), default="modelled", help="what moves the mouth"
    )
    arguments.add_argument(
        "--skin",
        choices=("own", "first"),
        default="own",
        help="around the mouth: the compared frame's own skin, as a base video keeps its own (most of the measured "
        "box then is the truth itself), or the first part's skin warped there, the stricter way",
    )
    arguments.add_argument(
        "--frames", type=int, default=250, help="speak at most so many frames of each clip"
    )
    arguments.add_argument("--checkpoint", default="checkpoint", help="folder of the face generator")
    arguments.add_argument("--generator", help="a painter fine-tuned for this person (ONNX)")
    arguments.add_argument("--space", default="checkpoint/mouth_space.npz")
    arguments.add_argument("--tracks", default="runs/tracks", help="folder where face tracks are kept")
    arguments.add_argument("--sheet", help="write a contact sheet: truth, output and warp of five mouths")
    arguments.add_argument("--json", action="store_true", help="one JSON object a line on standard output")
    arguments.add_argument("--debug", action="store_true", help="show tracebacks")
    return arguments


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = parser().parse_args(arguments)
    if bool(options.video) == bool(options.clips):
        parser().error("expected --video FILE or --clips DIR")
    if not 0 < options.split < 1:
        parser().error(f"expected --split between 0 and 1, found {options.split}")
    reporter = Reporter(as_json=options.json)

    def work() -> None:
        result = evaluate(options, reporter)
        reporter.result(result, as_table(result))

    return exit_code_of(work, reporter, debug=options.debug)


def evaluate(options: argparse.Namespace, reporter: Reporter) -> dict[str, Any]:
    """Evaluate every clip asked for; returns the means, the baselines' means and a row a clip.

    Raises:
        BadInputError: no clip to evaluate.
    """
    space, meshes = MouthSpace.load(options.space), load_meshes()
    generator = load_face_generator(options.checkpoint, options.generator)
    rows: list[tuple[Clip, Scores]] = []
    clips = chosen_clips(options)
    sheets: dict[str, dict[str, ImageArray]] = {}
    for number, clip in enumerate(clips):
        reporter.progress(number / len(clips), "evaluate", clip.name)
        try:
            scores, pictures = evaluate_clip(clip, options, space, meshes, generator)
        except BadInputError as error:
            if options.video:
                raise
            reporter.note(f"{clip.name}: passed over ({error})")
            continue
        rows.append((clip, scores))
        for kind, line in pictures.items():
            sheets[f"{clip.name} {kind}" if options.clips else kind] = line
    reporter.progress(1, "evaluate")
    if not rows:
        raise BadInputError("expected at least one clip that is long enough, found none")
    if options.sheet:
        save_sheet(contact_sheet(sheets), options.sheet)
    means = {name: mean_of([scores[name] for _, scores in rows]) for name in VARIANTS}
    return {
        **means["output"],
        "drive": options.drive,
        "skin": options.skin,
        "split": options.split,
        **{name: values for name, values in means.items() if name != "output"},
        "clips": [{"clip": clip.name, "person": clip.person, **scores} for clip, scores in rows],
    }


def evaluate_clip(
    clip: Clip, options: argparse.Namespace, space: MouthSpace, meshes: FaceMeshes, generator: FaceGenerator
) -> tuple[Scores, dict[str, dict[str, ImageArray]]]:
    """Speak the rest of one clip and measure it.

    Returns:
        {variant: {measure: value}}, and for a sheet {row: {column: picture}}.

    Raises:
        BadInputError: too short, or no face.
        GraphicsError: drawing failed.
    """
    track = tracked(clip, options.tracks)
    setting = set_up(clip, track, space, meshes, options.split, options.frames)
    renderer = open_renderer(meshes, estimated_look(setting.material, setting.first))
    wanted = sheet_frames(setting)
    scores = {name: PictureScores() for name in VARIANTS}
    trackers = {name: MediaPipeTracker() for name in VARIANTS}
    pictures: dict[str, dict[str, ImageArray]] = defaultdict(dict)
    kept = np.flatnonzero(track.found)
    whole = whole_frames(clip, {int(kept[frame]) for frame in setting.rest})
    again = reencoded(whole_frames(clip, {int(kept[frame]) for frame in setting.rest}))
    try:
        spoken = speak(
            setting, renderer, generator, modelled=options.drive == "modelled", own_skin=options.skin == "own"
        )
        for truth, second, frame in zip(whole, again, spoken, strict=True):
            points = setting.material.points_px[frame.frame]
            outputs = {name: placed(truth, face, setting, frame.frame) for name, face in frame.faces.items()}
            outputs["truth_reencoded"] = second
            for name, output in outputs.items():
                scores[name].add(output, truth, points, trackers[name].track(output))
            for kind, number in wanted.items():
                if number == frame.frame:
                    shown = {"truth": truth, **outputs}
                    pictures["truth"][kind] = _shown(shown["truth"], points)
                    pictures["output"][kind] = _shown(shown["output"], points)
                    pictures["warp only"][kind] = _shown(shown["warp_only"], points)
    finally:
        renderer.close()
        for tracker in trackers.values():
            tracker.close()
    ordered = {
        row: {kind: pictures[row][kind] for kind in wanted} for row in ("truth", "output", "warp only")
    }
    return {name: score.result() for name, score in scores.items()}, ordered


def chosen_clips(options: argparse.Namespace) -> list[Clip]:
    """Return the clips asked for: the video, or the genuine, long enough ones of a split.

    Raises:
        BadInputError: none.
    """
    if options.video:
        path = Path(options.video)
        if not path.is_file():
            raise BadVideoError(f"expected a video file, found nothing at {path}")
        return [Clip(path, path.stem, "video", path.stem, "validation")]
    clips = [
        clip
        for clip in load_clips(options.clips)
        if clip.genuine
        and clip.split == options.split_name
        and (not options.people or clip.person in options.people)
    ]
    return [clip for clip in clips if int(tracked(clip, options.tracks).found.sum()) >= SHORTEST_CLIP_FRAMES]


def whole_frames(clip: Clip, numbers: set[int]) -> Iterator[ImageArray]:
    """Yield the frames of a clip with those numbers, in order."""
    last = max(numbers)
    for number, frame in enumerate(read_frames(clip.path)):
        if number > last:
            return
        if number in numbers:
            yield frame


def reencoded(frames: Iterator[ImageArray]) -> Iterator[ImageArray]:
    """Yield frames after a way through H.264 at the quality that the program writes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "truth.mp4"
        first = next(frames)
        height, width = first.shape[:2]
        with VideoWriter(path, width, height, crf=TRUTH_CRF) as writer:
            writer.write_frame(first)
            for frame in frames:
                writer.write_frame(frame)
        for frame in read_frames(path):
            yield np.ascontiguousarray(frame[:height, :width])


def placed(truth: ImageArray, face: ImageArray, setting: Reenactment, frame: int) -> ImageArray:
    """Return the whole frame with the drawn crop in its place."""
    box = setting.material.crops[frame]
    output = truth.copy()
    cut(output, box)[...] = face
    return output


def mean_of(rows: list[dict[str, float]]) -> dict[str, float]:
    """Return the mean of each measure over clips, leaving out clips where it could not be taken."""
    return {name: float(np.nanmean([row[name] for row in rows])) for name in MEASURES}


def as_table(result: dict[str, Any]) -> str:
    """Return the figures as text for people."""
    lines = [f"{'':34s}" + "".join(f"{name:>17s}" for name in MEASURES)]
    everything = {"mean": {name: result if name == "output" else result[name] for name in VARIANTS}}
    for row in result["clips"]:
        everything[row["clip"]] = row
    for title, variants in everything.items():
        for name in VARIANTS:
            values = variants[name]
            lines.append(f"{title[:15]:16s}{name:18s}" + "".join(f"{values[m]:17.4f}" for m in MEASURES))
    return "\n".join(lines)


def _shown(picture: ImageArray, points: FloatArray) -> ImageArray:
    height, width = picture.shape[:2]
    box = mouth_box(points, width, height)
    side = int(max(box.width, box.height * 1.3) * (1 + 2 * SHEET_MARGIN))
    x, y = box.x + box.width // 2, box.y + box.height // 2
    top, left = max(0, y - side * 2 // 5), max(0, x - side // 2)
    return picture[top : y + side * 2 // 5, left : x + side // 2].copy()


if __name__ == "__main__":
    sys.exit(main())
