"""The character folder: written whole, read with every version, hash, shape and path verified."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from talkingface.errors import CharacterError, OutputError
from talkingface.landmarks import LANDMARK_COUNT
from talkingface.records import CropRectangle, FloatArray, HeadPose, ImageArray, TeethLook
from talkingface.sealed_folder import MANIFEST, read_arrays, read_file, seal, unseal

REFERENCE_PX = 128
MOST_FRAMES = 15_000
MOST_REFERENCES = 32
LARGEST_SIDE_PX = 4096
MATTE, GENERATOR, TRACKS, FACE, FRAMES = "alpha.mp4", "generator.onnx", "tracks.npz", "face.npz", "frames.mp4"


@dataclass(frozen=True)
class Character:
    """A prepared person: the base loop's tracks, and what is needed to draw another mouth on it.

    Attributes:
        folder: where it lies.
        name: as people call it.
        width: of the base loop, in pixels, even.
        height: of the base loop, in pixels, even.
        frames_per_second: of the base loop.
        frame_count: F.
        points_px: float32 (F, 478, 3) steady tracked landmarks in pixels.
        poses: F head poses, fitted on ``neutral``.
        crops: F rectangles of one even size inside the frame, around the lower face.
        neutral: float32 (478, 3) the person's own resting face in head coordinates.
        teeth_look: colours of the mouth inside.
        mouth_gain: factor on the mouth coefficients that suits this face.
        references: uint8 (R, 128, 128, 3) RGB generator patches with different mouths.
        generator_path: the character's own generator, or None.
        matte_path: video of the person's coverage, or None.
        licence: of the video.
        consent: who gave the permission to be shown, in free words.
    """

    folder: Path
    name: str
    width: int
    height: int
    frames_per_second: float
    frame_count: int
    points_px: FloatArray
    poses: tuple[HeadPose, ...]
    crops: tuple[CropRectangle, ...]
    neutral: FloatArray
    teeth_look: TeethLook
    mouth_gain: float
    references: ImageArray
    generator_path: Path | None = None
    matte_path: Path | None = None
    licence: str = ""
    consent: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def frames_path(self) -> Path:
        """The base loop."""
        return self.folder / FRAMES

    @property
    def preview_path(self) -> Path:
        """A small picture of the character."""
        return self.folder / "preview.jpg"


def save_character(character: Character) -> None:
    """Write arrays, references and manifest into ``character.folder``, which holds the videos already.

    Whoever wants the folder to appear whole gives a temporary one and renames it.

    Raises:
        OutputError: the folder cannot be written.
    """
    folder = character.folder
    poses = character.poses
    try:
        (folder / "references").mkdir(exist_ok=True)
        with open(folder / TRACKS, "wb") as file:
            np.savez_compressed(
                file,
                points_px=character.points_px.astype(np.float32),
                rotation=np.stack([pose.rotation for pose in poses]).astype(np.float32),
                scale_px=np.array([pose.scale_px for pose in poses], np.float32),
                translation_px=np.stack([pose.translation_px for pose in poses]).astype(np.float32),
                crop=np.array([(c.x, c.y, c.width, c.height) for c in character.crops], np.int32),
            )
        with open(folder / FACE, "wb") as file:
            np.savez_compressed(
                file,
                neutral=character.neutral.astype(np.float32),
                teeth=character.teeth_look.teeth.astype(np.float32),
                cavity=character.teeth_look.cavity.astype(np.float32),
            )
        for index, reference in enumerate(character.references):
            encoded = cv2.imencode(".png", np.ascontiguousarray(reference[..., ::-1]))[1]
            (folder / "references" / f"{index:02d}.png").write_bytes(encoded.tobytes())
        seal(
            folder,
            {
                "name": character.name,
                "frames_per_second": character.frames_per_second,
                "width": character.width,
                "height": character.height,
                "frame_count": character.frame_count,
                "mouth_gain": character.mouth_gain,
                "licence": character.licence,
                "consent": character.consent,
                **character.extra,
            },
        )
    except OSError as error:
        raise OutputError(
            f"the character cannot be written to {folder}: {error.strerror or error}"
        ) from error


def add_generator(folder: Path | str, generator_onnx: Path | str) -> None:
    """Give a character its own fine-tuned generator.

    Raises:
        CharacterError: the folder is not a whole character.
        OutputError: the folder cannot be written.
    """
    folder = Path(folder)
    manifest = unseal(folder)
    try:
        partial = folder / f".{GENERATOR}"
        shutil.copyfile(generator_onnx, partial)
        partial.replace(folder / GENERATOR)
        seal(folder, {k: v for k, v in manifest.items() if k not in ("format_version", "files")})
    except OSError as error:
        raise OutputError(
            f"the generator cannot be written to {folder}: {error.strerror or error}"
        ) from error


def load_character(folder: Path | str) -> Character:
    """Load a character folder as untrusted input.

    Raises:
        CharacterError: missing, of another version, a wrong hash or shape, a link, or a path that leaves the folder;
            the message says what is wrong with what.
    """
    folder = Path(folder)
    manifest = unseal(folder)
    width, height = _whole(manifest, "width", LARGEST_SIDE_PX), _whole(manifest, "height", LARGEST_SIDE_PX)
    frames = _whole(manifest, "frame_count", MOST_FRAMES)
    rate = _number(manifest, "frames_per_second", 1.0, 240.0)
    files = manifest["files"]
    for needed in (TRACKS, FACE, FRAMES):
        if needed not in files:
            raise CharacterError(f"expected {needed} in the character's list of files, found none ({folder})")
    tracks = read_arrays(folder / TRACKS, {
        "points_px": (frames, LANDMARK_COUNT, 3), "rotation": (frames, 3, 3), "scale_px": (frames,),
        "translation_px": (frames, 3), "crop": (frames, 4),
    })  # fmt: skip
    face = read_arrays(folder / FACE, {"neutral": (LANDMARK_COUNT, 3), "teeth": (3,), "cavity": (3,)})
    references = sorted(name for name in files if name.startswith("references/") and name.endswith(".png"))
    return Character(
        folder=folder,
        name=str(manifest.get("name") or folder.name)[:200],
        width=width,
        height=height,
        frames_per_second=rate,
        frame_count=frames,
        points_px=tracks["points_px"].astype(np.float32),
        poses=_poses(tracks, folder),
        crops=_crops(tracks["crop"], width, height, folder),
        neutral=face["neutral"].astype(np.float32),
        teeth_look=TeethLook(face["teeth"].astype(np.float32), face["cavity"].astype(np.float32)),
        mouth_gain=_number(manifest, "mouth_gain", 0.0, 10.0),
        references=_references(folder, references),
        generator_path=folder / GENERATOR if GENERATOR in files else None,
        matte_path=folder / MATTE if MATTE in files else None,
        licence=str(manifest.get("licence", "")),
        consent=str(manifest.get("consent", "")),
    )


def list_characters(folder: Path | str) -> list[Path]:
    """Return the sub-folders that hold a character's manifest, by name; none for a missing folder."""
    folder = Path(folder)
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if (path / MANIFEST).is_file())


def _poses(tracks: dict[str, NDArray[Any]], folder: Path) -> tuple[HeadPose, ...]:
    rotation = tracks["rotation"].astype(np.float32)
    if np.abs(np.linalg.det(rotation) - 1).max() > 0.05 or (tracks["scale_px"] <= 0).any():
        raise CharacterError(
            f"expected head poses of rotation and positive scale, found others in {folder / TRACKS}"
        )
    translation = tracks["translation_px"].astype(np.float32)
    scale = tracks["scale_px"]
    return tuple(HeadPose(rotation[i], float(scale[i]), translation[i]) for i in range(len(rotation)))


def _crops(crop: NDArray[Any], width: int, height: int, folder: Path) -> tuple[CropRectangle, ...]:
    x, y, w, h = crop.T.astype(np.int64)
    good = (x >= 0) & (y >= 0) & (w == w[0]) & (h == h[0]) & (w % 2 == 0) & (h % 2 == 0) & (w > 0) & (h > 0)
    good &= (x + w <= width) & (y + h <= height)
    if not good.all():
        raise CharacterError(
            f"expected crops of one even size inside {width}x{height}, "
            f"found {crop[~good][0].tolist()} in {folder / TRACKS}"
        )
    return tuple(CropRectangle(*(int(v) for v in row)) for row in crop)


def _references(folder: Path, names: list[str]) -> ImageArray:
    if not 0 < len(names) <= MOST_REFERENCES:
        raise CharacterError(
            f"expected 1 to {MOST_REFERENCES} reference pictures, found {len(names)} in {folder}"
        )
    pictures = []
    for name in names:
        content = read_file(folder / name)
        size = (int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big"))
        picture = None
        if size == (REFERENCE_PX, REFERENCE_PX):
            picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
        if picture is None or picture.shape != (REFERENCE_PX, REFERENCE_PX, 3):
            raise CharacterError(
                f"expected a PNG of {REFERENCE_PX}x{REFERENCE_PX}, found other in {folder / name}"
            )
        pictures.append(picture[..., ::-1])
    return np.ascontiguousarray(np.stack(pictures))


def _whole(manifest: dict[str, Any], key: str, most: int) -> int:
    value = manifest.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= most:
        raise CharacterError(f"expected {key} from 1 to {most} in {MANIFEST}, found {value!r}")
    return value


def _number(manifest: dict[str, Any], key: str, least: float, most: float) -> float:
    value = manifest.get(key)
    if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= most:
        raise CharacterError(f"expected {key} from {least} to {most} in {MANIFEST}, found {value!r}")
    return float(value)
