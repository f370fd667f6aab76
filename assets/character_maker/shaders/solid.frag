// Solid pieces: cloth, sculpted hair, skin of the ears, wet teeth, hard jewels. The material is a number.
in vec3 world;
in vec3 facing;
in vec3 place;
in vec4 lit;
in vec4 paint;
in vec3 thread;
in vec2 lane;
in float head_share;
uniform float gloss;
layout(location = 0) out vec4 light_out;
layout(location = 1) out vec4 colour_out;
layout(location = 2) out vec4 shine_out;

float strand(vec3 t, vec3 n, float shift, vec3 light, float sharpness) {
    vec3 h = normalize(light + vec3(0.0, 0.0, -1.0));
    float c = dot(normalize(t + n * shift), h);
    return pow(max(1.0 - c * c, 0.0), sharpness * 0.5) * smoothstep(-0.25, 0.5, dot(n, light));
}

void main() {
    vec3 n = normalize(facing);
    vec3 t = normalize(thread);
    float bright = dot(lit.rgb, vec3(0.33));
    float edge = pow(1.0 - max(-n.z, 0.0), 3.0);
    vec3 colour = paint.rgb, shine = vec3(0.0), light = lit.rgb;
    float id = 0.5;
    if (paint.a < 0.5) { // cloth: a soft fuzz at the edge, ribs where the groove says
        float rib = 0.5 + 0.5 * cos(6.2831853 * lane.x);
        if (lane.y > 1.5) light *= 0.95 + 0.075 * rib + 0.020 * cos(6.2831853 * (place.y * 46.0 + 0.5 * abs(fract(lane.x) - 0.5)));
        else if (lane.y > 0.5) light *= 0.72 + 0.40 * rib;
        vec2 fibre = floor(world.xy * 420.0);
        colour *= 1.0 + 0.05 * (hash(dot(fibre, vec2(12.9898, 78.233))) - 0.5);
        shine = lit.rgb * colour * 0.45 * edge;
    } else if (paint.a < 1.5) { // hair
        float fine = wavering(lane.x * 330.0 + lane.y * 57.0), broad = wavering(lane.x * 120.0 + lane.y * 91.0);
        float streak = 0.6 * fine + 0.4 * broad;
        colour *= 0.74 + 0.52 * streak;
        float jitter = (streak - 0.5) * 0.30;
        vec3 sheen = 0.60 * colour + vec3(0.012);
        shine = gloss * (KEY_COLOUR * lit.a * (0.9 * sheen * strand(t, n, 0.14 + jitter, KEY_DIRECTION, 34.0) + 0.030 * strand(t, n, -0.10 + jitter, KEY_DIRECTION, 140.0))
            + bright * RIM_COLOUR * 0.55 * sheen * (strand(t, n, jitter, RIM_RIGHT, 22.0) + 0.7 * strand(t, n, jitter, RIM_LEFT, 22.0))
            + bright * 0.20 * sheen * edge);
        id = 0.75;
    } else if (paint.a < 2.5) { // skin
        shine = 0.5 * KEY_COLOUR * lit.a * highlight(n, KEY_DIRECTION, 0.5) + lit.rgb * 0.08 * edge;
        id = 1.0;
    } else if (paint.a < 3.5) { // wet
        shine = 1.6 * bright * KEY_COLOUR * (highlight(n, KEY_DIRECTION, 0.30) + 0.5 * highlight(n, normalize(vec3(0.2, -0.5, -0.9)), 0.35));
    } else { // hard and polished
        shine = KEY_COLOUR * lit.a * (2.5 * highlight(n, KEY_DIRECTION, 0.28)) + bright * (0.25 * edge + 0.8 * highlight(n, FILL_DIRECTION, 0.3) + 0.8 * highlight(n, RIM_RIGHT, 0.3));
    }
    light_out = vec4(light, head_share);
    colour_out = vec4(colour, id);
    shine_out = vec4(shine, world.z);
}
