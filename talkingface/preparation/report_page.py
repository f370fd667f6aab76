"""The quality report as one readable page in English and Chinese, with its pictures inside."""

from __future__ import annotations

import base64
from html import escape
from typing import Any

import cv2
import numpy as np

from talkingface.records import ImageArray

COLOURS = {"good": "#1a7f37", "fair": "#9a6700", "poor": "#cf222e"}
VERDICTS = {"good": "good · 好", "fair": "fair · 一般", "poor": "poor · 差"}
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1f2328}"
    "img{border-radius:6px;margin:0 8px 8px 0;vertical-align:top}table{border-collapse:collapse;width:100%}"
    "td,th{border-bottom:1px solid #d1d9e0;padding:.4rem .6rem;text-align:left;vertical-align:top}"
    "b.v{color:#fff;border-radius:1em;padding:.1em .7em;white-space:nowrap}small{color:#59636e}"
)


def report_page(report: dict[str, Any], preview: ImageArray, references: ImageArray) -> str:
    """Return the page as HTML without scripts or outside parts.

    Args:
        report: what ``report.json`` holds.
        preview: uint8 (h, w, 3) RGB picture of the character.
        references: uint8 (R, p, p, 3) RGB mouths.
    """
    rows = "".join(_row(measure) for measure in report["measures"])
    mouths = "".join(_picture(reference, 96) for reference in references)
    facts = (
        f"{report['width']}x{report['height']} px, {report['frames']} frames at {report['frames_per_second']} fps; "
        f"loop: {report['loop']} ({report['loop_reason']}); {report['mended_frames']} mended frames"
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(report['video'])}</title><style>{STYLE}</style></head><body>"
        f"<h1>{escape(report['video'])} {_badge(report['verdict'])}</h1>"
        f"<p>{_picture(preview, preview.shape[1])}{mouths}</p><p>{escape(facts)}</p>"
        "<table><tr><th>Measure · 指标</th><th>Value · 数值</th><th>Good · 良好</th><th>Verdict · 结论</th>"
        f"<th>Advice · 建议</th></tr>{rows}</table></body></html>\n"
    )


def _row(measure: dict[str, Any]) -> str:
    sign = "≥" if measure["good"] > measure["usable"] else "≤"
    advice = "<br>".join(escape(text) for text in (measure["advice_en"], measure["advice_zh"]) if text)
    return (
        f"<tr><td>{escape(measure['title_en'])}<br>{escape(measure['title_zh'])}</td>"
        f"<td>{measure['value']:.4g} <small>{escape(measure['unit'])}</small></td>"
        f"<td>{sign} {measure['good']:.4g}</td><td>{_badge(measure['verdict'])}</td><td>{advice}</td></tr>"
    )


def _badge(verdict: str) -> str:
    return f'<b class="v" style="background:{COLOURS[verdict]}">{VERDICTS[verdict]}</b>'


def _picture(rgb: ImageArray, width_px: int) -> str:
    encoded = cv2.imencode(".jpg", np.ascontiguousarray(rgb[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
    content = base64.b64encode(encoded.tobytes()).decode("ascii")
    return f'<img alt="" width="{width_px}" src="data:image/jpeg;base64,{content}">'
