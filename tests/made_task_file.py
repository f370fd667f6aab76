"""A face landmarker file of MediaPipe Tasks, put together from the models inside MediaPipe's own wheel.

The newer models are no part of the wheel. The older mesh with attention is: its 468 points are padded with its
own iris outputs to the 478 that Tasks expect, so that all but the irises is as it should be.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

MESH_478 = [1, 1, 1, 478 * 3]


def write_task_file(path: Path) -> Path:
    import mediapipe

    models = Path(mediapipe.__file__).parent / "modules"
    detector = (models / "face_detection" / "face_detection_short_range.tflite").read_bytes()
    mesh = _padded((models / "face_landmark" / "face_landmark_with_attention.tflite").read_bytes())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as bundle:
        bundle.writestr("face_detector.tflite", _told(detector, 127.5, 127.5))
        bundle.writestr("face_landmarks_detector.tflite", _told(mesh, 0.0, 255.0))
    return path


def _padded(model: bytes) -> bytes:
    """Put one operation at the end that joins the mesh and the irises into one row."""
    import flatbuffers
    from mediapipe.tasks.metadata import schema_py_generated as schema

    root = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(bytearray(model), 0))
    graph = root.subgraphs[0]
    by_name = {tensor.name: number for number, tensor in enumerate(graph.tensors)}
    mesh, left, right, flag = (
        by_name[name]
        for name in (b"output_mesh_identity", b"output_left_iris", b"output_right_iris", b"conv_faceflag")
    )
    row = schema.TensorT()
    row.shape, row.type, row.buffer, row.name = MESH_478, schema.TensorType.FLOAT32, 0, "mesh"
    graph.tensors.append(row)
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CONCATENATION
    code.version = 1
    root.operatorCodes.append(code)
    join = schema.OperatorT()
    join.opcodeIndex = len(root.operatorCodes) - 1
    join.inputs, join.outputs = [mesh, left, right, left], [len(graph.tensors) - 1]
    join.builtinOptionsType = schema.BuiltinOptions.ConcatenationOptions
    join.builtinOptions = schema.ConcatenationOptionsT()
    join.builtinOptions.axis = 3
    graph.operators.append(join)
    graph.outputs = [len(graph.tensors) - 1, flag]
    builder = flatbuffers.Builder(0)
    builder.Finish(root.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _told(model: bytes, mean: float, spread: float) -> bytes:
    """Write into a model how its picture is scaled, as Tasks want to know."""
    from mediapipe.tasks.python.metadata.metadata_writers.metadata_writer import MetadataWriter

    writer = MetadataWriter.create(bytearray(model))
    writer.add_general_info("face", "made for a test")
    writer.add_image_input([mean], [spread])
    return bytes(writer.populate()[0])
