"""``prepare``: a portrait video to a character folder."""

from __future__ import annotations

import argparse

from mini_live.quiet_libraries import quiet_native_logs
from talkingface.preparation.prepare import prepare_character
from talkingface.reporting import Reporter


def run(arguments: argparse.Namespace, reporter: Reporter) -> None:
    """Prepare the character.

    Raises:
        BadVideoError: the video cannot be used.
        NoFaceError: no usable face in it.
        OutputError: the folder cannot be written.
        MissingPackageError: mediapipe is not installed.
    """
    with quiet_native_logs(enabled=not arguments.debug):
        report = prepare_character(
            arguments.video,
            arguments.output,
            name=arguments.name,
            seconds=arguments.seconds,
            start_s=arguments.start,
            matte=arguments.matte,
            consent=arguments.consent,
            licence=arguments.licence,
            face_model=arguments.face_model,
            on_progress=reporter.progress,
        )
    fields = {"command": "prepare", "output": str(arguments.output), "report": report}
    reporter.result(
        fields, f"the character is in {arguments.output}, its report in {arguments.output}/report.json"
    )
