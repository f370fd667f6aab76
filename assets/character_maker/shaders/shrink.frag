// Reduces the large picture with a tent a little wider than a pixel, and puts the background behind.
uniform sampler2D large;
uniform sampler2D background; // display values
uniform int times;
layout(location = 0) out vec4 picture;

void main() {
    ivec2 pixel = ivec2(gl_FragCoord.xy), first = pixel * times, most = textureSize(large, 0) - 1;
    vec4 sum = vec4(0.0);
    float weights = 0.0;
    for (int v = -1; v <= times; ++v) for (int u = -1; u <= times; ++u) {
        vec2 off = abs((vec2(u, v) + 0.5) / float(times) - 0.5);
        vec2 tent = max(1.0 - off / 0.88, 0.0);
        float weight = tent.x * tent.y;
        sum += weight * texelFetch(large, clamp(first + ivec2(u, v), ivec2(0), most), 0);
        weights += weight;
    }
    sum /= weights;
    picture = vec4(sum.rgb + texelFetch(background, pixel, 0).rgb * (1.0 - sum.a), sum.a);
}
