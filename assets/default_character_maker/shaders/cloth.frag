// Clothes and the skin of the chest, chosen by a painted chart over (angle, ring).
in vec3 world;
in vec3 facing;
in vec3 place;
in vec3 unposed;
uniform sampler2D cloth_colour; // rgb linear, a: 1 skin, 0 cloth
uniform sampler2D cloth_relief; // r relief, g weave strength, b sheen
layout(location = 0) out vec4 light_out;
layout(location = 1) out vec4 colour_out;
layout(location = 2) out vec4 shine_out;

void main() {
    vec4 colour = texture(cloth_colour, place.xy);
    vec4 relief = texture(cloth_relief, place.xy);
    vec3 n = normalize(facing);
    float skin = step(0.5, colour.a);
    vec2 thread = vec2(world.x + 0.6 * world.z, world.y) * 260.0;
    float weave = sin(thread.x + 0.8 * thread.y) * sin(thread.y - 0.5 * thread.x);
    float shadow = key_visible(unposed, n, 0.045, 10);
    vec3 soft = mix(vec3(0.04), vec3(0.22, 0.13, 0.10), skin);
    float edge = pow(1.0 - max(-n.z, 0.0), 3.0);
    light_out = vec4(direct(n, shadow, soft), 0.5 - 0.5 * n.y);
    colour_out = vec4(colour.rgb * (1.0 + 0.035 * weave * relief.g), mix(0.5, 1.0, skin));
    vec3 spec = (KEY_COLOUR * shadow * highlight(n, key_direction, 0.45) + RIM_COLOUR * 0.4 * highlight(n, RIM_RIGHT, 0.5)) * 0.55;
    shine_out = vec4(mix(SKY * edge * relief.b * colour.rgb * 1.2, spec, skin), world.z);
}
