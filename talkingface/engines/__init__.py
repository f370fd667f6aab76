"""Inference engines: each runs a network behind the seam of its room."""
