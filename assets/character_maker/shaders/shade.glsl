// Highlights and small noises, shared by all fragment shaders.
float hash(float n) { return fract(sin(n) * 43758.5453); }
float wavering(float x) {
    float i = floor(x), f = fract(x);
    return mix(hash(i), hash(i + 1.0), f * f * (3.0 - 2.0 * f));
}

float highlight(vec3 n, vec3 light, float roughness) {
    vec3 toward = vec3(0.0, 0.0, -1.0);
    vec3 h = normalize(light + toward);
    float nh = max(dot(n, h), 0.0), a = roughness * roughness;
    float d = nh * nh * (a * a - 1.0) + 1.0;
    float fresnel = 0.035 + 0.965 * pow(1.0 - max(dot(h, toward), 0.0), 5.0);
    return a * a / (3.14159 * d * d) * fresnel * max(dot(n, light), 0.0) / (4.0 * max(mix(dot(n, light), 1.0, 0.4) * mix(max(-n.z, 0.0), 1.0, 0.4), 0.1));
}
