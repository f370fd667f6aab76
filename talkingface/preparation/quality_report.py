"""How good a clip is as a character: measured values, limits, verdicts, and advice in English and Chinese."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from talkingface import landmarks
from talkingface.preparation.loop_choice import LoopChoice
from talkingface.preparation.occlusion import hidden
from talkingface.preparation.source_video import ADVISED_FACE_PX
from talkingface.preparation.steady_tracks import FaceAnalysis
from talkingface.preparation.watching import Watched
from talkingface.records import FloatArray

FRONTAL_DEGREES = 25


@dataclass(frozen=True)
class Measure:
    """One line of the report.

    Attributes:
        name: stable identifier.
        title_en: for people.
        title_zh: for people.
        value: measured.
        unit: of value and limits.
        good: from here on it is good.
        usable: from here on it is usable; worse is poor.
        verdict: ``good``, ``fair`` or ``poor``.
        advice_en: what to do, empty where it is good.
        advice_zh: the same in Chinese.
    """

    name: str
    title_en: str
    title_zh: str
    value: float
    unit: str
    good: float
    usable: float
    verdict: str
    advice_en: str
    advice_zh: str


def measure_quality(
    watched: Watched, analysis: FaceAnalysis, loop: LoopChoice, offset: int, hidden_share: FloatArray
) -> list[Measure]:
    """Measure a prepared clip.

    Args:
        watched: the whole clip.
        analysis: the face in the part that was used.
        loop: the chosen loop; its numbers count from ``offset``.
        offset: first frame of the part that was used.
        hidden_share: how much of the lower face is covered in every frame of that part, 0..1.
    """
    used = watched.part(offset, offset + len(analysis.points_px))
    face_px = face_width_px(analysis)
    away = np.stack([pose.rotation[:2, 2] for pose in analysis.poses])
    frontal = float((np.linalg.norm(away, axis=1) < np.sin(np.radians(FRONTAL_DEGREES))).mean())
    seen = used.track.found
    places = np.stack([pose.translation_px[:2] / pose.scale_px for pose in analysis.poses])
    moved = float(np.linalg.norm(np.diff(places, axis=0), axis=1).max()) if len(places) > 1 else 0.0
    sharp = float(np.median(used.sharpness[seen])) if seen.any() else 0.0
    light = float(np.median(used.light[seen])) if seen.any() else 0.0
    clipped = float(np.median(used.clipped[seen])) if seen.any() else 1.0
    faces = float((watched.faces > 1).mean()) if len(watched.faces) else 0.0
    seconds = len(watched.thumbs) / watched.track.frames_per_second
    covered = float(hidden(hidden_share).mean())
    lit = min(light / 0.25, (1 - light) / 0.12)
    return [
        _m("duration", "Length", "时长", seconds, "s", 5, 2,
           "film 5 to 15 s; a short loop is noticed", "请拍摄 5 到 15 秒；循环太短会被察觉"),
        _m("picture_height", "Picture height", "画面高度", watched.height, "px", 640, 360,
           "film in 720p or more", "请使用 720p 或更高分辨率拍摄"),
        _m("face_width", "Face width", "脸部宽度", face_px, "px", ADVISED_FACE_PX, 90,
           f"film closer: the face is {face_px:.0f} px wide, 180 are advised",
           f"请靠近拍摄：脸宽 {face_px:.0f} 像素，建议 180 像素"),
        _m("frontal_share", "Frames facing the camera", "正面帧比例", frontal, "", 0.9, 0.5,
           "look into the camera; turn the head less than 25 degrees", "请看向镜头，转头不超过 25 度"),
        _m("face_found", "Frames with a face", "检测到脸的帧", float(watched.track.found.mean()), "", 0.99, 0.7,
           "keep hands and objects away from the face, and the face inside the picture",
           "请勿遮挡脸部，并保持脸在画面内"),
        _m("face_hidden", "Frames with a hidden face", "脸部被遮挡的帧", covered, "", 0.01, 0.3,
           "keep hands, cups and microphones away from the mouth; such frames are made up from their neighbours",
           "请勿让手、杯子或麦克风遮挡嘴部；被遮挡的帧由相邻帧补成", larger_is_better=False),
        _m("other_faces", "Frames with other faces", "出现其他人脸的帧", faces, "", 0.02, 0.5,
           "film one person alone", "请只拍摄一个人", larger_is_better=False),
        _m("fastest_motion", "Fastest head motion", "头部最快移动", moved, "face heights/frame", 0.05, 0.15,
           "move the head slowly", "请缓慢移动头部", larger_is_better=False),
        _m("sharpness", "Sharpness of the face", "脸部清晰度", sharp, "grey levels²", 120, 30,
           "hold the camera still, clean the lens, give more light", "请固定相机、清洁镜头并增加光线"),
        _m("light", "Light on the face, of what is needed", "脸部光线（所需比例）", lit, "", 1.0, 0.45,
           "light the face from the front; neither dark nor glaring", "请从正面打光，避免过暗或过亮"),
        _m("clipped", "Burnt-out or black skin", "过曝或死黑的皮肤", clipped, "", 0.05, 0.25,
           "lower the exposure or soften the light", "请降低曝光或柔化光线", larger_is_better=False),
        _m("mouth_activity", "Mouth activity", "嘴部活动", float(analysis.opening.std()), "face heights", 0.012, 0.05,
           "keep the mouth shut and relaxed while filming", "拍摄时请闭嘴并放松", larger_is_better=False),
        _m("rest_opening", "Mouth opening at rest", "静止时嘴部张开", analysis.rest_opening, "face heights", 0.012,
           0.04, "shut the lips at least for a moment; a rest was made up", "请至少短暂闭合嘴唇；静止口型为推算",
           larger_is_better=False),
        _m("loop_seam", "Change at the loop's seam", "循环接缝处变化", loop.seam_ratio, "x usual", 2.0, 5.0,
           "begin and end in the same posture", "请以相同姿势开始和结束", larger_is_better=False),
        _m("turn_speed", "Motion where the loop turns round", "循环折返处的运动", loop.turn_speed, "face heights/frame",
           0.006, 0.03, "come back to the first posture at the end, so that the loop need not run backwards",
           "结束时请回到开始的姿势，这样循环无需倒放", larger_is_better=False),
    ]  # fmt: skip


def face_width_px(analysis: FaceAnalysis) -> float:
    """Return the median distance from one side of the face to the other."""
    return float(np.median(landmarks.face_width_px(analysis.points_px)))


def overall(measures: list[Measure]) -> str:
    """Return the worst verdict."""
    verdicts = {measure.verdict for measure in measures}
    return next(verdict for verdict in ("poor", "fair", "good") if verdict in verdicts)


def as_json(measures: list[Measure], facts: dict[str, Any]) -> dict[str, Any]:
    """Return the report as it is stored: facts, verdict, measures."""
    return {**facts, "verdict": overall(measures), "measures": [_rounded(measure) for measure in measures]}


def _m(
    name: str, title_en: str, title_zh: str, value: float, unit: str, good: float, usable: float,
    advice_en: str, advice_zh: str, *, larger_is_better: bool = True,
) -> Measure:  # fmt: skip
    sign = 1 if larger_is_better else -1
    verdict = "good" if sign * value >= sign * good else "fair" if sign * value >= sign * usable else "poor"
    told = ("", "") if verdict == "good" else (advice_en, advice_zh)
    return Measure(name, title_en, title_zh, float(value), unit, good, usable, verdict, *told)


def _rounded(measure: Measure) -> dict[str, Any]:
    return {**asdict(measure), "value": round(measure.value, 4)}
