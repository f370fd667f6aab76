"""Torch networks: training and export only; the live program runs their ONNX exports."""
