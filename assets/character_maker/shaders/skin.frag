// Skin: colour, oiliness and relief from painted maps over the resting place, light baked.
in vec3 world;
in vec3 facing;
in vec3 place;
in vec4 lit;
in float head_share;
in vec4 paint; // colour inside the mouth and on the body, a: how much of it
uniform sampler2D skin_colour; // rgb linear, a: relief in face heights
uniform sampler2D skin_finish; // r roughness, g strength of the highlight, b occlusion
uniform vec4 chart;            // x0, y0, 1 / width, 1 / height of the painted region
layout(location = 0) out vec4 light_out;
layout(location = 1) out vec4 colour_out;
layout(location = 2) out vec4 shine_out;

void main() {
    vec2 at = (place.xy - chart.xy) * chart.zw;
    vec4 colour = texture(skin_colour, at);
    vec4 finish = texture(skin_finish, at);
    vec3 n = normalize(facing);
    vec3 dx = dFdx(world), dy = dFdy(world);
    vec3 across = cross(dy, n), along = cross(n, dx);
    float area = dot(dx, across);
    vec3 slope = (dFdx(colour.a) * across + dFdy(colour.a) * along) * sign(area);
    vec3 bumped = normalize(abs(area) * n - slope);
    float inside = paint.a;
    float turned = clamp(1.0 + 0.9 * (dot(bumped, KEY_DIRECTION) - dot(n, KEY_DIRECTION)), 0.7, 1.3);
    float shine = finish.g * finish.b * (1.0 - inside);
    vec3 spec = KEY_COLOUR * lit.a * (0.75 * highlight(bumped, KEY_DIRECTION, finish.r) + 0.35 * highlight(bumped, KEY_DIRECTION, 0.62 * finish.r))
        + FILL_COLOUR * highlight(bumped, FILL_DIRECTION, finish.r)
        + RIM_COLOUR * 0.3 * dot(lit.rgb, vec3(0.33)) * (highlight(bumped, RIM_RIGHT, 0.5) + 0.6 * highlight(bumped, RIM_LEFT, 0.5));
    float edge = pow(1.0 - max(-bumped.z, 0.0), 4.0);
    light_out = vec4(lit.rgb * turned * finish.b, head_share);
    colour_out = vec4(mix(colour.rgb, paint.rgb, inside), 1.0);
    shine_out = vec4(spec * shine + lit.rgb * 0.10 * edge * finish.b * (1.0 - inside), world.z);
}
