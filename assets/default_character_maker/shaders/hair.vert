// A strand as a ribbon that faces the camera.
layout(location = 0) in vec4 position; // w: -1 or 1, side of the ribbon
layout(location = 1) in vec4 tangent;  // w: half width in face heights
layout(location = 2) in vec4 rest;     // way from root to tip 0..1, chance 0..1, openness 0..1, w: share of the head's motion
out vec3 world;
out vec3 along;
out vec3 place;
out vec3 unposed;

void main() {
    vec3 centre = posed(position.xyz, rest.w);
    along = normalize(mix(tangent.xyz, head_rotation * tangent.xyz, rest.w));
#ifdef FROM_LIGHT
    vec3 across = normalize(cross(tangent.xyz, key_direction)) * tangent.w * 1.5;
    gl_Position = vec4(in_key_light(position.xyz + across * position.w), 1.0);
#else
    vec3 across = normalize(cross(along, vec3(0.0, 0.0, 1.0)) + vec3(1e-5)) * tangent.w;
    gl_Position = projected(centre + across * position.w);
#endif
    world = centre;
    place = rest.xyz;
    unposed = position.xyz;
}
