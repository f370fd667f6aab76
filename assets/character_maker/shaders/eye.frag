// The eye: sclera, iris with fibres and a dark rim, pupil, and the catch-lights of two lamps.
in vec3 world;
in vec3 facing;
in vec3 place; // on the unit eyeball, looking along -z
uniform vec3 iris_colour;
uniform vec3 eye_frame;  // lid centre x, y, half opening
uniform vec3 skin_tint;
uniform vec3 eye_light;  // light on the skin about the eye
uniform float eye_radius;
layout(location = 0) out vec4 light_out;
layout(location = 1) out vec4 colour_out;
layout(location = 2) out vec4 shine_out;

float round_at(vec2 p, vec2 centre, float radius, float blur) {
    return 1.0 - smoothstep(radius - blur, radius + blur, length(p - centre));
}

void main() {
    vec3 n = normalize(facing);
    float r = length(place.xy);
    float turn = atan(place.y, place.x);
    float iris_radius = 0.56, pupil = 0.25;
    float fibre = wavering(turn * 20.0 + 60.0) * 0.6 + wavering(turn * 47.0 + 200.0) * 0.4;
    float ring = clamp((r - pupil) / (iris_radius - pupil), 0.0, 1.0);
    vec3 iris = iris_colour * mix(1.25, 0.75, smoothstep(0.2, 0.8, ring)) * (0.80 + 0.40 * fibre);
    float low = smoothstep(-0.20, 0.45, place.y);  // light that falls through the cornea gathers below
    iris += iris_colour * vec3(1.9, 1.5, 1.1) * low * low * (1.0 - 0.6 * ring);
    iris *= 1.0 - 0.82 * smoothstep(0.72, 1.0, ring);
    iris *= smoothstep(pupil - 0.03, pupil + 0.03, r);
    vec3 sclera = mix(vec3(0.86, 0.85, 0.85), skin_tint * vec3(1.0, 0.74, 0.70), 0.40 * smoothstep(0.60, 1.05, abs(place.x)));
    vec3 colour = mix(iris, sclera, smoothstep(iris_radius - 0.03, iris_radius + 0.03, r));
    float lid_shade = smoothstep(-eye_frame.z * 1.15, -eye_frame.z * 0.10, world.y - eye_frame.y);
    float side = 1.0 - 0.40 * smoothstep(0.60, 1.15, abs(world.x - eye_frame.x) / eye_radius);
    float shaded = mix(0.30, 1.0, lid_shade) * side;
    light_out = vec4(mix(vec3(dot(eye_light, vec3(0.33))), eye_light, 0.6) * 0.98 * shaded, 1.0);
    colour_out = vec4(colour, 0.25);
    float main_light = round_at(n.xy, vec2(-0.225, -0.245), 0.135, 0.025);
    float second = round_at(n.xy, vec2(0.245, 0.235), 0.070, 0.035);
    vec3 shine = vec3(1.7, 1.68, 1.65) * main_light + vec3(0.34, 0.36, 0.40) * second;
    shine_out = vec4(shine, world.z);
}
