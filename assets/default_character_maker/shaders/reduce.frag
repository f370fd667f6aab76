// Averages the large picture's light on skin, depth and coverage over each output pixel.
uniform sampler2D light_large;
uniform sampler2D colour_large;
uniform sampler2D shine_large;
uniform int times;
layout(location = 0) out vec4 skin_light; // rgb direct light times skin, a: skin share
layout(location = 1) out vec4 surround;   // r: upward share times skin, g: depth, b: coverage

void main() {
    ivec2 first = ivec2(gl_FragCoord.xy) * times;
    skin_light = vec4(0.0);
    surround = vec4(0.0);
    for (int v = 0; v < times; ++v) for (int u = 0; u < times; ++u) {
        ivec2 at = first + ivec2(u, v);
        float id = texelFetch(colour_large, at, 0).a;
        vec4 light = texelFetch(light_large, at, 0);
        float skin = step(0.9, id), covered = step(0.01, id);
        skin_light += vec4(light.rgb, 1.0) * skin;
        surround += vec4(light.a * skin, mix(1.6, texelFetch(shine_large, at, 0).a, covered), covered, 0.0);
    }
    skin_light /= float(times * times);
    surround /= float(times * times);
}
