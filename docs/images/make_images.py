"""Make the pictures of the documents from the real program: ``make images`` or ``python -m docs.images.make_images``.

``speaking.webp`` and ``mouths.jpg`` come out of ``speak`` on the default character and the demo speech;
``characters.jpg`` shows the built-in characters side by side while they speak; ``window.png``
is a photograph of the live window on a display of its own (needs the program Xvfb, else it is left as it is). Of
several photographs the one with the widest mouth and open eyes is kept.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from talkingface.landmarks import lip_opening
from talkingface.tracking import MediaPipeTracker

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
SPEECH = PROJECT / "assets" / "speech" / "hello_en.flac"
DISPLAY = ":87"
SCREEN = "1600x1200x24"
PHOTOGRAPHS = 14
MOVING_WIDTH_PX = 320
MOVING_FROM_S, MOVING_SECONDS = 0.3, 7.0
PHOTOGRAPH = """
import sys, time
from PySide6.QtGui import QGuiApplication
app = QGuiApplication([])
for number in range(int(sys.argv[2])):
    app.primaryScreen().grabWindow(0).save(f"{sys.argv[1]}/{number:02d}.png")
    time.sleep(0.2)
"""
UPPER_LID, LOWER_LID = 159, 145
CHARACTERS = ("default", "noah", "ines")
CHARACTERS_WIDTH_PX = 1580
CHARACTER_CHOICE = 8  # moments, of which the one with the widest open eyes is shown
CHARACTER_OPENING = 0.9  # the quantile of the lip opening that is shown


def speak(folder: Path, character: str = "default") -> tuple[list[NDArray[np.uint8]], list[float]]:
    """Let a built-in character speak; return uint8 (H, W, 3) RGB frames and the lip opening of each."""
    video, curve = folder / f"{character}.mp4", folder / f"{character}.json"
    command = ["app.py", "speak", "--audio", str(SPEECH), "--output", str(video), "--mouth-curve", str(curve)]
    command += ["--character", character, "--no-badge"]
    subprocess.run([sys.executable, *command], cwd=PROJECT, check=True)
    with av.open(str(video)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    rows = json.loads(curve.read_text(encoding="utf-8"))["frames"]
    return frames, [row["lip_opening"] for row in rows]


def write_moving(frames: list[NDArray[np.uint8]], path: Path) -> None:
    """Write every second frame of a few seconds as a small animated WebP."""
    begin = round(MOVING_FROM_S * 25)
    chosen = frames[begin : begin + round(MOVING_SECONDS * 25) : 2]
    height = round(MOVING_WIDTH_PX * chosen[0].shape[0] / chosen[0].shape[1])
    small = [cv2.resize(frame, (MOVING_WIDTH_PX, height), interpolation=cv2.INTER_AREA) for frame in chosen]
    first, *rest = (Image.fromarray(frame) for frame in small)
    first.save(path, save_all=True, append_images=rest, duration=80, loop=0, quality=60, method=6)


def write_mouths(frames: list[NDArray[np.uint8]], opening: list[float], path: Path) -> None:
    """Write four moments side by side: rest, and three mouths from small to wide, at full size around the face."""
    curve = np.array(opening[: len(frames)])
    wanted = [curve.min(), *np.quantile(curve, [0.6, 0.85]), curve.max()]
    chosen = [frames[int(np.abs(curve - value).argmin())] for value in wanted]
    height, width = chosen[0].shape[:2]
    top, side = round(height * 0.08), round(width * 0.14)
    parts = [frame[top : top + round(height * 0.62), side : width - side] for frame in chosen]
    joined = np.concatenate(parts, axis=1)
    scale = min(1.0, 1600 / joined.shape[1])
    small = cv2.resize(joined, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    Image.fromarray(small).save(path, quality=88)


def write_characters(spoken: list[tuple[list[NDArray[np.uint8]], list[float]]], path: Path) -> None:
    """Write one lively moment of each character side by side."""
    parts = []
    for frames, opening in spoken:
        curve = np.array(opening[: len(frames)])
        near = np.argsort(np.abs(curve - np.quantile(curve, CHARACTER_OPENING)))[:CHARACTER_CHOICE]
        parts.append(max((frames[int(k)] for k in near), key=eye_opening_px))
    joined = np.concatenate(parts, axis=1)
    scale = CHARACTERS_WIDTH_PX / joined.shape[1]
    small = cv2.resize(joined, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    Image.fromarray(small).save(path, quality=88)


def eye_opening_px(frame: NDArray[np.uint8]) -> float:
    """Return how far an eye is open in a uint8 (H, W, 3) RGB picture; 0 without a face."""
    tracker = MediaPipeTracker()
    points = tracker.track(frame)
    tracker.close()
    return 0.0 if points is None else float(points[LOWER_LID, 1] - points[UPPER_LID, 1])


def photograph_window(path: Path, seconds: float) -> None:
    """Open the live window on a display of its own, let it speak, and photograph it."""
    if not shutil.which("Xvfb"):
        print("no Xvfb here: window.png is left as it is", file=sys.stderr)
        return
    server = subprocess.Popen(["Xvfb", DISPLAY, "-screen", "0", SCREEN], stderr=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory() as scratch:
        environment = {
            **os.environ,
            "DISPLAY": DISPLAY,
            "QT_QPA_PLATFORM": "xcb",
            "LANG": "C.UTF-8",
            "XDG_CONFIG_HOME": scratch,
        }
        try:
            time.sleep(1.5)
            command = [sys.executable, "app.py", "live", "--source", str(SPEECH)]
            window = subprocess.Popen(command, cwd=PROJECT, env=environment)
            time.sleep(seconds)
            camera = [sys.executable, "-c", PHOTOGRAPH, scratch, str(PHOTOGRAPHS)]
            subprocess.run(camera, env=environment, check=True)
            window.terminate()
            window.wait(timeout=10)
        finally:
            server.terminate()
            server.wait(timeout=10)
        cut_out(liveliest(sorted(Path(scratch).glob("*.png")))).save(path, optimize=True)


def cut_out(photograph: Path) -> Image.Image:
    """Cut the window out of the black display."""
    picture = np.asarray(Image.open(photograph).convert("RGB"))
    there = picture.max(2) > 0
    rows, columns = np.flatnonzero(there.any(1)), np.flatnonzero(there.any(0))
    return Image.fromarray(picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def liveliest(photographs: list[Path]) -> Path:
    """Choose the photograph with the widest mouth among those with open eyes."""
    openings, eyes = [], []
    for photograph in photographs:
        tracker = MediaPipeTracker()
        points = tracker.track(np.asarray(Image.open(photograph).convert("RGB")))
        tracker.close()
        openings.append(0.0 if points is None else float(lip_opening(points)))
        eyes.append(0.0 if points is None else float(points[LOWER_LID, 1] - points[UPPER_LID, 1]))
    awake = np.array(eyes) >= 0.85 * max(eyes)
    return photographs[int(np.argmax(np.where(awake, openings, -1)))]


def main(arguments: list[str] | None = None) -> int:
    """Write the pictures; returns the exit code."""
    parser = argparse.ArgumentParser(description="Make the pictures of the documents from the real program.")
    parser.add_argument("--output", type=Path, default=HERE, help="folder to write to")
    parser.add_argument("--window-seconds", type=float, default=7.0, help="when to photograph the window")
    parser.add_argument("--only", choices=("speak", "window"), help="make only these")
    options = parser.parse_args(arguments)
    if options.only != "window":
        with tempfile.TemporaryDirectory() as scratch:
            spoken = [speak(Path(scratch), name) for name in CHARACTERS]
        frames, opening = spoken[0]
        write_moving(frames, options.output / "speaking.webp")
        write_mouths(frames, opening, options.output / "mouths.jpg")
        write_characters(spoken, options.output / "characters.jpg")
    if options.only != "speak":
        photograph_window(options.output / "window.png", options.window_seconds)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
