"""Opening networks on onnxruntime for the live path: one thread that never spins."""

from __future__ import annotations

from pathlib import Path

import onnxruntime

from talkingface.errors import CheckpointError


def open_session(path: Path | str, what: str) -> onnxruntime.InferenceSession:
    """Open an ONNX file on the CPU with one thread; several that spin collapse when another process is busy.

    Args:
        path: the ONNX file.
        what: what it should be, with its article, for the message of an error.

    Raises:
        CheckpointError: missing or damaged.
    """
    if not Path(path).is_file():
        raise CheckpointError(f"expected {what}, found nothing at {path}")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises its own classes straight from Exception
        raise CheckpointError(f"expected {what} (ONNX), found {path} ({error})") from error
