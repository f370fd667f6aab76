"""The renderer that draws guides for training and evaluation: OpenGL where there is a context, else the CPU."""

from __future__ import annotations

from talkingface.cpu_renderer import CpuMouthRenderer
from talkingface.errors import GraphicsError
from talkingface.records import TeethLook
from talkingface.seams import MouthRenderer
from talkingface.wrap_mesh import FaceMeshes


def open_renderer(meshes: FaceMeshes, look: TeethLook) -> MouthRenderer:
    """Return a renderer that the caller closes; both kinds draw the same within a few levels."""
    from mini_live.gl.mouth_renderer import GlMouthRenderer

    try:
        return GlMouthRenderer(meshes, look)
    except GraphicsError:
        return CpuMouthRenderer(meshes, look)
