"""Inference engines: the only modules that know onnxruntime or torch at run time."""
