// Averages the large picture's light on skin over each output pixel.
uniform sampler2D light_large;
uniform sampler2D colour_large;
uniform int times;
layout(location = 0) out vec4 skin_light; // rgb light times skin, a: skin share

void main() {
    ivec2 first = ivec2(gl_FragCoord.xy) * times;
    skin_light = vec4(0.0);
    for (int v = 0; v < times; ++v) for (int u = 0; u < times; ++u) {
        ivec2 at = first + ivec2(u, v);
        skin_light += vec4(texelFetch(light_large, at, 0).rgb, 1.0) * step(0.9, texelFetch(colour_large, at, 0).a);
    }
    skin_light /= float(times * times);
}
