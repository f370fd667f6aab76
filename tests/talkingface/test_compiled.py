"""Compiled loops: kept where something can be kept, and light to load."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numba.core.caching
import numpy as np
import pytest

from talkingface.compiled import compiled
from tests.made_faces import PROJECT


def count_up(numbers: np.ndarray, times: int) -> float:
    total = 0.0
    for _ in range(times):
        for number in numbers:
            total += number * number % 7.0
    return total


def test_a_loop_is_kept_for_the_next_start(tmp_path: Path) -> None:
    (tmp_path / "loops.py").write_text(
        "from talkingface.compiled import compiled\n@compiled\ndef twice(x):\n    return 2 * x\n",
        encoding="utf-8",
    )
    program = "import loops; assert loops.twice(21) == 42; print(sum(loops.twice.stats.cache_hits.values()))"
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{PROJECT}"}
    hits = [
        subprocess.run(
            [sys.executable, "-c", program],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout.strip()
        for _ in range(2)
    ]
    assert hits == ["0", "1"]


def test_it_works_where_nothing_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba.core.caching.CacheImpl, "_locator_classes", [])
    loop = compiled(lambda x: x + 1)
    assert loop(1) == 2


def test_other_threads_go_on_meanwhile() -> None:
    loop, numbers = compiled(count_up), np.arange(1000.0)
    loop(numbers, 1)
    begin_s = time.perf_counter()
    loop(numbers, 20)
    times = max(20, int(20 * 0.3 / (time.perf_counter() - begin_s)))  # about a third of a second
    worker = threading.Thread(target=loop, args=(numbers, times))
    worker.start()
    turns = 0
    while worker.is_alive():
        turns += 1
    assert turns > 1000


def test_the_compiler_waits_for_the_first_call() -> None:
    program = (
        "import sys, talkingface.cpu_renderer, talkingface.compositing, talkingface.colour_planes\n"
        "print('numba' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "False"


def test_a_loop_calls_others_of_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pair_of_loops.py").write_text(
        "from talkingface.compiled import compiled\n@compiled\ndef twice(x):\n    return 2 * x\n"
        "@compiled\ndef four_times(x):\n    return twice(twice(x))\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    from pair_of_loops import four_times, twice

    assert four_times(3) == 12 and twice(4) == 8
    assert twice.__name__ == "twice"


def test_drawing_loads_no_linear_algebra() -> None:
    program = (
        "import sys, numpy as np, talkingface.cpu_renderer, talkingface.compositing\n"
        "from talkingface.mouth_drawing import with_curvature\n"
        "with_curvature(np.zeros((4, 4, 3), np.uint8))\n"
        "print([name for name in ('scipy.linalg', 'cffi', 'yaml', 'torch') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
