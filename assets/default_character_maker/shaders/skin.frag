// Skin: colour, oiliness and relief from painted maps over the resting place.
in vec3 world;
in vec3 facing;
in vec3 place;
in vec3 unposed;
uniform sampler2D skin_colour; // rgb linear, a: relief in face heights
uniform sampler2D skin_finish; // r roughness, g strength of the highlight, b occlusion, a hair share
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
    vec3 gentle = normalize(mix(n, bumped, 0.5));
    float shadow = key_visible(unposed, n, 0.030, 16);
    vec3 soft = mix(vec3(0.22, 0.13, 0.10), vec3(0.0), step(0.5, finish.a));
    float shine = finish.g * finish.b;
    vec3 spec = KEY_COLOUR * shadow * (0.75 * highlight(bumped, key_direction, finish.r) + 0.35 * highlight(bumped, key_direction, 0.62 * finish.r))
        + FILL_COLOUR * highlight(bumped, FILL_DIRECTION, finish.r)
        + RIM_COLOUR * 0.4 * (highlight(bumped, RIM_RIGHT, 0.5) + 0.6 * highlight(bumped, RIM_LEFT, 0.5));
    float edge = pow(1.0 - max(-bumped.z, 0.0), 4.0);
    light_out = vec4(direct(gentle, shadow, soft) * finish.b, 0.5 - 0.5 * n.y);
    colour_out = vec4(colour.rgb, 1.0);
    shine_out = vec4(spec * shine + SKY * 0.10 * edge * finish.b, world.z);
}
