"""Meshes, textures, demo speech and the default character; whatever is generated has its generator beside it."""
