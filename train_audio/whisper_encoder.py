"""Whisper's encoder in torch, so that it can be trained further: sound to the states of each of its layers.

Reads a folder in either form that the weights are handed round in: Hugging Face (``model.safetensors``) or CTranslate2
(``model.bin``, floats; its quantised forms cannot be trained). Nothing is downloaded.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from talkingface.checkpoints import load_tensors
from talkingface.errors import CheckpointError
from talkingface.records import FloatArray
from talkingface.timing import SAMPLE_RATE

FFT_SAMPLES = 400
FFT_HOP_SAMPLES = 160
MEL_BANDS = 80
HUGGING_FACE_NAME = "model.safetensors"
CTRANSLATE2_NAME = "model.bin"
HEAD_WIDTH = 64
FLOAT_TYPES: dict[int, np.dtype[Any]] = {0: np.dtype(np.float32), 4: np.dtype(np.float16)}
MOST_NAME_BYTES = 200

_HUGGING_FACE_PARTS = {
    "attend_norm": "self_attn_layer_norm",
    "attend_out": "self_attn.out_proj",
    "feed_norm": "final_layer_norm",
    "feed_in": "fc1",
    "feed_out": "fc2",
}
_CTRANSLATE2_PARTS = {
    "attend_norm": "self_attention/layer_norm",
    "attend_in": "self_attention/linear_0",
    "attend_out": "self_attention/linear_1",
    "feed_norm": "ffn/layer_norm",
    "feed_in": "ffn/linear_0",
    "feed_out": "ffn/linear_1",
}


class EncoderLayer(nn.Module):
    """One transformer layer, norms first."""

    def __init__(self, width: int) -> None:
        """Make a layer with random weights."""
        super().__init__()
        self.heads = max(1, width // HEAD_WIDTH)
        self.attend_norm, self.feed_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attend_in, self.attend_out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.feed_in, self.feed_out = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, states: Tensor) -> Tensor:
        """Return (B, N, width) of (B, N, width)."""
        batch, length, width = states.shape
        parts = self.attend_in(self.attend_norm(states)).view(batch, length, 3, self.heads, -1)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        attended = nn.functional.scaled_dot_product_attention(query, key, value)
        states = states + self.attend_out(attended.transpose(1, 2).reshape(batch, length, width))
        fed: Tensor = self.feed_out(nn.functional.gelu(self.feed_in(self.feed_norm(states))))
        return states + fed


class WhisperEncoder(nn.Module):
    """Two convolutions and transformer layers (Radford et al. 2022)."""

    places: Tensor

    def __init__(self, width: int, layers: int, places: int = 1500) -> None:
        """Make an encoder with random weights."""
        super().__init__()
        self.first = nn.Conv1d(MEL_BANDS, width, 3, padding=1)
        self.second = nn.Conv1d(width, width, 3, stride=2, padding=1)
        self.register_buffer("places", torch.zeros(places, width))
        self.layers = nn.ModuleList(EncoderLayer(width) for _ in range(layers))
        self.norm = nn.LayerNorm(width)

    @property
    def width(self) -> int:
        """Width of a state."""
        return self.norm.normalized_shape[0]

    def forward(self, log_mel: Tensor) -> list[Tensor]:
        """Return each layer's (B, N, width) states, 50 a second, the last normed, of (B, 2N, 80) :func:`log_mel`."""
        loudest = log_mel.amax((1, 2), keepdim=True)
        scaled = (torch.maximum(log_mel, loudest - 8.0) + 4.0) / 4.0
        states = nn.functional.gelu(self.first(scaled.transpose(1, 2)))
        states = nn.functional.gelu(self.second(states)).transpose(1, 2)
        states = states + self.places[: states.shape[1]]
        answers = []
        for layer in self.layers:
            states = layer(states)
            answers.append(states)
        return [*answers[:-1], self.norm(states)]


def log_mel(samples: Tensor) -> Tensor:
    """Return (n / 160, 80) log10 mel columns of (n,) 16 kHz sound on any device, unscaled."""
    window = torch.hann_window(FFT_SAMPLES, device=samples.device)
    filters = torch.from_numpy(mel_filters()).to(samples.device)
    spectrum = torch.stft(
        samples, FFT_SAMPLES, FFT_HOP_SAMPLES, window=window, center=True, return_complex=True
    )
    return torch.log10((filters @ spectrum[:, :-1].abs() ** 2).clamp(min=1e-10)).T


def mel_edges_hz() -> NDArray[np.float64]:
    """Return the (82,) edges of the bands: 80 triangles between them, on Slaney's mel scale."""
    linear_hz, step = 200.0 / 3.0, np.log(6.4) / 27.0
    top = 15.0 + np.log(SAMPLE_RATE / 2 / 1000.0) / step
    mels = np.linspace(0.0, top, MEL_BANDS + 2)
    return np.where(mels < 15.0, mels * linear_hz, 1000.0 * np.exp(step * (mels - 15.0)))


def mel_filters() -> FloatArray:
    """Return float32 (80, 201) triangles on Slaney's mel scale, each of unit area."""
    edges = mel_edges_hz()
    bins = np.linspace(0.0, SAMPLE_RATE / 2, FFT_SAMPLES // 2 + 1)
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return (triangles * (2.0 / (edges[2:] - edges[:-2]))[:, None]).astype(np.float32)


def load_whisper(folder: Path) -> WhisperEncoder:
    """Load the encoder of a Whisper model.

    Raises:
        CheckpointError: no such model there, a damaged one, or one of whole numbers.
    """
    if (folder / HUGGING_FACE_NAME).is_file():
        tensors = _from_hugging_face(load_tensors(folder / HUGGING_FACE_NAME))
    elif (folder / CTRANSLATE2_NAME).is_file():
        tensors = _from_ctranslate2(read_ctranslate2(folder / CTRANSLATE2_NAME))
    else:
        raise CheckpointError(
            f"expected a Whisper model, found neither {HUGGING_FACE_NAME} nor {CTRANSLATE2_NAME} in {folder}"
        )
    try:
        places, width = tensors["places"].shape
        layers = 1 + max(int(name.split(".")[1]) for name in tensors if name.startswith("layers."))
        network = WhisperEncoder(width, layers, places)
        network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    except (KeyError, RuntimeError, ValueError) as error:
        raise CheckpointError(
            f"expected Whisper's encoder, found other weights in {folder} ({error})"
        ) from error
    return network


def read_ctranslate2(path: Path) -> dict[str, NDArray[Any]]:
    """Read the arrays of a CTranslate2 ``model.bin`` by name (its version 6; layout of the file as documented there).

    Raises:
        CheckpointError: damaged, or quantised.
    """
    data = memoryview(path.read_bytes())
    position = 0

    def take(form: str) -> int:
        nonlocal position
        value: int = struct.unpack_from(f"<{form}", data, position)[0]
        position += struct.calcsize(form)
        return value

    def text() -> str:
        nonlocal position
        length = take("H")
        if length > MOST_NAME_BYTES:
            raise ValueError(f"a name of {length} bytes")
        position += length
        return bytes(data[position - length : position]).rstrip(b"\0").decode()

    arrays: dict[str, NDArray[Any]] = {}
    try:
        take("I")
        text()
        take("I")
        for _ in range(take("I")):
            name = text()
            shape = [take("I") for _ in range(take("B"))]
            kind, size = take("B"), take("I")
            if kind in FLOAT_TYPES:
                arrays[name] = np.frombuffer(data[position : position + size], FLOAT_TYPES[kind]).reshape(
                    shape
                )
            elif name.startswith("encoder/") and name.endswith("weight"):
                raise CheckpointError(f"expected a Whisper model of floats, found whole numbers in {path}")
            position += size
    except (struct.error, ValueError, UnicodeDecodeError) as error:
        raise CheckpointError(f"expected a CTranslate2 model, found damage in {path} ({error})") from error
    return arrays


def _from_ctranslate2(arrays: dict[str, NDArray[Any]]) -> dict[str, Tensor]:
    found = {
        name.removeprefix("encoder/"): torch.from_numpy(array.astype(np.float32))
        for name, array in arrays.items()
        if name.startswith("encoder/") and array.ndim
    }
    names = {"first": "conv1", "second": "conv2", "norm": "layer_norm"}
    names |= {
        f"layers.{number}.{ours}": f"layer_{number}/{theirs}"
        for number in range(sum(name.endswith("ffn/linear_0/weight") for name in found))
        for ours, theirs in _CTRANSLATE2_PARTS.items()
    }
    tensors = {"places": found.get("position_encodings/encodings", torch.zeros(0, 0))}
    for ours, theirs in names.items():
        normed = ours.endswith("norm")
        for end, other in (
            ("weight", "gamma" if normed else "weight"),
            ("bias", "beta" if normed else "bias"),
        ):
            if f"{theirs}/{other}" in found:
                tensors[f"{ours}.{end}"] = found[f"{theirs}/{other}"]
    return tensors


def _from_hugging_face(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    found = {name.split("encoder.", 1)[1]: tensor for name, tensor in tensors.items() if "encoder." in name}
    ours = {"places": found.get("embed_positions.weight", torch.zeros(0, 0))}
    names = {"first": "conv1", "second": "conv2", "norm": "layer_norm"}
    layers = sum(name.endswith("fc1.weight") for name in found)
    for number in range(layers):
        names |= {
            f"layers.{number}.{part}": f"layers.{number}.{theirs}"
            for part, theirs in _HUGGING_FACE_PARTS.items()
        }
        attention = f"layers.{number}.self_attn"
        parts = [found.get(f"{attention}.{part}_proj.weight") for part in "qkv"]
        biases = [found.get(f"{attention}.{part}_proj.bias") for part in "qv"]
        if all(part is not None for part in [*parts, *biases]):
            query, value = biases
            ours[f"layers.{number}.attend_in.weight"] = torch.cat(parts)  # type: ignore[arg-type]
            # Whisper's keys have no bias.
            ours[f"layers.{number}.attend_in.bias"] = torch.cat([query, torch.zeros_like(query), value])  # type: ignore[arg-type, list-item]
    for name, theirs in names.items():
        for end in ("weight", "bias"):
            if f"{theirs}.{end}" in found:
                ours[f"{name}.{end}"] = found[f"{theirs}.{end}"]
    return ours
