// Writes which triangle is seen, in two parts that half floats hold exactly.
layout(location = 0) out vec4 seen;
void main() { seen = vec4(float(gl_PrimitiveID % 1024), float(gl_PrimitiveID / 1024), 1.0, 1.0); }
