"""Why a loop is as it is, in a sentence of English and one of Chinese."""

from __future__ import annotations

import math

from talkingface.preparation.loop_choice import FADE_FRAMES, MOST_FACE_SHIFT, LoopChoice
from talkingface.preparation.shots import LONGEST_GAP_FRAMES
from talkingface.video_files import FRAMES_PER_SECOND


def loop_reason(loop: LoopChoice, offset: int) -> tuple[str, str]:
    """Return why the loop was chosen, in English and in Chinese.

    Args:
        loop: its numbers count from ``offset``.
        offset: first frame of the clip that was used.
    """
    if loop.kind == "still":
        return "a still picture was given a motion that closes by itself", "静态图片：使用可自然闭合的微动"
    if loop.kind == "forward":
        return _forward(loop, offset)
    return _forward_back(loop)


def part_reason(used_frames: int, seen_frames: int) -> tuple[str, str]:
    """Return why not all of a clip was used, in English and in Chinese; empty where it was."""
    if used_frames >= seen_frames:
        return "", ""
    gap_s = LONGEST_GAP_FRAMES / FRAMES_PER_SECOND
    return (
        f"of {seen_frames / FRAMES_PER_SECOND:.1f} s the longest part without a cut, in which the face is never "
        f"lost for more than {gap_s:.1f} s",
        f"在 {seen_frames / FRAMES_PER_SECOND:.1f} 秒中选取最长的一段：没有切换镜头，且脸部丢失不超过 {gap_s:.1f} 秒",
    )


def _forward(loop: LoopChoice, offset: int) -> tuple[str, str]:
    begin_s = (offset + loop.mixes[0].first) / FRAMES_PER_SECOND
    end_s = begin_s + len(loop.mixes) / FRAMES_PER_SECOND
    fade_s = FADE_FRAMES / FRAMES_PER_SECOND
    return (
        f"the moments at {begin_s:.1f} s and {end_s:.1f} s look alike, "
        f"so it runs forward and a morph of {fade_s:.1f} s joins its end to its beginning",
        f"{begin_s:.1f} 秒与 {end_s:.1f} 秒处画面相似，因此正向循环，首尾以 {fade_s:.1f} 秒的变形过渡相接",
    )


def _forward_back(loop: LoopChoice) -> tuple[str, str]:
    ending_en = "so it runs forward and back, and slows down to turn where the head is calmest"
    ending_zh = "因此往返播放，并在头部最平稳处减速折返"
    if math.isinf(loop.closest):
        return f"the clip is too short to be cut, {ending_en}", f"视频太短，无法剪接，{ending_zh}"
    if loop.closest <= MOST_FACE_SHIFT:
        return (
            f"where the face comes back to its place the rest of the picture has changed, {ending_en}",
            f"脸部回到原位时画面其余部分已改变，{ending_zh}",
        )
    apart, limit = 100 * loop.closest, 100 * MOST_FACE_SHIFT
    return (
        f"the two most alike moments still differ by {apart:.1f} % of the face's height "
        f"({limit:.1f} % can be joined unseen), {ending_en}",
        f"最相似的两处仍相差脸高的 {apart:.1f}%（不超过 {limit:.1f}% 才能无痕相接），{ending_zh}",
    )
