"""Devices, time and pixels on a screen: microphone, OpenGL, pacing, sinks, window, command line, wiring."""
