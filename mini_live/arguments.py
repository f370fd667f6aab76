"""The arguments of every command, kept light so that ``--help`` answers at once."""

from __future__ import annotations

import argparse
import math
import re
from pathlib import Path

from talkingface.errors import BadInputError

RENDERERS = ("auto", "gl", "cpu")
LARGEST_SIDE_PX = 4096
CURVE_FORMATS = ("json", "csv", "arkit")


class ArgumentValueError(BadInputError):
    """A value on the command line that the command cannot take; the program ends with 2."""


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add every command and its arguments to the parser."""
    _add_shared(parser, top=True)
    parser.set_defaults(command="window", source=None, device=None, record=None, seconds=None)
    parser.set_defaults(character=None, renderer="auto", virtual_camera=False, badge=True)
    commands = parser.add_subparsers(metavar="COMMAND", title="commands", parser_class=type(parser))
    _speak(_command(commands, "speak", "make a video of a character that speaks a sound file or a text"))
    _live(_command(commands, "live", "let a character speak along with the microphone or a file, live"))
    _mouth(_command(commands, "mouth", "write the mouth curves of a sound for other tools"))
    _prepare(_command(commands, "prepare", "turn a portrait video into a character folder"))
    _track(_command(commands, "track", "write the tracked face mesh of a video"))
    _score(_command(commands, "score", "tell how well the lips of a video fit a sound"))
    _serve(_command(commands, "serve", "offer it all on this machine by REST, WebSocket and a web page"))
    _characters(_command(commands, "characters", "list the characters and verify their folders"))
    _command(commands, "doctor", "check what this machine has and lacks, with a cure for each lack")
    _bench(_command(commands, "bench", "measure every stage and the cost of the networks on one thread"))


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
    parser.set_defaults(command=name)
    _add_shared(parser, top=False)
    return parser


def _add_shared(parser: argparse.ArgumentParser, *, top: bool) -> None:
    default = False if top else argparse.SUPPRESS
    parser.add_argument(
        "--json", action="store_true", default=default, help="one JSON object a line on standard output"
    )
    parser.add_argument(
        "--debug", action="store_true", default=default, help="show the traceback of an error"
    )


def _speak(parser: argparse.ArgumentParser) -> None:
    said = parser.add_mutually_exclusive_group(required=True)
    said.add_argument("--audio", type=Path, metavar="FILE", help="any sound or video file")
    said.add_argument("--text", metavar="TEXT", help="spoken by a voice of this system, such as espeak-ng's")
    parser.add_argument(
        "--voice", metavar="NAME", help="another of its voices (default: by the text's script)"
    )
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        metavar="OUT.mp4",
        help="with --background transparent OUT.webm, or a folder for PNG pictures",
    )
    parser.add_argument(
        "--background",
        metavar="COLOUR|IMAGE|transparent",
        help="what stands behind a character that has a matte (see prepare --matte): green, #00b140, a picture …",
    )
    parser.add_argument(
        "--mouth-curve", type=Path, metavar="OUT.json", help="also write the mouth curve used"
    )
    _add_badge(parser)
    _add_avatar(parser)
    _add_mouth_controls(parser)


def _live(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--source", metavar="mic|FILE", help="the microphone (default), or a sound file")
    parser.add_argument("--device", metavar="N", help="microphone number or part of its name (see doctor)")
    parser.add_argument("--record", type=Path, metavar="OUT.mp4", help="record picture and sound")
    parser.add_argument("--virtual-camera", action="store_true", help="show the character as a webcam")
    parser.add_argument("--headless", action="store_true", help="open no window")
    parser.add_argument("--seconds", type=_positive, metavar="S", help="stop after that much sound")
    parser.add_argument(
        "--mouth-curve", type=Path, metavar="OUT.json", help="also write the mouth curve used"
    )
    parser.add_argument("--block-ms", type=_positive, metavar="MS", help="sound taken at once (default 20)")
    _add_badge(parser)
    _add_avatar(parser)
    _add_mouth_controls(parser)


def _mouth(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--audio", type=Path, required=True, metavar="FILE", help="any sound or video file")
    parser.add_argument("--output", type=Path, required=True, metavar="OUT.json|OUT.csv")
    parser.add_argument(
        "--format",
        choices=CURVE_FORMATS,
        help="arkit: weights by ARKit's blendshape names, as JSON or CSV (default: by the ending)",
    )
    _add_mouth_controls(parser)


def _prepare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "video", type=Path, metavar="VIDEO", help="5 to 30 s, one face, frontal, mouth closed"
    )
    parser.add_argument(
        "--output", type=Path, required=True, metavar="DIR", help="the character folder to make"
    )
    parser.add_argument("--matte", action="store_true", help="cut the person out of the background")
    parser.add_argument("--name", help="the character's name (default: the folder's)")
    parser.add_argument("--seconds", type=_positive, metavar="S", help="length of the loop (default 15)")
    parser.add_argument(
        "--start", type=_not_negative, default=0.0, metavar="S", help="where in the video to begin"
    )
    parser.add_argument("--licence", default="", help="under which licence the video may be used")
    parser.add_argument("--consent", default="", help="who agreed to be shown, and how")
    _add_face_model(parser)


def _track(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("video", type=Path, metavar="VIDEO")
    parser.add_argument("--output", type=Path, required=True, metavar="OUT.npz")
    _add_face_model(parser)


def _score(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("video", type=Path, metavar="VIDEO")
    parser.add_argument("--audio", type=Path, metavar="FILE", help="another sound than the video's own")


def _serve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (default: this machine only)")
    parser.add_argument("--port", type=_port, default=8000, help="0 takes any free one (default 8000)")
    parser.add_argument("--token", metavar="TEXT", help="answer only those who know this word")
    parser.add_argument(
        "--characters", type=Path, metavar="DIR", help="more characters than the program's own"
    )
    parser.add_argument(
        "--renderer", choices=RENDERERS, default="auto", help="what draws the mouth (default auto)"
    )


def _characters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--folder", type=Path, help="where to look besides the program's own characters")


def _bench(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--frames", type=int, default=100, help="frames to measure (default 100)")
    parser.add_argument(
        "--size", type=_size, metavar="WxH", help="bring the character into this size first, such as 720x1080"
    )
    parser.add_argument(
        "--busy",
        type=int,
        default=0,
        metavar="N",
        help="keep N cores busy meanwhile, as other programs would",
    )
    _add_avatar(parser)


def _add_avatar(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--character", type=Path, metavar="NAME|DIR", help="a known character, or a character folder"
    )
    parser.add_argument(
        "--renderer", choices=RENDERERS, default="auto", help="what draws the mouth (default auto)"
    )


def _add_face_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--face-model",
        type=Path,
        metavar="FILE.task",
        help="track with this face landmarker of MediaPipe Tasks (default: the model inside mediapipe's wheel)",
    )


def _add_badge(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--no-badge",
        dest="badge",
        action="store_false",
        help="leave out the small AI sign of exported videos; their metadata still tells that they are synthetic",
    )


def _add_mouth_controls(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("mouth")
    group.add_argument(
        "--gain", type=_not_negative, metavar="X", help="how far the mouth opens (1 is as learnt)"
    )
    group.add_argument("--smoothing", type=_not_negative, metavar="X", help="0 is none, towards 1 is calmer")
    group.add_argument("--attack-ms", type=_not_negative, metavar="MS", help="time the mouth takes to open")
    group.add_argument("--hold-ms", type=_not_negative, metavar="MS", help="time it stays open at least")
    group.add_argument(
        "--noise-gate-dbfs", type=_number, metavar="DB", help="quieter sound is silence (-120 is off)"
    )
    group.add_argument(
        "--sound-offset-ms",
        type=_number,
        metavar="MS",
        help="shows the mouth later (earlier below 0) than the sound",
    )


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"expected a port of 0 to 65535, found {text!r}")
    return int(text)


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"([0-9]{2,4})x([0-9]{2,4})", text)
    width, height = (int(side) for side in found.groups()) if found else (0, 0)
    if width % 2 or height % 2 or not 64 <= min(width, height) <= max(width, height) <= LARGEST_SIDE_PX:
        raise argparse.ArgumentTypeError(
            f"expected WIDTHxHEIGHT of even sides from 64 to {LARGEST_SIDE_PX}, found {text!r}"
        )
    return width, height


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"expected a number, found {text!r}")
    return value


def _positive(text: str) -> float:
    value = _number(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"expected a number above 0, found {text!r}")
    return value


def _not_negative(text: str) -> float:
    value = _number(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"expected 0 or more, found {text!r}")
    return value
