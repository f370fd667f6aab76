"""Whisper's encoder from either kind of file, and teachers that let it learn along, with a tiny made recogniser."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from talkingface.errors import CheckpointError
from talkingface.mouth_space import MouthSpace
from tests.train_audio.made_clips import made_recording
from train_audio.recordings import Recording, from_sound

torch = pytest.importorskip("torch")

from talkingface.checkpoints import save_tensors  # noqa: E402
from talkingface.networks.mouth_lstm import MouthLstm, MouthLstmConfig  # noqa: E402
from train_audio.fine_tuned_teacher import FineTunedTeacher, FineTuning, answer, teach_finely  # noqa: E402
from train_audio.heard_pieces import HeardClips, changed  # noqa: E402
from train_audio.many_devices import Place  # noqa: E402
from train_audio.speech_features import SpeechEncoder  # noqa: E402
from train_audio.whisper_encoder import WhisperEncoder, load_whisper, log_mel  # noqa: E402

SPACE = Path(__file__).resolve().parents[2] / "checkpoint" / "mouth_space.npz"
WIDTH, LAYERS, PLACES = 64, 2, 1500
CPU = Place(torch.device("cpu"))
CONFIG = FineTuning(folds=2, rounds=1, steps=4, batch=2, frames=30, trained_layers=1, hidden=8, judge_every=2)


@pytest.fixture(scope="module")
def encoder() -> WhisperEncoder:
    torch.manual_seed(1)
    made = WhisperEncoder(WIDTH, LAYERS, PLACES)
    with torch.no_grad():
        made.places.normal_(0, 0.1)
        for layer in made.layers:
            layer.attend_in.bias[WIDTH : 2 * WIDTH] = 0.0
    return made.eval()


@pytest.fixture(scope="module")
def hugging_face(encoder: WhisperEncoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hf")
    tensors = {
        "decoder.layers.0.fc1.weight": torch.zeros(2, 2),
        "encoder.embed_positions.weight": encoder.places,
    }
    names = {"first": "conv1", "second": "conv2", "norm": "layer_norm"}
    for number in range(LAYERS):
        ours, theirs = f"layers.{number}", f"layers.{number}"
        names |= {
            f"{ours}.attend_norm": f"{theirs}.self_attn_layer_norm",
            f"{ours}.attend_out": f"{theirs}.self_attn.out_proj",
            f"{ours}.feed_norm": f"{theirs}.final_layer_norm",
            f"{ours}.feed_in": f"{theirs}.fc1",
            f"{ours}.feed_out": f"{theirs}.fc2",
        }
        layer = encoder.layers[number]
        weights, biases = layer.attend_in.weight.chunk(3), layer.attend_in.bias.chunk(3)
        for part, weight, bias in zip("qkv", weights, biases, strict=True):
            tensors[f"encoder.{theirs}.self_attn.{part}_proj.weight"] = weight
            if part != "k":
                tensors[f"encoder.{theirs}.self_attn.{part}_proj.bias"] = bias
    own = encoder.state_dict()
    for name, other in names.items():
        for end in ("weight", "bias"):
            tensors[f"encoder.{other}.{end}"] = own[f"{name}.{end}"]
    save_tensors(
        folder / "model.safetensors", {f"model.{name}": t.detach().clone() for name, t in tensors.items()}
    )
    return folder


def ctranslate2_bytes(encoder: WhisperEncoder, kind: int = 0) -> bytes:
    def text(value: str) -> bytes:
        return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"

    own = {name: tensor.detach().numpy() for name, tensor in encoder.state_dict().items()}
    arrays = {
        "encoder/num_heads": np.array(1, np.float32),
        "encoder/position_encodings/encodings": own["places"],
    }
    parts = {"first": "conv1", "second": "conv2", "norm": "layer_norm"}
    for number in range(LAYERS):
        parts |= {
            f"layers.{number}.attend_norm": f"layer_{number}/self_attention/layer_norm",
            f"layers.{number}.attend_in": f"layer_{number}/self_attention/linear_0",
            f"layers.{number}.attend_out": f"layer_{number}/self_attention/linear_1",
            f"layers.{number}.feed_norm": f"layer_{number}/ffn/layer_norm",
            f"layers.{number}.feed_in": f"layer_{number}/ffn/linear_0",
            f"layers.{number}.feed_out": f"layer_{number}/ffn/linear_1",
        }
    for ours, theirs in parts.items():
        ends = ("gamma", "beta") if ours.endswith("norm") else ("weight", "bias")
        arrays[f"encoder/{theirs}/{ends[0]}"] = own[f"{ours}.weight"]
        arrays[f"encoder/{theirs}/{ends[1]}"] = own[f"{ours}.bias"]
    data = struct.pack("<I", 6) + text("WhisperSpec") + struct.pack("<II", 3, len(arrays))
    for name, array in arrays.items():
        body = np.ascontiguousarray(array, np.float32).tobytes()
        data += text(name) + struct.pack(f"<B{array.ndim}I", array.ndim, *array.shape)
        data += struct.pack("<BI", kind, len(body)) + body
    return data + struct.pack("<I", 0)


def test_both_kinds_of_files_give_the_same_encoder(
    encoder: WhisperEncoder, hugging_face: Path, tmp_path: Path
) -> None:
    (tmp_path / "model.bin").write_bytes(ctranslate2_bytes(encoder))
    columns = torch.randn(1, 60, 80)
    expected = encoder(columns)
    for folder in (hugging_face, tmp_path):
        for one, other in zip(load_whisper(folder).eval()(columns), expected, strict=True):
            torch.testing.assert_close(one, other)


def test_wrong_models_are_refused_in_a_sentence(encoder: WhisperEncoder, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"found neither model\.safetensors nor model\.bin"):
        load_whisper(tmp_path)
    good = ctranslate2_bytes(encoder)
    (tmp_path / "model.bin").write_bytes(good[: len(good) // 2])
    with pytest.raises(CheckpointError):
        load_whisper(tmp_path)
    (tmp_path / "model.bin").write_bytes(ctranslate2_bytes(encoder, kind=1))
    with pytest.raises(CheckpointError, match="whole numbers"):
        load_whisper(tmp_path)
    save_tensors(tmp_path / "model.safetensors", {"encoder.conv1.weight": torch.zeros(3)})
    with pytest.raises(CheckpointError, match="found other weights"):
        load_whisper(tmp_path)


def test_states_come_every_20_ms(hugging_face: Path) -> None:
    states = SpeechEncoder(hugging_face).encode(np.zeros(16_000, np.float32))
    assert states.shape == (75, WIDTH)


def recordings(space: MouthSpace) -> list[Recording]:
    rng = np.random.default_rng(3)
    made = [made_recording(f"p{number}", 1.6, rng, space) for number in range(4)]
    return [
        *made[:3],
        replace(made[3], split="validation"),
        from_sound("voice", made[0].samples[::-1].copy()),
    ]


def test_pieces_keep_sound_and_mouth_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mouth that says how loud it is still does so in every voice, at every tempo."""
    monkeypatch.setattr("train_audio.heard_pieces.changed", lambda heard: heard)
    rng = np.random.default_rng(0)
    frames = 80
    loudness = np.repeat(rng.uniform(0.02, 0.5, frames // 8), 8)
    samples = (np.repeat(loudness, 640) * rng.normal(size=640 * frames)).astype(np.float32)
    recording = replace(
        from_sound("loud", samples),
        coefficients=np.log(loudness)[:, None].astype(np.float32),
        seen=np.ones(frames, bool),
    )
    clips = HeardClips([recording], CPU.device)
    torch.manual_seed(0)
    batch = clips.batch(6, 60, np.random.default_rng(1), clips.chances_without(set()))
    assert batch.log_mel.shape == (6, 240, 80)
    for heard, mouth, weight in zip(batch.log_mel, batch.mouth[..., 0], batch.weight, strict=True):
        level = heard.reshape(60, 4, 80).mean((1, 2))[weight > 0.5]
        assert np.corrcoef(level, mouth[weight > 0.5])[0, 1] > 0.9


def test_changes_keep_the_shape_and_stay_finite() -> None:
    heard = torch.randn(3, 90, 80) - 3
    assert torch.isfinite(changed(heard)).all()
    assert changed(heard).shape == heard.shape


def test_teachers_answer_everybody_and_only_the_upper_layers_learn(hugging_face: Path) -> None:
    space = MouthSpace.load(SPACE)
    given = recordings(space)
    shares: list[float] = []
    said = teach_finely(given, hugging_face, space, CONFIG, 0, CPU, shares.append)
    assert {name: mouth.shape for name, mouth in said.items()} == {
        r.name: (r.frames, space.coefficient_count) for r in given
    }
    assert shares == sorted(shares) and shares[-1] == pytest.approx(1.0)
    teacher = FineTunedTeacher(load_whisper(hugging_face), space.coefficient_count, CONFIG)
    assert not any(p.requires_grad for p in teacher.encoder.layers[0].parameters())
    assert all(p.requires_grad for p in teacher.encoder.layers[1].parameters())


def test_a_long_recording_is_answered_in_windows(hugging_face: Path) -> None:
    space = MouthSpace.load(SPACE)
    teacher = FineTunedTeacher(load_whisper(hugging_face), space.coefficient_count, CONFIG).eval()
    noise = np.random.default_rng(0).normal(0, 0.1, 16_000 * 30).astype(np.float32)
    mouth = answer(teacher, from_sound("long", noise), CPU)
    assert mouth.shape == (750, space.coefficient_count)
    assert np.isfinite(mouth).all()


def test_short_sequences_are_normalised_as_streamed_ones() -> None:
    network = MouthLstm(MouthLstmConfig(hidden=8, projection=8))
    features = torch.randn(2, 2 * 100, 80) * 3 - 8
    mean, count, last = network.initial_state(2)[:3]
    rows = []
    for step in range(100):
        normal, mean, count = network.normalise(features[:, 2 * step : 2 * step + 2], mean, count)
        rows.append(torch.cat([last, normal], 1))
        last = normal
    torch.testing.assert_close(network.normalise_all(features), torch.stack(rows, 1), atol=1e-4, rtol=1e-4)


def test_log_mel_has_a_column_every_10_ms() -> None:
    assert log_mel(torch.zeros(16_000)).shape == (100, 80)
