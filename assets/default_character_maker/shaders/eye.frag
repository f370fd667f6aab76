// The eye: sclera, iris with fibres and a dark rim, pupil, wet highlights of two soft boxes.
in vec3 world;
in vec3 facing;
in vec3 place; // on the unit eyeball, looking along -z
uniform vec3 iris_colour;
uniform vec3 eye_frame;  // lid centre x, y, half opening (before the head moves)
uniform vec3 skin_tint;
layout(location = 0) out vec4 light_out;
layout(location = 1) out vec4 colour_out;
layout(location = 2) out vec4 shine_out;

float hash(float n) { return fract(sin(n) * 43758.5453); }
float wavering(float x) {
    float i = floor(x), f = fract(x);
    return mix(hash(i), hash(i + 1.0), f * f * (3.0 - 2.0 * f));
}

float box_at(vec3 r, vec2 centre, vec2 half_size, float blur) {
    vec2 q = abs(r.xy / max(-r.z, 0.05) - centre) - half_size;
    vec2 inside = 1.0 - smoothstep(-blur, blur, q);
    return inside.x * inside.y * step(r.z, 0.0);
}

void main() {
    vec3 n = normalize(facing);
    float r = length(place.xy);
    float turn = atan(place.y, place.x);
    float iris_radius = 0.505, pupil = 0.205;
    float fibre = wavering(turn * 22.0 + 60.0) * 0.6 + wavering(turn * 51.0 + 200.0) * 0.4;
    float ring = clamp((r - pupil) / (iris_radius - pupil), 0.0, 1.0);
    vec3 inner = iris_colour * vec3(1.55, 1.25, 0.85), outer = iris_colour * 0.80;
    vec3 iris = mix(inner, outer, smoothstep(0.05, 0.55, ring + 0.25 * (fibre - 0.5)));
    iris *= 0.62 + 0.75 * fibre * (1.0 - 0.4 * ring);
    iris *= 1.0 + 1.0 * smoothstep(-0.1, 0.40, place.y + 0.3 * place.x) * (1.0 - ring * 0.5);
    iris *= 1.0 - 0.90 * smoothstep(0.66, 0.98, ring);
    iris *= smoothstep(pupil - 0.02, pupil + 0.03, r);
    vec3 sclera = mix(vec3(0.80, 0.78, 0.76), skin_tint * vec3(1.0, 0.72, 0.68), 0.55 * smoothstep(0.55, 1.05, abs(place.x)));
    vec3 colour = mix(iris, sclera, smoothstep(iris_radius - 0.035, iris_radius + 0.035, r));
    float lid_shade = smoothstep(-eye_frame.z * 1.05, -eye_frame.z * 0.15, world.y - eye_frame.y);
    float corner = 1.0 - 0.45 * smoothstep(0.045, 0.085, abs(world.x - eye_frame.x));
    float shaded = mix(0.22, 1.0, lid_shade) * corner;
    float c = max(dot(n, key_direction), 0.0);
    light_out = vec4((KEY_COLOUR * (0.35 + 0.65 * c) * 0.62 + FILL_COLOUR * 0.6) * shaded, 0.55);
    colour_out = vec4(colour, 0.25);
    vec3 mirrored = reflect(vec3(0.0, 0.0, 1.0), n);
    float main_box = box_at(mirrored, vec2(-0.72, -0.66), vec2(0.34, 0.36), 0.05);
    float second = box_at(mirrored, vec2(0.95, 0.30), vec2(0.16, 0.30), 0.10);
    float wet = pow(1.0 - max(-n.z, 0.0), 3.0) * 0.12;
    float keep = smoothstep(0.15, 0.6, shaded);
    shine_out = vec4((vec3(2.2, 2.15, 2.1) * main_box + vec3(0.22, 0.27, 0.32) * second + wet) * keep, world.z);
}
