"""Training of the audio model on a folder of talking videos: ``python -m train_audio.train --clips DIR``.

One command tracks the faces, splits by person, lets teachers (where a speech recogniser is given) learn and answer,
trains the streaming student, evaluates it on people it never saw, and exports it with its card. Every stage keeps
what it made, so that a stopped training goes on with ``--resume``.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from talkingface.checkpoints import load_tensors, save_tensors
from talkingface.engines.onnx_mouth import MODEL_NAME, OnnxMouthModel
from talkingface.errors import BadInputError, CheckpointError
from talkingface.exit_codes import exit_code_of
from talkingface.experiment import ScalarLog
from talkingface.mouth_space import MouthSpace
from talkingface.networks.mouth_lstm import MouthLstm, MouthLstmConfig
from talkingface.reporting import Reporter
from train_audio.card_facts import data_table, training_facts
from train_audio.evaluate import SPACE_NAME, as_table, evaluate, predicted_opening
from train_audio.examples import ExamplePool
from train_audio.export import export
from train_audio.fine_tuned_teacher import FineTuning, teach_finely
from train_audio.judge import Judge, judged_recordings
from train_audio.many_devices import Place, place_for, process_rank
from train_audio.recordings import Recording, from_clips, from_speech
from train_audio.speech_features import SpeechEncoder, cached_states
from train_audio.student import Student, StudentConfig
from train_audio.teacher import (
    Taught,
    TeacherConfig,
    better_lags,
    load_teaching,
    reduced_states,
    save_teaching,
    sound_classes,
    teach,
    teaching_key,
)
from train_audio.training_options import training_options
from train_audio.widening import spoken_mean, widen_mouth

SMOKE_SPEECH = 4
STATE_NAME = "training_state.safetensors"
BEST_NAME = "best.safetensors"


def gather(
    options: argparse.Namespace, space: MouthSpace, reporter: Reporter, place: Place
) -> tuple[list[Recording], dict[str, Taught]]:
    """Build the recordings and, where a recogniser is given, teach; lags are corrected by the first teachers.

    Raises:
        BadInputError: no usable clips, or nobody to train on.
    """

    def build(lags: dict[str, int] | None) -> list[Recording]:
        found = from_clips(
            options.clips,
            options.tracks,
            space,
            lags=lags,
            few=options.smoke,
            on_clip=lambda done: reporter.progress(done, "track"),
        )
        if not any(r.seen.any() for r in found if r.split != "validation"):
            raise BadInputError("expected clips of people to train on, found only validation people")
        for listing in options.speech:
            found += from_speech(listing, SMOKE_SPEECH if options.smoke else None)
        return found

    recordings = build(None)
    if options.speech_model is None:
        return [r for r in recordings if r.seen.any()], {}
    states = cached_states(
        recordings,
        options.cache / "speech_states",
        lambda: SpeechEncoder(options.speech_model),
        lambda done: reporter.progress(done, "listen"),
    )
    config = TeacherConfig(steps=20 if options.smoke else options.teacher_steps)
    learn_from = [r.name for r in recordings if r.split != "validation"]
    heard = reduced_states(states, learn_from, config.state_width)
    sounds = sound_classes(heard, learn_from, config.classes, options.seed)
    known = _known_lags(options.lags)
    key = teaching_key(recordings, space, config, options.seed, known)
    kept = options.cache / f"teacher-{key}{'-fine' if options.fine_tune_teacher else ''}.npz"
    if kept.is_file():
        lags, mouths = load_teaching(kept)
        recordings = build(lags)
        taught = {name: Taught(mouth, sounds[name]) for name, mouth in mouths.items()}
    else:
        if known is None:
            first = teach(recordings, heard, sounds, space, config, options.seed, _telling(reporter, "teach"))
            known = better_lags(recordings, first, space)
        lags = known
        recordings = build(lags)
        taught = teach(recordings, heard, sounds, space, config, options.seed, _telling(reporter, "reteach"))
        if options.fine_tune_teacher:
            taught = _finely(options, recordings, taught, space, reporter, place)
        save_teaching(kept, lags, taught)
    held_out = [r for r in recordings if r.split == "validation" and r.genuine and r.seen.any()]
    if held_out:
        row = evaluate(held_out, _teacher_opening(taught, space))["all"]
        reporter.note(f"teacher on validation people: {row}")
    return recordings, taught


def _finely(
    options: argparse.Namespace,
    recordings: list[Recording],
    taught: dict[str, Taught],
    space: MouthSpace,
    reporter: Reporter,
    place: Place,
) -> dict[str, Taught]:
    """Return the mean of what the plain teachers say and what those say whose recogniser learnt along."""
    config = FineTuning(folds=2, rounds=1, steps=2, batch=2, frames=60) if options.smoke else FineTuning()
    finely = teach_finely(
        recordings,
        options.speech_model,
        space,
        config,
        options.seed,
        place,
        _telling(reporter, "fine-tune"),
    )
    return {name: replace(answer, mouth=(answer.mouth + finely[name]) / 2) for name, answer in taught.items()}


def _telling(reporter: Reporter, stage: str) -> Callable[[float], None]:
    return lambda done: reporter.progress(done, stage)


def _known_lags(path: Path | None) -> dict[str, int] | None:
    """Read lags by clip name, where a file of them is given."""
    if path is None:
        return None
    try:
        return {str(name): int(lag) for name, lag in json.loads(path.read_text(encoding="utf-8")).items()}
    except (OSError, ValueError, AttributeError) as error:
        raise BadInputError(f"expected a JSON object of lags by clip name, found {path} ({error})") from error


def _teacher_opening(taught: dict[str, Taught], space: MouthSpace) -> Any:
    return lambda recording: space.lip_opening(taught[recording.name].mouth)


def train(options: argparse.Namespace, reporter: Reporter, place: Place) -> dict[str, Any]:
    """Do it all; returns the result.

    Raises:
        BadInputError: no usable clips.
        CheckpointError: a state or model to go on from does not fit.
    """
    space = MouthSpace.load(options.mouth_space)
    recordings, taught = gather(options, space, reporter, place)
    learned = [r for r in recordings if r.split != "validation"]
    judged, measured_on = judged_recordings(recordings)
    pool = ExamplePool(
        learned,
        taught,
        space.coefficient_count,
        variants=options.variants,
        speech_variants=options.speech_variants,
        seed=options.seed + 1000 * place.rank,
        on_recording=lambda done: reporter.progress(done, "features"),
    )
    student = _student(options, space, pool, TeacherConfig().classes if taught else 0, place)
    options.run.mkdir(parents=True, exist_ok=True)
    if options.resume and (options.run / STATE_NAME).is_file():
        student.restore(options.run / STATE_NAME)
    judge = Judge(judged, space, options.look_ahead_ms)
    history = _run(options, reporter, place, student, pool, judge)
    if place.rank:
        return {}
    result = _finish(options, reporter, space, judged, measured_on, student, recordings)
    return result | {"history": history}


def _student(
    options: argparse.Namespace, space: MouthSpace, pool: ExamplePool, classes: int, place: Place
) -> Student:
    torch.manual_seed(options.seed)
    network = MouthLstm(
        MouthLstmConfig(
            coefficient_count=space.coefficient_count,
            look_ahead_ms=options.look_ahead_ms,
            hidden=options.hidden,
            sound_classes=classes,
            dropout=options.dropout,
        )
    )
    if options.start_from is not None:
        _start_from(network, options.start_from)
    else:
        mean, scale = pool.statistics()
        network.set_normalisation(torch.from_numpy(mean), torch.from_numpy(scale))
    config = StudentConfig(
        steps=options.steps,
        batch=options.batch,
        frames=options.frames,
        learning_rate=options.learning_rate,
        tracked_worth=options.tracked_worth,
        taught_worth=options.taught_worth,
        sounds_worth=options.sounds_worth,
    )
    return Student(network, space, config, place)


def _start_from(network: MouthLstm, path: Path) -> None:
    """Take over all weights that fit; heads used in training only may differ."""
    theirs = load_tensors(path)
    ours = network.state_dict()
    kept = {name: value for name, value in theirs.items() if name in ours and ours[name].shape == value.shape}
    missing = [name for name in ours if name not in kept and not name.startswith("sounds.")]
    if missing:
        raise CheckpointError(f"expected weights of such a network, found none for {missing[0]} in {path}")
    network.load_state_dict(ours | kept)


def _run(
    options: argparse.Namespace,
    reporter: Reporter,
    place: Place,
    student: Student,
    pool: ExamplePool,
    judge: Judge,
) -> list[dict[str, Any]]:
    """Train until the last step, judging now and then and keeping the best."""
    history: list[dict[str, Any]] = []
    log = ScalarLog(options.run) if place.rank == 0 else None
    while student.step < options.steps:
        # Chance depends on the step alone, so that a resumed training draws what an unbroken one would have drawn.
        torch.manual_seed(1_000_003 * (options.seed + 1000 * place.rank) + student.step)
        parts = student.learn(pool.batch(options.batch, options.frames, student.step))
        if log is None:
            continue
        reporter.progress(student.step / options.steps, "train", f"loss {parts['loss']:.3f}")
        log.write({f"loss/{name}": value for name, value in parts.items()}, student.step)
        if student.step % options.evaluate_every == 0 or student.step == options.steps:
            averaged = student.averaged()
            measured = judge.measure(averaged)
            row = {"step": student.step, "score": round(measured["score"], 4), "sets": measured["sets"]}
            history.append(row)
            for name, means in measured["sets"].items():
                log.write({f"{name}/{measure}": value for measure, value in means.items()}, student.step)
            sets = ", ".join(
                f"{n} {m['r0']:.3f} {m['best_r']:.3f} ×{m['amplitude_ratio']:.2f}"
                for n, m in measured["sets"].items()
            )
            reporter.note(
                f"step {student.step}: loss {parts['loss']:.3f}, score {measured['score']:.3f} ({sets})"
            )
            if measured["score"] > student.best_score:
                student.best_score = measured["score"]
                _save_weights(averaged, options.run / BEST_NAME)
            student.save(options.run / STATE_NAME)
    if log is not None:
        log.close()
    return history


def _save_weights(network: MouthLstm, path: Path) -> None:
    save_tensors(path, network.state_dict())


def _finish(
    options: argparse.Namespace,
    reporter: Reporter,
    space: MouthSpace,
    judged: list[Recording],
    measured_on: str,
    student: Student,
    recordings: list[Recording],
) -> dict[str, Any]:
    """Export the best weights, evaluate the exported model, and write the card with its figures."""
    network = student.averaged()
    if (options.run / BEST_NAME).is_file():
        network.load_state_dict(load_tensors(options.run / BEST_NAME))
    options.output.mkdir(parents=True, exist_ok=True)
    if (options.amplitude, options.openness) != (1.0, 1.0):
        learned = [r for r in recordings if r.split != "validation"]
        mean = spoken_mean(network, learned, options.output)
        widen_mouth(network, mean, options.amplitude, options.openness)
    if options.mouth_space.resolve() != (options.output / SPACE_NAME).resolve():
        shutil.copyfile(options.mouth_space, options.output / SPACE_NAME)
    facts: dict[str, Any] = {
        "training_data": data_table(recordings),
        "training": training_facts(options),
    }
    export(network, options.output, metrics={}, **facts)
    model = OnnxMouthModel(options.output / MODEL_NAME)
    result = evaluate(judged, lambda r: predicted_opening(r, model, space))
    figures = {name: result[name] for name in ("sets", "people", "languages", "all", "loudness", "chance")}
    figures |= {"look_ahead_ms": options.look_ahead_ms, "measured_on": measured_on}
    parity = export(network, options.output, metrics=figures, **facts)
    reporter.note(as_table(result))
    return {"output": str(options.output), "parity_error": parity, **figures}


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    options = training_options(arguments, __doc__ or "")
    reporter = Reporter(as_json=options.json, silent=process_rank() > 0)

    def work() -> None:
        result = train(options, reporter, place_for(options.device, options.threads))
        reporter.result(result, f"the model is in {options.output}")

    return exit_code_of(work, reporter, debug=options.debug)


if __name__ == "__main__":
    raise SystemExit(main())
