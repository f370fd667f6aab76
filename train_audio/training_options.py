"""The options of a training of the audio model."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from talkingface.networks.mouth_lstm import MouthLstmConfig
from train_audio.student import StudentConfig
from train_audio.teacher import TeacherConfig

WEIGHTS_NAME = "mouth_model.safetensors"
SMOKE = {"steps": 12, "batch": 4, "frames": 30, "variants": 1, "evaluate_every": 12}


def training_options(arguments: list[str] | None, description: str) -> argparse.Namespace:
    """Read the command line; ``--smoke`` overrides all sizes."""
    parser = argparse.ArgumentParser(
        prog="python -m train_audio.train",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    number = StudentConfig()
    parser.add_argument("--clips", type=Path, required=True, help="folder with clips.jsonl, or of videos")
    parser.add_argument(
        "--speech", type=Path, action="append", default=[], help="speech.jsonl of speech with no face"
    )
    parser.add_argument(
        "--speech-model",
        type=Path,
        help="folder of a Whisper model (Hugging Face or CTranslate2): makes teachers",
    )
    parser.add_argument(
        "--fine-tune-teacher",
        action=argparse.BooleanOptionalAction,
        help="let the recogniser learn along, which makes better teachers (default: on a GPU, where it takes minutes)",
    )
    parser.add_argument(
        "--lags", type=Path, help="JSON of known lags by clip name: saves the first round of teachers"
    )
    parser.add_argument("--mouth-space", type=Path, default=Path("checkpoint/mouth_space.npz"))
    parser.add_argument("--cache", type=Path, default=Path("cache/audio"), help="what is computed once")
    parser.add_argument(
        "--tracks", type=Path, default=Path("cache/face_tracks"), help="where face tracks are kept"
    )
    parser.add_argument(
        "--run", type=Path, default=Path("runs/audio"), help="state of the training and TensorBoard"
    )
    parser.add_argument(
        "--output", type=Path, default=Path("runs/audio/model"), help="folder for model and card"
    )
    parser.add_argument("--start-from", type=Path, metavar=WEIGHTS_NAME, help="begin with these weights")
    parser.add_argument("--resume", action="store_true", help="go on from the state in --run")
    parser.add_argument("--steps", type=int, default=number.steps)
    parser.add_argument("--batch", type=int, default=number.batch, help="sequences a step")
    parser.add_argument("--frames", type=int, default=number.frames, help="frames a sequence")
    parser.add_argument("--variants", type=int, default=4, help="changed copies of each recording")
    parser.add_argument(
        "--speech-variants", type=int, help="the same of speech without a face (default: as many)"
    )
    parser.add_argument("--learning-rate", type=float, default=number.learning_rate)
    parser.add_argument("--dropout", type=float, default=0.2)
    parser.add_argument(
        "--amplitude",
        type=float,
        default=1.3,
        help="movement of the exported mouth about its mean, times its own; 1.3 was chosen on the shipped model's "
        "validation clips (1 leaves it)",
    )
    parser.add_argument(
        "--openness",
        type=float,
        default=0.8,
        help="mean of the exported mouth while speaking, times its own; 0.8 was chosen likewise (1 leaves it)",
    )
    parser.add_argument("--teacher-steps", type=int, default=TeacherConfig().steps)
    for part in ("tracked", "taught", "sounds"):
        worth = asdict(number)[f"{part}_worth"]
        parser.add_argument(
            f"--{part}-worth", type=float, default=worth, help=f"weight of that loss ({worth})"
        )
    parser.add_argument(
        "--hidden", type=int, default=MouthLstmConfig().hidden, help="units of each LSTM layer"
    )
    parser.add_argument("--look-ahead-ms", type=int, default=80)
    parser.add_argument("--evaluate-every", type=int, default=250, metavar="STEPS")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    parser.add_argument(
        "--smoke",
        action="store_true",
        help="a training of about a minute on a few small clips, to see that it works",
    )
    parser.add_argument(
        "--json", action="store_true", help="events on standard output, one JSON object a line"
    )
    parser.add_argument("--debug", action="store_true", help="show where an error came from")
    options = parser.parse_args(arguments)
    if options.fine_tune_teacher is None:
        options.fine_tune_teacher = options.device == "cuda"
    if options.smoke:
        vars(options).update(SMOKE)
    return options
