// Lighting of surfaces: soft shadow, wrapped diffuse, highlights.
vec2 turned(vec2 p, float angle) {
    float c = cos(angle), s = sin(angle);
    return vec2(c * p.x - s * p.y, s * p.x + c * p.y);
}

float grain() { return fract(52.9829189 * fract(dot(floor(gl_FragCoord.xy), vec2(0.06711056, 0.00583715)))); }

float key_visible(vec3 point, vec3 normal, float radius, int taps) {
    vec3 p = in_key_light(point + normal * 0.012) * 0.5 + 0.5;
    float lit = 0.0, angle = grain() * 6.2831853;
    for (int k = 0; k < taps; ++k) {
        float r = sqrt((float(k) + 0.5) / float(taps)) * radius;
        vec2 at = p.xy + turned(vec2(r, 0.0), angle + float(k) * 2.399963) / (2.0 * key_frame.w);
        lit += texture(shadow_map, at).r + 0.004 > p.z ? 1.0 : 0.0;
    }
    return lit / float(taps);
}

float highlight(vec3 n, vec3 light, float roughness) {
    vec3 toward = vec3(0.0, 0.0, -1.0);
    vec3 h = normalize(light + toward);
    float nh = max(dot(n, h), 0.0), a = roughness * roughness;
    float d = nh * nh * (a * a - 1.0) + 1.0;
    float fresnel = 0.035 + 0.965 * pow(1.0 - max(dot(h, toward), 0.0), 5.0);
    return a * a / (3.14159 * d * d) * fresnel * max(dot(n, light), 0.0) / (4.0 * max(mix(dot(n, light), 1.0, 0.4) * mix(max(-n.z, 0.0), 1.0, 0.4), 0.1));
}
vec3 wrapped(float c, vec3 soft) { return max((c + soft) / (1.0 + soft), 0.0); }

vec3 direct(vec3 n, float shadow, vec3 soft) {
    vec3 bled = mix(vec3(shadow), vec3(pow(shadow, 0.80), shadow, pow(shadow, 1.04)), step(0.05, soft.x));
    return KEY_COLOUR * wrapped(dot(n, key_direction), soft) * bled
        + FILL_COLOUR * wrapped(dot(n, FILL_DIRECTION), soft)
        + RIM_COLOUR * (max(dot(n, RIM_RIGHT), 0.0) + 0.6 * max(dot(n, RIM_LEFT), 0.0));
}
