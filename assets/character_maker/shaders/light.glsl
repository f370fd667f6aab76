// Camera, pose and lights, shared by all shaders. x right, y down, z away; lengths in face heights.
uniform vec4 view;          // scale x, scale y (to clip), offset x, offset y
uniform float distance_to_camera;
uniform vec2 depth_range;
uniform mat3 head_rotation;
uniform vec3 head_pivot;
uniform vec3 head_shift;
uniform float breath;       // 0..1
uniform mat3 key_basis;     // rows: across, down, towards the light
uniform vec4 key_frame;     // centre xyz, half size

const vec3 KEY_DIRECTION = vec3(-0.4351, -0.6694, -0.6024);
const vec3 KEY_COLOUR = vec3(1.50, 1.38, 1.24);
const vec3 RIM_COLOUR = vec3(0.85, 0.88, 0.95);
const vec3 FILL_COLOUR = vec3(0.30, 0.28, 0.31);
const vec3 FILL_DIRECTION = vec3(0.794, -0.119, -0.596);
const vec3 RIM_RIGHT = vec3(0.81, -0.415, 0.415);
const vec3 RIM_LEFT = vec3(-0.854, -0.338, 0.397);

vec3 posed(vec3 point, float weight) {
    float chest = smoothstep(0.95, 1.5, point.y) * (1.0 - weight) * breath;
    vec3 body = point * vec3(1.0 + 0.006 * chest, 1.0, 1.0) + chest * vec3(0.0, -0.014, -0.010);
    return mix(body, head_rotation * (point - head_pivot) + head_pivot + head_shift, weight);
}

vec4 projected(vec3 point) {
    float w = 1.0 + point.z / distance_to_camera;
    float depth = (point.z - depth_range.x) / (depth_range.y - depth_range.x) * 2.0 - 1.0;
    return vec4(point.xy * view.xy + view.zw * w, depth * w, w);
}

vec3 in_key_light(vec3 point) {
    return key_basis * (point - key_frame.xyz) / key_frame.w * vec3(1.0, 1.0, -1.0);
}
