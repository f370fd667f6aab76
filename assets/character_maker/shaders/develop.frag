// Joins light, colour and shine of each large pixel and lays the film curve on; a: coverage.
uniform sampler2D light_large;
uniform sampler2D colour_large;
uniform sampler2D shine_large;
uniform sampler2D diffused;   // rgb: light that has spread under the skin; output size
uniform float exposure;
layout(location = 0) out vec4 picture;

vec3 film(vec3 lit) {
    vec3 x = max(lit, 0.0) * exposure;
    vec3 toned = clamp((x * (2.51 * x + 0.03)) / (x * (2.43 * x + 0.59) + 0.14), 0.0, 1.0);
    return mix(12.92 * toned, 1.055 * pow(toned, vec3(1.0 / 2.4)) - 0.055, step(0.0031308, toned));
}

void main() {
    ivec2 at = ivec2(gl_FragCoord.xy);
    vec4 colour = texelFetch(colour_large, at, 0);
    picture = vec4(0.0);
    if (colour.a < 0.01) return;
    vec3 light = colour.a > 0.9 ? texture(diffused, gl_FragCoord.xy / vec2(textureSize(colour_large, 0))).rgb
        : texelFetch(light_large, at, 0).rgb;
    picture = vec4(film(light * colour.rgb + texelFetch(shine_large, at, 0).rgb), 1.0);
}
