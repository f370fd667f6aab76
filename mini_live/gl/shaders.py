"""The shading programs of the mouth renderer, in GLSL 3.30."""

from __future__ import annotations

# Pixels to clip space: the middle of the first pixel is (0, 0), and the first row of the picture is the first row
# that OpenGL stores, so nothing is turned over on the way in or out.
VERTEX = """#version 330 core
layout(location = 0) in vec3 position_px;
layout(location = 1) in vec2 source_px;
layout(location = 2) in float level;
uniform vec4 size_and_depth;  // width, height, nearest z, 1 / range of z
noperspective out vec2 place_px;
noperspective out vec2 texture_place;
noperspective out float vertex_level;

void main() {
    vec2 size = size_and_depth.xy;
    float depth = (position_px.z - size_and_depth.z) * size_and_depth.w;
    gl_Position = vec4((position_px.xy + 0.5) / size * 2.0 - 1.0, depth * 1.98 - 0.99, 1.0);
    place_px = position_px.xy;
    texture_place = (source_px + 0.5) / size;
    vertex_level = level;
}
"""

# Linear sampling, made up for its blur; see talkingface.mouth_drawing.with_curvature.
SKIN = """#version 330 core
noperspective in vec2 texture_place;
noperspective in float vertex_level;
uniform sampler2D crop;
uniform vec2 curvature;  // zero and gain of the fourth channel
out vec4 colour;

void main() {
    vec4 sampled = texture(crop, texture_place);
    vec2 fraction = fract(texture_place * vec2(textureSize(crop, 0)) - 0.5);
    float between = dot(fraction, 1.0 - fraction);
    float blur = between * (sampled.a - curvature.x) * curvature.y;
    colour = vec4(sampled.rgb - blur, vertex_level);
}
"""

_INSIDE = """#version 330 core
noperspective in vec2 place_px;
noperspective in float vertex_level;
uniform vec4 oval;     // centre x, y; axis x, y
uniform vec4 light;    // 1 / half width, 1 / half height, of the slit, of the middle or the edge
uniform vec3 base_colour;
out vec4 colour;

float squared_radius() {
    vec2 offset = place_px - oval.xy;
    float along = dot(offset, oval.zw) * light.x;
    float across = (offset.y * oval.z - offset.x * oval.w) * light.y;
    return min(along * along + across * across, 1.0);
}
"""

CAVITY = (
    _INSIDE
    + """
void main() {
    colour = vec4(base_colour * mix(light.w, 1.0, squared_radius()), 1.0);
}
"""
)

TEETH = (
    _INSIDE
    + """
void main() {
    float radius = squared_radius();
    colour = vec4(base_colour * vertex_level * mix(1.0, light.w, radius * radius) * light.z, 1.0);
}
"""
)
