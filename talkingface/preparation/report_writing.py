"""The report of a prepared character in its folder: ``report.json``, ``report.html`` with pictures, ``preview.jpg``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from talkingface.landmarks import FACE_OVAL, LIPS_INNER, LIPS_OUTER
from talkingface.preparation.loop_reasons import loop_reason, part_reason
from talkingface.preparation.planning import Plan
from talkingface.preparation.quality_report import as_json
from talkingface.preparation.report_page import Picture, report_page
from talkingface.records import CropRectangle, FloatArray, ImageArray
from talkingface.video_files import FRAMES_PER_SECOND

PREVIEW_PX = 480
STRIP_FRAMES = 6
PICTURE_PX = 260


@dataclass(frozen=True)
class TellingFrame:
    """A frame that shows why a measure is not good."""

    number: int
    caption_en: str
    caption_zh: str


def strip_frames(plan: Plan) -> list[int]:
    """Return some source frames spread over the loop."""
    shown = sorted({mix.first for mix in plan.mixes})
    return [
        shown[place] for place in np.linspace(0, len(shown) - 1, min(STRIP_FRAMES, len(shown))).astype(int)
    ]


def telling_frames(plan: Plan) -> list[TellingFrame]:
    """Return the worst frame of each measure that is not good and can be seen in a picture."""
    analysis, shot = plan.analysis, plan.shot
    verdicts = {measure.name: measure.verdict for measure in plan.measures}
    away = np.linalg.norm(np.stack([pose.rotation[:2, 2] for pose in analysis.poses]), axis=1)
    sharp = np.where(analysis.mended, np.inf, shot.sharpness)
    candidates = {
        "face_found": (int(np.argmax(~shot.track.found)), "no face found here", "此处未检测到脸"),
        "face_hidden": (int(np.argmax(plan.hidden_share)), "something hides the face", "脸部被遮挡"),
        "frontal_share": (int(np.argmax(away)), "turned farthest away", "转头最多"),
        "sharpness": (int(np.argmin(sharp)), "the most blurred", "最模糊"),
        "clipped": (int(np.argmax(shot.clipped)), "burnt out or black", "过曝或死黑"),
        "light": (int(np.argmin(np.where(analysis.mended, np.inf, shot.light))), "the darkest", "最暗"),
        "mouth_activity": (int(np.argmax(analysis.opening)), "the mouth widest open", "嘴张得最大"),
    }
    return [
        TellingFrame(number, english, chinese)
        for name, (number, english, chinese) in candidates.items()
        if verdicts.get(name, "good") != "good"
    ]


def facts(plan: Plan, video: str) -> dict[str, Any]:
    """Return what the report tells besides the measures."""
    reason_en, reason_zh = loop_reason(plan.loop, plan.offset)
    part_en, part_zh = part_reason(len(plan.analysis.points_px), plan.seen_frames)
    return {
        "video": video,
        "frames": len(plan.mixes),
        "frames_per_second": FRAMES_PER_SECOND,
        "width": plan.shot.width,
        "height": plan.shot.height,
        "used_from_s": round(plan.offset / FRAMES_PER_SECOND, 2),
        "used_to_s": round((plan.offset + len(plan.analysis.points_px)) / FRAMES_PER_SECOND, 2),
        "part_reason": part_en,
        "part_reason_zh": part_zh,
        "mended_frames": int(plan.analysis.mended.sum()),
        "loop": plan.loop.kind,
        "loop_reason": reason_en,
        "loop_reason_zh": reason_zh,
        "loop_seam_face_shift": round(plan.loop.seam_face_shift, 4),
    }


def write_report(
    folder: Path,
    plan: Plan,
    video: str,
    kept: dict[int, ImageArray],
    crop: CropRectangle,
    references: ImageArray,
) -> dict[str, Any]:
    """Write report and preview and return what ``report.json`` holds.

    Args:
        folder: where they go.
        plan: what was decided and measured.
        video: the clip's name.
        kept: the frames that :func:`strip_frames` and :func:`telling_frames` ask for, and the loop's first.
        crop: the part of the first frame that is drawn again.
        references: uint8 (R, p, p, 3) mouths for the generator.
    """
    first = plan.mixes[0].first
    preview = _small(kept[first], PREVIEW_PX)
    encoded = cv2.imencode(".jpg", _bgr(preview), [cv2.IMWRITE_JPEG_QUALITY, 88])[1]
    (folder / "preview.jpg").write_bytes(encoded.tobytes())
    report = as_json(list(plan.measures), facts(plan, video))
    text = json.dumps(report, ensure_ascii=False, indent=2) + "\n"
    (folder / "report.json").write_text(text, encoding="utf-8")
    tracked = _small(_with_track(kept[first], plan.analysis.points_px[first], crop), PREVIEW_PX)
    pictures = [
        Picture(tracked, "", "the tracked face, and the part that is drawn again", "跟踪到的脸与重绘区域")
    ]
    pictures += [Picture(reference, "mouths") for reference in references]
    for number in strip_frames(plan):
        shown = _small(kept[number], PICTURE_PX)
        pictures.append(Picture(shown, "loop", f"{(plan.offset + number) / FRAMES_PER_SECOND:.1f} s"))
    for frame in telling_frames(plan):
        second = (plan.offset + frame.number) / FRAMES_PER_SECOND
        shown = _small(_around_face(kept[frame.number], plan.analysis.points_px[frame.number]), PICTURE_PX)
        caption = f"{second:.1f} s: {frame.caption_en}"
        pictures.append(Picture(shown, "warnings", caption, frame.caption_zh))
    (folder / "report.html").write_text(report_page(report, pictures), encoding="utf-8")
    return report


def _with_track(frame: ImageArray, points: FloatArray, crop: CropRectangle) -> ImageArray:
    """Return the frame with outlines of face and lips, and the crop."""
    drawn = frame.copy()
    thick = max(1, round(max(frame.shape[:2]) / 500))
    for ring in (FACE_OVAL, LIPS_OUTER, LIPS_INNER):
        line = np.round(points[list(ring), :2]).astype(np.int32)
        cv2.polylines(drawn, [line], True, (120, 220, 120), thick, cv2.LINE_AA)
    corner = (crop.x + crop.width - 1, crop.y + crop.height - 1)
    cv2.rectangle(drawn, (crop.x, crop.y), corner, (90, 170, 250), thick)
    return drawn


def _around_face(frame: ImageArray, points: FloatArray) -> ImageArray:
    oval = points[list(FACE_OVAL), :2]
    reach = 0.8 * float(np.ptp(oval, axis=0).max())
    size = np.array([frame.shape[1], frame.shape[0]])
    middle = np.clip((oval.min(0) + oval.max(0)) / 2, 0, size - 1)
    low = np.clip(middle - reach, 0, size - 1).astype(int)
    high = np.clip(middle + reach, low + 1, size).astype(int)
    return frame[low[1] : high[1], low[0] : high[0]]


def _small(rgb: ImageArray, side_px: int) -> ImageArray:
    shrink = min(1.0, side_px / max(rgb.shape[:2]))
    size = (max(1, round(rgb.shape[1] * shrink)), max(1, round(rgb.shape[0] * shrink)))
    return np.asarray(cv2.resize(np.ascontiguousarray(rgb), size, interpolation=cv2.INTER_AREA))


def _bgr(rgb: ImageArray) -> ImageArray:
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
