"""Train the mouth painter: ``python -m train.train --store DIR --run DIR``; ``--smoke`` proves the way in a minute."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from talkingface.errors import BadInputError
from talkingface.exit_codes import exit_code_of
from talkingface.experiment import ScalarLog
from talkingface.networks.face_generator import FaceGeneratorConfig
from talkingface.reporting import Reporter
from train.export import export_generator
from train.losses import VggDistance
from train.patch_store import FACTS, PersonPatches, load_person, load_store, read_sets
from train.samples import Batch, as_batch, pick, training_batches
from train.smoke import smoke_people
from train.trainer import Trainer, TrainingPlan, validation_figures

VALIDATION_GUIDES_A_PERSON = 24
FINE_TUNE_MINUTES = 3.0
FIGURES_BESIDE_THE_BAR = 2
LICENCE = "Apache-2.0 (weights; the sets trained on are listed with their own licences)"


def parser() -> argparse.ArgumentParser:
    """Return the command's arguments."""
    arguments = argparse.ArgumentParser(prog="python -m train.train", description=__doc__.splitlines()[0])
    arguments.add_argument("--store", help="patches made by python -m train.build_data")
    arguments.add_argument(
        "--character", help="or fine-tune for this character folder (--minutes of computing, 3 if not given)"
    )
    arguments.add_argument("--run", default="runs/face_generator", help="folder for state and TensorBoard")
    arguments.add_argument("--export", default="checkpoint", help="folder for ONNX, safetensors and card")
    arguments.add_argument("--steps", type=int, default=40_000, help="end after that many steps")
    arguments.add_argument(
        "--minutes", type=float, default=0, help="or after that many minutes of training, if given"
    )
    arguments.add_argument("--people-a-batch", type=int, default=4)
    arguments.add_argument("--guides-each", type=int, default=6)
    arguments.add_argument("--learning-rate", type=float, default=TrainingPlan.learning_rate)
    arguments.add_argument(
        "--judge-from",
        type=float,
        default=TrainingPlan.judge_from,
        help="share of the training after which a judge joins, 1 (default): never",
    )
    arguments.add_argument("--report-every", type=int, default=200, help="steps between validations")
    arguments.add_argument("--export-minutes", type=float, default=6, help="minutes between exports")
    arguments.add_argument(
        "--full-precision", action="store_true", help="no bfloat16, even where it is faster"
    )
    arguments.add_argument("--vgg", help="safetensors of VGG19's features, for a perceptual loss")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument(
        "--fresh", action="store_true", help="begin anew although the run folder holds a state"
    )
    arguments.add_argument("--smoke", action="store_true", help="a whole small training on made-up faces")
    arguments.add_argument("--json", action="store_true", help="one JSON object a line on standard output")
    arguments.add_argument("--debug", action="store_true", help="show tracebacks")
    return arguments


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = parser().parse_args(arguments)
    if not (options.smoke or options.character or options.store):
        parser().error("expected --store DIR (see python -m train.build_data), --character DIR or --smoke")
    reporter = Reporter(as_json=options.json)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return exit_code_of(lambda: _run(options, reporter), reporter, debug=options.debug)


def _run(options: argparse.Namespace, reporter: Reporter) -> None:
    if options.smoke:
        with tempfile.TemporaryDirectory() as folder:
            _prepare_smoke(options, Path(folder))
            people = smoke_people(options.seed)
            data = [{"set": "made-up faces", "licence": "Apache-2.0"}]
            figures = train(options, people, data, reporter)
    elif options.character:
        figures = _fine_tune(options, reporter)
    else:
        people = load_store(options.store)
        figures = train(options, people, read_sets(options.store), reporter)
    reporter.result(figures, json.dumps(figures, indent=2))


def train(
    options: argparse.Namespace, people: list[PersonPatches], data: list[dict[str, Any]], reporter: Reporter
) -> dict[str, float]:
    """Set up, train, save and export; returns the last figures."""
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    run = Path(options.run)
    run.mkdir(parents=True, exist_ok=True)
    plan = TrainingPlan(
        learning_rate=options.learning_rate,
        judge_from=options.judge_from,
        half_precision=False if options.full_precision else None,
    )
    vgg = VggDistance(options.vgg) if options.vgg else None
    trainer = Trainer(FaceGeneratorConfig(), plan, vgg)
    state = run / "state.pt"
    if state.is_file() and not options.fresh:
        trainer.load(state)
        reporter.note(f"goes on from step {trainer.step_count}")
    taught = [person for person in people if person.split == "train"]
    held_out = validation_batches([person for person in people if person.split != "train"])
    batches = training_batches(
        taught, options.people_a_batch, options.guides_each, options.seed + trainer.step_count
    )
    log = ScalarLog(run / "tensorboard")
    figures: dict[str, float] = {}
    means: dict[str, float] = {}
    exported_s = time.monotonic()
    try:
        while (done := _done(trainer, options)) < 1:
            begun = time.monotonic()
            terms = trainer.step(next(batches), done)
            trainer.elapsed_s += time.monotonic() - begun
            means = {name: 0.98 * means.get(name, value) + 0.02 * value for name, value in terms.items()}
            leading = list(means.items())[:FIGURES_BESIDE_THE_BAR]
            note = " ".join(f"{name} {value:.4f}" for name, value in leading)
            reporter.progress(done, "train", f"step {trainer.step_count} {note}")
            if trainer.step_count % options.report_every == 0:
                figures = validation_figures(trainer.average, held_out)
                log.write({f"train/{k}": v for k, v in means.items()}, trainer.step_count)
                log.write({f"validation/{k}": v for k, v in figures.items()}, trainer.step_count)
                reporter.note(
                    f"step {trainer.step_count} after {trainer.elapsed_s / 60:.1f} min: "
                    + " ".join(f"{k} {v:.3f}" for k, v in figures.items())
                )
            if time.monotonic() - exported_s > options.export_minutes * 60:
                trainer.save(state)
                _export(trainer, options, data, figures)
                exported_s = time.monotonic()
    except KeyboardInterrupt:
        if not options.smoke:  # its folder goes with it
            trainer.save(state)
            same = "the same command without --fresh" if options.fresh else "the same command"
            reporter.note(
                f"what was learnt until step {trainer.step_count} is kept in {run}; {same} goes on from there"
            )
        raise
    finally:
        log.close()
    trainer.save(state)
    figures = validation_figures(trainer.average, held_out)
    parity = _export(trainer, options, data, figures)
    reporter.progress(1, "train")
    return {**figures, "steps": trainer.step_count, "parity_levels": parity}


def validation_batches(people: list[PersonPatches]) -> list[Batch]:
    """Return fixed batches of people that are held out, one a person."""
    batches = []
    for person in people:
        count = min(VALIDATION_GUIDES_A_PERSON, len(person.guides))
        rows = np.linspace(0, len(person.guides) - 1, count).astype(int)
        for part in np.array_split(rows, max(1, count // 6)):
            batches.append(as_batch([pick(person, part, None)]))
    return batches


def _done(trainer: Trainer, options: argparse.Namespace) -> float:
    by_time = trainer.elapsed_s / 60 / options.minutes if options.minutes else 0.0
    return max(by_time, trainer.step_count / options.steps)


def _export(
    trainer: Trainer, options: argparse.Namespace, data: list[dict[str, Any]], figures: dict[str, float]
) -> float:
    metrics = {
        "validation": figures,
        "steps": trainer.step_count,
        "measured": "people not trained on; weighted to lips and mouth; *_guide is the drawn guide before painting",
    }
    return export_generator(
        trainer.average, Path(options.export), training_data=data, metrics=metrics, licence=LICENCE
    )


def _fine_tune(options: argparse.Namespace, reporter: Reporter) -> dict[str, Any]:
    from train.fine_tune import fine_tune  # draws guides: needs OpenGL, which plain training does not

    folder, checkpoint = Path(options.character), Path(options.export)
    return fine_tune(
        folder,
        checkpoint,
        checkpoint / "mouth_space.npz",
        options.minutes or FINE_TUNE_MINUTES,
        options.seed,
        reporter,
        _true_pictures(options.store, folder.resolve().name) if options.store else None,
    )


def _true_pictures(store: str, name: str) -> PersonPatches:
    """Return the patches of one person of a store.

    Raises:
        BadInputError: nobody of that name is there.
    """
    if not (Path(store) / name / FACTS).is_file():
        raise BadInputError(f"expected patches of {name!r} in {store}, found none")
    return load_person(Path(store) / name)


def _prepare_smoke(options: argparse.Namespace, folder: Path) -> None:
    options.run, options.export = str(folder / "run"), str(folder / "export")
    options.steps, options.minutes, options.people_a_batch, options.guides_each = 24, 0, 2, 2
    options.report_every, options.judge_from = 12, 0.5


if __name__ == "__main__":
    sys.exit(main())
