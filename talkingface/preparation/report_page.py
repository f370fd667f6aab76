"""The quality report as one readable page in English and Chinese, with its pictures inside."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from html import escape
from typing import Any

import cv2
import numpy as np

from talkingface.records import ImageArray

COLOURS = {"good": "#1a7f37", "fair": "#9a6700", "poor": "#cf222e"}
VERDICTS = {"good": "good · 好", "fair": "fair · 一般", "poor": "poor · 差"}
SUMMARIES = {
    "good": ("This clip makes a good character.", "这段视频很适合制作角色。"),
    "fair": (
        "This clip works; what is marked could be better.",
        "这段视频可以使用；有标记的项目还可以改进。",
    ),
    "poor": (
        "This clip works, but it will be seen; film again as advised below.",
        "这段视频勉强可用，效果会受影响；请按下方建议重新拍摄。",
    ),
}
LOOPS = {
    "forward": "forward · 正向",
    "forward-back": "forward and back · 往返",
    "still": "still picture · 静态图片",
}
SHORT_UNIT = 2
UNITS = {
    "face heights": "face heights · 脸高",
    "face heights/frame": "face heights/frame · 脸高/帧",
    "grey levels²": "grey levels² · 灰度²",
    "x usual": "× usual · 倍",
}
SECTIONS = {
    "mouths": "Mouths for the painter · 供绘制参考的口型",
    "loop": "Through the loop · 循环中的画面",
    "warnings": "What to look at · 请留意",
}
STYLE = (
    "body{font:16px/1.45 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1f2328}"
    ".top{display:flex;gap:1.5rem;flex-wrap:wrap}.top table{flex:1;width:auto;min-width:20rem}"
    "figure{display:inline-block;margin:0 8px 8px 0;vertical-align:top}img{border-radius:6px;display:block}"
    "figcaption{font-size:.8rem;color:#59636e;max-width:14rem}"
    "table{border-collapse:collapse;width:100%;align-self:flex-start}h2{font-size:1.05rem;margin:1.2rem 0 .4rem}"
    "td,th{border-bottom:1px solid #d1d9e0;padding:.35rem .6rem;text-align:left;vertical-align:top}"
    "td.n{white-space:nowrap}td:first-child{min-width:12rem}"
    "b.v{color:#fff;border-radius:1em;padding:.1em .7em;white-space:nowrap;font-size:.85em}"
    "small{color:#59636e}@media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}"
    "td,th{border-color:#3d444d}}"
)


@dataclass(frozen=True)
class Picture:
    """A picture of the page, uint8 (h, w, 3) RGB, what it shows, and its section (see SECTIONS; empty: on top)."""

    rgb: ImageArray
    section: str = ""
    caption_en: str = ""
    caption_zh: str = ""


def report_page(report: dict[str, Any], pictures: list[Picture]) -> str:
    """Return the page as HTML without scripts or outside parts.

    Args:
        report: what ``report.json`` holds.
        pictures: shown in their sections.
    """
    rows = "".join(_row(measure) for measure in report["measures"])
    top = "".join(_figure(picture, 330) for picture in pictures if not picture.section)
    seconds = report["frames"] / report["frames_per_second"]
    span = f"{report['used_from_s']:.1f}–{report['used_to_s']:.1f} s"
    used = (span, report["part_reason"], report["part_reason_zh"])
    facts = [
        ("Picture · 画面", f"{report['width']}×{report['height']} px"),
        ("Part used · 使用部分", "<br>".join(part for part in used if part)),
        ("Loop · 循环", f"{seconds:.1f} s, {LOOPS[report['loop']]}"),
        ("Why · 原因", f"{report['loop_reason']}<br>{report['loop_reason_zh']}"),
        ("Mended frames · 修补帧", str(report["mended_frames"])),
    ]
    listed = "".join(f"<tr><th>{title}</th><td>{text}</td></tr>" for title, text in facts)
    english, chinese = SUMMARIES[report["verdict"]]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(report['video'])}</title><style>{STYLE}</style></head><body>"
        f"<h1>{escape(report['video'])} {_badge(report['verdict'])}</h1><p>{english}<br>{chinese}</p>"
        f'<div class="top"><div>{top}</div><table>{listed}</table></div>'
        + "".join(_section(name, pictures) for name in SECTIONS)
        + "<h2>Measures · 指标</h2>"
        "<table><tr><th>Measure · 指标</th><th>Measured · 实测</th><th>Good · 良好</th><th>Usable · 可用</th>"
        f"<th>Verdict · 结论</th><th>Advice · 建议</th></tr>{rows}</table></body></html>\n"
    )


def _section(name: str, pictures: list[Picture]) -> str:
    figures = "".join(_figure(picture, 130) for picture in pictures if picture.section == name)
    return f"<h2>{SECTIONS[name]}</h2><div>{figures}</div>" if figures else ""


def _row(measure: dict[str, Any]) -> str:
    sign = "≥" if measure["good"] > measure["usable"] else "≤"
    advice = "<br>".join(escape(text) for text in (measure["advice_en"], measure["advice_zh"]) if text)
    value, good, usable = (_amount(measure[key], measure["unit"]) for key in ("value", "good", "usable"))
    return (
        f"<tr><td>{escape(measure['title_en'])}<br>{escape(measure['title_zh'])}{_long_unit(measure['unit'])}</td>"
        f'<td class="n">{value}</td><td class="n">{sign} {good}</td><td class="n">{sign} {usable}</td>'
        f"<td>{_badge(measure['verdict'])}</td><td>{advice}</td></tr>"
    )


def _long_unit(unit: str) -> str:
    return f"<br><small>{escape(UNITS.get(unit, unit))}</small>" if len(unit) > SHORT_UNIT else ""


def _amount(value: float, unit: str) -> str:
    """Return a value with its unit, where that is short; shares as percent."""
    if not unit:
        return f"{100 * value:.3g} %"
    return f"{value:.3g} <small>{escape(unit)}</small>" if len(unit) <= SHORT_UNIT else f"{value:.3g}"


def _badge(verdict: str) -> str:
    return f'<b class="v" style="background:{COLOURS[verdict]}">{VERDICTS[verdict]}</b>'


def _figure(picture: Picture, height_px: int) -> str:
    lines = "<br>".join(escape(text) for text in (picture.caption_en, picture.caption_zh) if text)
    bgr = np.ascontiguousarray(picture.rgb[..., ::-1])
    encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
    content = base64.b64encode(encoded.tobytes()).decode("ascii")
    source = f"data:image/jpeg;base64,{content}"
    image = f'<img alt="{escape(picture.caption_en)}" height="{height_px}" src="{source}">'
    return f"<figure>{image}<figcaption>{lines}</figcaption></figure>"
