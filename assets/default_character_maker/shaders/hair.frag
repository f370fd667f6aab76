// Hair: anisotropic light after Kajiya and Kay 1989, two shifted highlights after Marschner et al. 2003.
in vec3 world;
in vec3 along;
in vec3 place;
in vec3 unposed;
uniform vec3 root_colour;
uniform vec3 tip_colour;
uniform vec3 volume_centre;
uniform float gloss;
layout(location = 0) out vec4 light_out;
layout(location = 1) out vec4 colour_out;
layout(location = 2) out vec4 shine_out;

float lobe(vec3 t, vec3 n, float shift, vec3 light, float sharpness) {
    vec3 h = normalize(light + vec3(0.0, 0.0, -1.0));
    float c = dot(normalize(t + n * shift), h);
    return pow(max(1.0 - c * c, 0.0), sharpness * 0.5) * smoothstep(-0.25, 0.5, dot(n, light));
}

void main() {
    vec3 t = normalize(along);
    vec3 n = world - volume_centre;
    n = normalize(n * vec3(1.0, n.y > 0.0 ? 0.25 : 1.0, 1.0));
    n = normalize(n - t * dot(n, t));
    float open = place.z;
    float shadow = key_visible(unposed, 3.5 * n, 0.055, 6);
    shadow = mix(0.22, 1.0, shadow);
    float tk = sqrt(max(1.0 - pow(dot(t, key_direction), 2.0), 0.0));
    vec3 diffuse = KEY_COLOUR * tk * shadow * (0.30 + 0.70 * smoothstep(-0.4, 0.9, dot(n, key_direction)))
        + FILL_COLOUR * (0.35 + 0.65 * max(dot(n, FILL_DIRECTION), 0.0))
        + 1.5 * RIM_COLOUR * (smoothstep(0.0, 1.0, dot(n, RIM_RIGHT)) + 0.7 * smoothstep(0.0, 1.0, dot(n, RIM_LEFT)));
    float shade = open * open;
    light_out = vec4(diffuse * mix(0.25, 1.0, shade), 0.5 - 0.5 * n.y);
    float vary = 0.70 + 0.60 * place.y;
    vec3 colour = mix(root_colour, tip_colour, smoothstep(0.15, 1.0, place.x + 0.35 * (place.y - 0.5))) * vary;
    colour_out = vec4(colour, 0.75);
    float jitter = (place.y - 0.5) * 0.22;
    vec3 spec = KEY_COLOUR * shadow * (0.055 * lobe(t, n, -0.12 + jitter, key_direction, 120.0) * vec3(1.0, 0.9, 0.8)
        + 1.5 * lobe(t, n, 0.16 + jitter, key_direction, 26.0) * colour)
        + RIM_COLOUR * (0.05 * lobe(t, n, jitter, RIM_RIGHT, 40.0) + 0.04 * lobe(t, n, jitter, RIM_LEFT, 40.0) + 0.9 * colour * lobe(t, n, 0.1, RIM_RIGHT, 18.0) + 0.6 * colour * lobe(t, n, 0.1, RIM_LEFT, 18.0));
    shine_out = vec4(spec * gloss * shade, world.z);
}
