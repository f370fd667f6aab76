// Skin, clothes and eyes: posed surface with its resting place.
layout(location = 0) in vec3 position;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec4 rest; // place in head coordinates (or chart), w: share of the head's motion
out vec3 world;
out vec3 facing;
out vec3 place;
out vec3 unposed;

void main() {
    world = posed(position, rest.w);
    facing = mix(normal, head_rotation * normal, rest.w);
    place = rest.xyz;
    unposed = position;
    gl_Position = projected(world);
}
