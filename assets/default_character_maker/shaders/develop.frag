// Joins light, colour and shine of each large pixel and lays the film curve on; a: coverage.
uniform sampler2D light_large;
uniform sampler2D colour_large;
uniform sampler2D shine_large;
uniform sampler2D diffused;   // rgb: light that has spread under the skin, a: openness; output size
uniform float exposure;
layout(location = 0) out vec4 picture;

vec3 film(vec3 lit) {
    vec3 x = max(lit, 0.0) * exposure;
    vec3 toned = clamp((x * (2.2 * x + 0.10)) / (x * (2.0 * x + 0.72) + 0.16), 0.0, 1.0);
    return mix(12.92 * toned, 1.055 * pow(toned, vec3(1.0 / 2.4)) - 0.055, step(0.0031308, toned));
}

void main() {
    ivec2 at = ivec2(gl_FragCoord.xy);
    vec4 colour = texelFetch(colour_large, at, 0);
    picture = vec4(0.0);
    if (colour.a < 0.01) return;
    vec4 near = texture(diffused, gl_FragCoord.xy / vec2(textureSize(colour_large, 0)));
    vec4 light = texelFetch(light_large, at, 0);
    float open = abs(colour.a - 0.25) < 0.05 ? max(near.a, 0.75) : near.a;
    vec3 total = colour.a > 0.9 ? near.rgb : light.rgb * (0.35 + 0.65 * open) + mix(GROUND, SKY, light.a) * open;
    vec3 shine = texelFetch(shine_large, at, 0).rgb;
    picture = vec4(film(total * colour.rgb + shine * (0.4 + 0.6 * open)), 1.0);
}
