"""The OpenGL renderer against the one without OpenGL, and what it leaves behind."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mini_live.gl.context import OffscreenContext
from mini_live.gl.framebuffer import DrawTarget
from mini_live.gl.mouth_renderer import GlMouthRenderer
from talkingface.cpu_renderer import CpuMouthRenderer
from talkingface.errors import GraphicsError
from talkingface.records import TeethLook
from talkingface.wrap_mesh import FaceMeshes, load_meshes
from tests.contracts.mouth_scene import LOOK, hole, scene
from tests.mini_live.test_gl_context import in_another_thread


@pytest.fixture(scope="module")
def meshes() -> FaceMeshes:
    return load_meshes()


@pytest.fixture(scope="module")
def context() -> Iterator[OffscreenContext]:
    try:
        opened = OffscreenContext()
    except GraphicsError as error:
        pytest.skip(f"no OpenGL here: {error}")
    yield opened
    opened.close()


@pytest.mark.parametrize("yaw_rad", [0.0, 0.4, 0.8])
@pytest.mark.parametrize("opening", [-1.0, 0.0, 1.0, 3.0])
def test_the_cpu_draws_the_same_picture(
    meshes: FaceMeshes, context: OffscreenContext, opening: float, yaw_rad: float
) -> None:
    mouth = scene(300, opening=opening, yaw_rad=yaw_rad, roll_rad=0.1)
    by_gl, by_cpu = GlMouthRenderer(meshes, LOOK, context), CpuMouthRenderer(meshes, LOOK)
    one = by_gl.render(mouth.crop, mouth.geometry).astype(int)
    other = by_cpu.render(mouth.crop, mouth.geometry).astype(int)
    by_gl.close()
    covered = (one[..., 3] > 0) | (other[..., 3] > 0)
    assert covered.mean() > 0.2
    assert np.abs(one - other)[covered].mean() < 0.5
    near = hole(mouth, -4)
    assert np.abs(one - other)[near].mean() < 2
    assert ((one[..., 3] > 0) != (other[..., 3] > 0)).sum() <= 20
    away_from_lips = covered & ~near
    assert np.percentile(np.abs(one - other)[away_from_lips], 99.5) <= 3


def test_the_far_cheek_does_not_show_through_an_open_mouth(
    meshes: FaceMeshes, context: OffscreenContext
) -> None:
    mouth = scene(300, opening=3, yaw_rad=0.8)
    renderer = GlMouthRenderer(meshes, LOOK, context)
    drawn = renderer.render(mouth.crop, mouth.geometry)
    renderer.close()
    inside = drawn[hole(mouth, 2)][:, :3].astype(int)
    is_mouth = (np.ptp(inside, axis=1) <= 80) & (inside[:, 2] <= LOOK.teeth[2] * 255)
    is_skin = (inside.min(1) >= 88) & (np.ptp(inside, axis=1) > 45)
    assert is_mouth.mean() > 0.98
    assert is_skin.mean() < 0.02


def test_two_characters_in_one_context_keep_their_looks(
    meshes: FaceMeshes, context: OffscreenContext
) -> None:
    mouth = scene(200, opening=3)
    green = TeethLook(LOOK.teeth, np.array([0.0, 1.0, 0.0], np.float32))
    first, second = GlMouthRenderer(meshes, LOOK, context), GlMouthRenderer(meshes, green, context)
    alone = first.render(mouth.crop, mouth.geometry)
    other = second.render(mouth.crop, mouth.geometry)
    assert np.array_equal(first.render(mouth.crop, mouth.geometry), alone)
    assert not np.array_equal(other, alone)
    second.close()
    assert np.array_equal(first.render(mouth.crop, mouth.geometry), alone)
    first.close()
    assert not context.is_closed


def test_only_the_owning_thread_draws(meshes: FaceMeshes, context: OffscreenContext) -> None:
    mouth = scene(100)
    renderer = GlMouthRenderer(meshes, LOOK, context)
    error = in_another_thread(lambda: renderer.render(mouth.crop, mouth.geometry))
    assert isinstance(error, GraphicsError)
    assert renderer.render(mouth.crop, mouth.geometry).shape == (100, 100, 4)
    renderer.close()


def test_a_character_whose_context_is_gone_says_so(meshes: FaceMeshes) -> None:
    try:
        lost = OffscreenContext()
    except GraphicsError as error:
        pytest.skip(f"no OpenGL here: {error}")
    mouth, renderer = scene(64), GlMouthRenderer(meshes, LOOK, lost)
    lost.close()
    with pytest.raises(GraphicsError, match="closed"):
        renderer.render(mouth.crop, mouth.geometry)
    renderer.close()


def test_an_error_of_opengl_is_named(
    meshes: FaceMeshes, context: OffscreenContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    mouth, renderer = scene(64), GlMouthRenderer(meshes, LOOK, context)
    monkeypatch.setattr(DrawTarget, "begin", lambda self, crop: context.gl.glEnable(0xFFFF))
    with pytest.raises(GraphicsError, match="found error 1280"):
        renderer.render(mouth.crop, mouth.geometry)
    monkeypatch.undo()
    assert renderer.render(mouth.crop, mouth.geometry)[..., 3].max() == 255
    renderer.close()


@pytest.mark.parametrize(
    "switches", [80, pytest.param(1000, marks=[pytest.mark.slow, pytest.mark.timeout(900)])]
)
def test_switching_characters_leaks_nothing(
    meshes: FaceMeshes, context: OffscreenContext, switches: int
) -> None:
    small, large = scene(96, opening=2), scene(160, opening=1)

    def switch(times: int) -> None:
        for _ in range(times):
            renderer = GlMouthRenderer(meshes, LOOK, context)
            renderer.render(small.crop, small.geometry)
            renderer.render(large.crop, large.geometry)
            renderer.close()

    switch(20)
    before_mb = resident_mb()
    switch(switches)
    assert resident_mb() - before_mb < 3 + switches * 0.01


@pytest.mark.parametrize(
    "times", [15, pytest.param(1000, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])]
)
def test_opening_and_closing_contexts_leaks_nothing(
    meshes: FaceMeshes, context: OffscreenContext, times: int
) -> None:
    mouth = scene(96, opening=2)

    def open_and_close(count: int) -> None:
        for _ in range(count):
            renderer = GlMouthRenderer(meshes, LOOK)
            renderer.render(mouth.crop, mouth.geometry)
            renderer.close()

    open_and_close(10)
    before_mb = resident_mb()
    open_and_close(times)
    assert resident_mb() - before_mb < 8 + times * 0.03


def resident_mb() -> float:
    if not sys.platform.startswith("linux"):
        pytest.skip("memory is read from /proc")
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20
