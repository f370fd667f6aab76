"""Export and engine: ONNX gives what torch gives, cards are checked, bad input is told in one line."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import numpy_helper

from talkingface.engines.onnx_generator import (
    ENCODER_NAME,
    PAINTER_NAME,
    OnnxFaceGenerator,
    PassThroughGenerator,
    load_face_generator,
)
from talkingface.errors import BadInputError, CheckpointError
from talkingface.networks.face_generator import FaceGeneratorConfig, FaceGeneratorNetwork
from train.export import PARITY_LIMIT_LEVELS, export_generator, export_painter, load_network


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[FaceGeneratorNetwork, Path, float]:
    torch.set_num_threads(1)
    torch.manual_seed(3)
    network = FaceGeneratorNetwork().eval()
    torch.nn.init.normal_(network.painter.paint.weight, std=0.05)
    folder = tmp_path_factory.mktemp("export")
    apart = export_generator(network, folder, training_data=[], metrics={}, licence="Apache-2.0")
    return network, folder, apart


def random_pictures(count: int, channels: int) -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (count, 128, 128, channels)).astype(np.uint8)


def test_onnx_paints_what_torch_paints(exported: tuple[FaceGeneratorNetwork, Path, float]) -> None:
    network, folder, apart = exported
    assert apart <= PARITY_LIMIT_LEVELS
    engine = load_face_generator(folder)
    guide, references = random_pictures(1, 4)[0], random_pictures(4, 3)
    painted = engine.generate(guide, engine.encode_references(references))
    with torch.no_grad():
        expected = network(
            torch.from_numpy(guide).permute(2, 0, 1)[None] / 255,
            torch.from_numpy(references).permute(0, 3, 1, 2)[None] / 255,
        )
    levels = (expected[0].permute(1, 2, 0).numpy() * 255).clip(0, 255)
    assert painted.dtype == np.uint8 and painted.shape == (128, 128, 3)
    assert np.abs(painted - levels).max() <= 1.0
    assert np.abs(painted.astype(int) - guide[..., :3]).max() > 3, "the test would prove nothing"


@pytest.mark.parametrize(("references", "rows"), [(1, (0, 128)), (6, (16, 104)), (6, (33, 34)), (3, (0, 5))])
def test_compiled_loops_paint_what_the_graph_paints(
    exported: tuple[FaceGeneratorNetwork, Path, float], references: int, rows: tuple[int, int]
) -> None:
    engine = load_face_generator(exported[1])
    pictures = random_pictures(references, 3)
    for seed in range(2):  # the second is not to see what the first left behind
        guide = np.roll(random_pictures(2, 4)[seed], 3 * seed, axis=1)
        expected = run_graphs(exported[1], guide, pictures)
        painted = engine.generate(guide, engine.encode_references(pictures), rows)
        wanted = slice(*rows)
        assert np.abs(painted[wanted].astype(int) - expected[wanted]).max() <= 1
        assert (painted[wanted] == expected[wanted]).mean() > 0.999


def run_graphs(folder: Path, guide: np.ndarray, references: np.ndarray) -> np.ndarray:
    encoder, painter = (onnxruntime.InferenceSession(folder / name) for name in (ENCODER_NAME, PAINTER_NAME))
    parts = encoder.run(None, {"references": references})
    names = [entry.name for entry in painter.get_inputs()]
    feed = dict(zip(names, [guide[None], *(part[None] for part in parts)], strict=True))
    return painter.run(None, feed)[0][0]


def test_a_smaller_patch_is_painted_too(tmp_path: Path) -> None:
    torch.manual_seed(4)
    network = FaceGeneratorNetwork(FaceGeneratorConfig(patch_px=64, copy_px=48)).eval()
    torch.nn.init.normal_(network.painter.paint.weight, std=0.05)
    export_generator(network, tmp_path, training_data=[], metrics={}, licence="Apache-2.0")
    guide, references = random_pictures(1, 4)[0, :64, :64].copy(), random_pictures(2, 3)[:, :64, :64].copy()
    engine = load_face_generator(tmp_path)
    painted = engine.generate(guide, engine.encode_references(references))
    assert np.abs(painted.astype(int) - run_graphs(tmp_path, guide, references)).max() <= 1


@pytest.mark.parametrize("layer", ["first.weight", "describe.weight", "query.bias", "mix_fine.weight"])
def test_a_graph_whose_weights_do_not_fit_is_refused(
    exported: tuple[FaceGeneratorNetwork, Path, float], tmp_path: Path, layer: str
) -> None:
    graph = onnx.load(exported[1] / PAINTER_NAME)
    tensor = next(one for one in graph.graph.initializer if one.name == f"painter.{layer}")
    shorter = numpy_helper.from_array(numpy_helper.to_array(tensor)[:-4].copy(), tensor.name)
    tensor.CopyFrom(shorter)
    onnx.save(graph, tmp_path / "generator.onnx")
    with pytest.raises(CheckpointError, match="expected a mouth painter"):
        load_face_generator(exported[1], tmp_path / "generator.onnx")


def test_a_graph_with_weights_in_another_file_is_refused(
    exported: tuple[FaceGeneratorNetwork, Path, float], tmp_path: Path
) -> None:
    graph = onnx.load(exported[1] / PAINTER_NAME)
    path = tmp_path / "generator.onnx"
    onnx.save(graph, path, save_as_external_data=True, size_threshold=0, convert_attribute=True)
    with pytest.raises(CheckpointError, match="file of its own"):
        load_face_generator(exported[1], path)
    graph = onnx.load(exported[1] / PAINTER_NAME)
    for node in graph.graph.node:  # the window of the patch is a constant of the graph
        if node.op_type == "Constant" and len(node.attribute[0].t.raw_data) > 4096:
            node.attribute[0].t.data_location = onnx.TensorProto.EXTERNAL
    path.write_bytes(graph.SerializeToString())
    with pytest.raises(CheckpointError, match="file of its own"):
        load_face_generator(exported[1], path)


@pytest.mark.parametrize(
    "sizes", [{"fine": 4}, {"fine": 4, "key": 32}, {"coarse": 4, "middle": 4}, {"middle": 64}]
)
def test_networks_of_other_sizes_stay_within_their_room(tmp_path: Path, sizes: dict[str, int]) -> None:
    torch.manual_seed(4)
    network = FaceGeneratorNetwork(FaceGeneratorConfig(**sizes)).eval()
    torch.nn.init.normal_(network.painter.paint.weight, std=0.05)
    export_generator(network, tmp_path, training_data=[], metrics={}, licence="Apache-2.0")
    guide, references = random_pictures(1, 4)[0], random_pictures(2, 3)
    engine = load_face_generator(tmp_path)
    painted = engine.generate(guide, engine.encode_references(references))
    assert np.abs(painted.astype(int) - run_graphs(tmp_path, guide, references)).max() <= 1


def test_what_was_painted_before_leaves_no_trace(exported: tuple[FaceGeneratorNetwork, Path, float]) -> None:
    guides, references = random_pictures(2, 4), random_pictures(3, 3)
    fresh, used = load_face_generator(exported[1]), load_face_generator(exported[1])
    features = fresh.encode_references(references)
    used.generate(guides[1], features)
    for rows in ((33, 90), (0, 7), (121, 128), (64, 65)):
        expected = fresh.generate(guides[0], features, rows)[slice(*rows)]
        np.testing.assert_array_equal(used.generate(guides[0], features, rows)[slice(*rows)], expected)
        used.generate(guides[1], features)


@pytest.mark.parametrize("changes", [{"first.weight": np.nan}, {"paint.bias": np.inf}])
def test_weights_that_are_no_numbers_are_refused(
    exported: tuple[FaceGeneratorNetwork, Path, float], tmp_path: Path, changes: dict[str, float]
) -> None:
    graph = onnx.load(exported[1] / PAINTER_NAME)
    for tensor in graph.graph.initializer:
        if (value := changes.get(tensor.name.removeprefix("painter."))) is not None:
            tensor.CopyFrom(
                numpy_helper.from_array(np.full_like(numpy_helper.to_array(tensor), value), tensor.name)
            )
    onnx.save(graph, tmp_path / "generator.onnx")
    with pytest.raises(CheckpointError, match="finite"):
        load_face_generator(exported[1], tmp_path / "generator.onnx")


@pytest.mark.parametrize(("kind", "slope"), [("LeakyRelu", 0.2), ("Relu", None)])
def test_a_graph_that_does_something_else_with_its_weights_is_refused(
    exported: tuple[FaceGeneratorNetwork, Path, float], tmp_path: Path, kind: str, slope: float | None
) -> None:
    graph = onnx.load(exported[1] / PAINTER_NAME)
    node = next(node for node in graph.graph.node if node.op_type == "LeakyRelu")
    node.op_type = kind
    if slope is None:
        del node.attribute[:]
    else:
        node.attribute[0].f = slope
    onnx.save(graph, tmp_path / "generator.onnx")
    with pytest.raises(CheckpointError, match="instead of"):
        load_face_generator(exported[1], tmp_path / "generator.onnx")


def test_weights_come_back_from_the_folder(exported: tuple[FaceGeneratorNetwork, Path, float]) -> None:
    network, folder, _ = exported
    for name, value in load_network(folder).state_dict().items():
        torch.testing.assert_close(value, network.state_dict()[name])


def test_changed_file_is_refused(exported: tuple[FaceGeneratorNetwork, Path, float], tmp_path: Path) -> None:
    for file in exported[1].iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    with open(tmp_path / PAINTER_NAME, "ab") as painter:
        painter.write(b"x")
    with pytest.raises(CheckpointError, match="sha256"):
        load_face_generator(tmp_path)


def test_missing_and_foreign_graphs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="found nothing"):
        OnnxFaceGenerator(tmp_path / "a.onnx", tmp_path / "b.onnx")
    (tmp_path / "a.onnx").write_bytes(b"not a network")
    with pytest.raises(CheckpointError, match="expected a network"):
        OnnxFaceGenerator(tmp_path / "a.onnx", tmp_path / "a.onnx")


def test_painter_of_another_encoder_is_refused(
    exported: tuple[FaceGeneratorNetwork, Path, float], tmp_path: Path
) -> None:
    other = FaceGeneratorNetwork(FaceGeneratorConfig(copy_px=64)).eval()
    export_painter(other, tmp_path / "generator.onnx")
    with pytest.raises(CheckpointError, match="fine-tuned"):
        load_face_generator(exported[1], tmp_path / "generator.onnx")


def test_bad_input_is_told(exported: tuple[FaceGeneratorNetwork, Path, float]) -> None:
    engine = load_face_generator(exported[1])
    features = engine.encode_references(random_pictures(2, 3))
    with pytest.raises(BadInputError, match="guide"):
        engine.generate(random_pictures(1, 3)[0], features)
    with pytest.raises(BadInputError, match="features"):
        engine.generate(random_pictures(1, 4)[0], features[:-1])
    with pytest.raises(BadInputError, match="features"):
        engine.generate(random_pictures(1, 4)[0], features.astype(np.float64))
    for rows in ((0, 129), (-1, 5), (9, 8)):
        with pytest.raises(BadInputError, match="rows"):
            engine.generate(random_pictures(1, 4)[0], features, rows)
    with pytest.raises(BadInputError, match="references"):
        engine.encode_references(random_pictures(2, 4))
    with pytest.raises(BadInputError, match="at least one"):
        engine.encode_references(random_pictures(0, 3))


def test_pass_through_returns_the_guide() -> None:
    engine = PassThroughGenerator()
    guide = random_pictures(1, 4)[0]
    painted = engine.generate(guide, engine.encode_references(random_pictures(2, 3)))
    np.testing.assert_array_equal(painted, guide[..., :3])
    assert painted.base is None or painted.base is not guide
