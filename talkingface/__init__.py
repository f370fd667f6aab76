"""Pure computation and models of a talking face: no devices, no windows, no OpenGL, no servers."""
