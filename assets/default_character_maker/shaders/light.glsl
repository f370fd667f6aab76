// Camera, pose, lights and shadow, shared by all shaders. x right, y down, z away; lengths in face heights.
uniform vec4 view;          // scale x, scale y (to clip), offset x, offset y
uniform float distance_to_camera;
uniform vec2 depth_range;
uniform mat3 head_rotation;
uniform vec3 head_pivot;
uniform vec3 head_shift;
uniform vec3 key_direction; // towards the light
uniform mat3 key_basis;     // rows: across, down, towards the light
uniform vec4 key_frame;     // centre xyz, half size
uniform sampler2D shadow_map;

const vec3 KEY_COLOUR = vec3(1.58, 1.47, 1.32);
const vec3 FILL_COLOUR = vec3(0.13, 0.16, 0.20);
const vec3 RIM_COLOUR = vec3(0.80, 0.90, 0.98);
const vec3 SKY = vec3(0.25, 0.28, 0.32);
const vec3 GROUND = vec3(0.12, 0.095, 0.08);
const vec3 FILL_DIRECTION = vec3(0.776, -0.10, -0.62);
const vec3 RIM_RIGHT = vec3(0.78, -0.35, 0.52);
const vec3 RIM_LEFT = vec3(-0.85, -0.30, 0.43);

vec3 posed(vec3 point, float weight) {
    return mix(point, head_rotation * (point - head_pivot) + head_pivot + head_shift, weight);
}

vec4 projected(vec3 point) {
    float w = 1.0 + point.z / distance_to_camera;
    float depth = (point.z - depth_range.x) / (depth_range.y - depth_range.x) * 2.0 - 1.0;
    return vec4(point.xy * view.xy + view.zw * w, depth * w, w);
}

vec3 in_key_light(vec3 point) {
    return key_basis * (point - key_frame.xyz) / key_frame.w * vec3(1.0, 1.0, -1.0);
}
