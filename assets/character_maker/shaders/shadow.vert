// Depth from the key light, for surfaces at rest: the light follows the head, so shadows are drawn once.
layout(location = 0) in vec3 position;
void main() { gl_Position = vec4(in_key_light(position), 1.0); }
