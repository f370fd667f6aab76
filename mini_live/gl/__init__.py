"""OpenGL room: an offscreen context and the renderer that draws the lower face into its own framebuffer."""
