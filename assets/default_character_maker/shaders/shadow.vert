// Depth from the key light, for surfaces.
layout(location = 0) in vec3 position;
layout(location = 2) in vec4 rest;
void main() { gl_Position = vec4(in_key_light(posed(position, rest.w)), 1.0); }
