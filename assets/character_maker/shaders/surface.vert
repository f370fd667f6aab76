// Skin and solid pieces: posed surface with its resting place and its baked light.
layout(location = 0) in vec3 position;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec4 rest;   // place in head coordinates, w: share of the head's motion
layout(location = 3) in vec4 light;  // rgb light, a: how much of the key lamp is seen
layout(location = 4) in vec4 colour; // linear rgb, a: material, or on skin how much of this colour
layout(location = 5) in vec3 along;
layout(location = 6) in vec2 groove;
out vec3 world;
out vec3 facing;
out vec3 place;
out vec4 lit;
out vec4 paint;
out vec3 thread;
out vec2 lane;
out float head_share;

void main() {
    world = posed(position, rest.w);
    facing = mix(normal, head_rotation * normal, rest.w);
    thread = mix(along, head_rotation * along, rest.w);
    place = rest.xyz;
    lit = light;
    paint = colour;
    lane = groove;
    head_share = rest.w;
    gl_Position = projected(world);
}
