"""MediaPipe comes without the plotting library, and leaves no stand-in for it behind."""

from __future__ import annotations

import subprocess
import sys

import pytest

IMPORTS = """
import sys
from talkingface.mediapipe_solutions import solution
assert solution("face_mesh").FaceMesh and solution("face_detection").FaceDetection
assert not [name for name in sys.modules if name.split(".")[0] == "matplotlib"]
import matplotlib.pyplot
assert matplotlib.pyplot.plot and matplotlib.__version__
"""


def test_plotting_is_not_imported_with_it_and_can_be_afterwards() -> None:
    pytest.importorskip("mediapipe")
    pytest.importorskip("matplotlib")
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
