"""What the card of a trained mouth model says of its training: the data, the settings, and who judged it."""

from __future__ import annotations

import argparse
from collections import defaultdict
from typing import Any

from train_audio.recordings import Recording

SETTINGS = (
    "steps", "batch", "frames", "variants", "speech_variants", "learning_rate", "dropout", "seed",
    "look_ahead_ms", "amplitude", "openness", "tracked_worth", "taught_worth", "sounds_worth", "smoke",
)  # fmt: skip


def data_table(recordings: list[Recording]) -> list[dict[str, Any]]:
    """Return a row a set of what was trained on: recordings, minutes, licences, and how many people.

    Where nobody genuine is seen, a label need not be a person of its own, so ``labels`` are counted instead.
    """
    groups: dict[str, list[Recording]] = defaultdict(list)
    for recording in recordings:
        if recording.split != "validation":
            groups[recording.set_name].append(recording)
    return [
        {
            "name": name,
            "recordings": len(members),
            "people" if any(m.genuine and m.seen.any() for m in members) else "labels": len(
                {m.person for m in members}
            ),
            "minutes": round(sum(len(m.samples) for m in members) / 16_000 / 60, 1),
            "licences": sorted({m.licence for m in members}),
        }
        for name, members in sorted(groups.items())
    ]


def training_facts(options: argparse.Namespace) -> dict[str, Any]:
    """Return the settings, and by name the recogniser, weights and lags that the training went out from."""

    def named(path: Any) -> str | None:
        return None if path is None else str(path.resolve().name)

    facts: dict[str, Any] = {name: getattr(options, name) for name in SETTINGS}
    return facts | {
        "teacher": named(options.speech_model),
        "start_from": named(options.start_from),
        "lags": named(options.lags),
    }
