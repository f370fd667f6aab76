"""A made video to a character folder: whole, the same every time, and nothing left where it cannot be."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from html import escape
from pathlib import Path

import numpy as np
import pytest

from talkingface.character import load_character
from talkingface.errors import BadInputError, BadVideoError, NoFaceError, OutputError
from talkingface.frame_loop import FrameLoop
from talkingface.preparation import prepare_character
from talkingface.preparation.kept_planes import KeptPlanes
from talkingface.records import ImageArray
from talkingface.tracking import FaceTrack
from talkingface.video_files import read_frames
from tests.made_faces import KnownTracker, face_track, face_video, swaying

FRAMES = 110


@pytest.fixture(scope="module")
def track() -> FaceTrack:
    return face_track(swaying(FRAMES, period=40))


@pytest.fixture(scope="module")
def video(track: FaceTrack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return face_video(tmp_path_factory.mktemp("video") / "我的 clip.mp4", track)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_clip_too_long_to_be_kept_gives_the_same_bytes(
    video: Path, track: FaceTrack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[bool] = []

    class Small(KeptPlanes):
        def __init__(self) -> None:
            super().__init__(most_bytes=40 * 320 * 600)

        def again(self) -> Iterator[ImageArray] | None:
            kept.append(super().again() is not None)
            return super().again()

    prepare_character(video, tmp_path / "kept", name="x", tracker=KnownTracker(track))
    monkeypatch.setattr("talkingface.preparation.prepare.KeptPlanes", Small)
    prepare_character(video, tmp_path / "read again", name="x", tracker=KnownTracker(track))
    assert kept == [False]
    assert digests(tmp_path / "kept") == digests(tmp_path / "read again")


def test_a_whole_character_comes_out(video: Path, track: FaceTrack, tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    report = prepare_character(
        video, tmp_path / "角色 A", tracker=KnownTracker(track), consent="herself", licence="CC0",
        on_progress=lambda done, stage: told.append((done, stage)),
    )  # fmt: skip
    assert names(tmp_path) == ["角色 A"]
    character = load_character(tmp_path / "角色 A")
    assert (character.name, character.consent, character.licence) == ("角色 A", "herself", "CC0")
    assert (character.width, character.height) == (320, 400)
    assert character.references.shape == (6, 128, 128, 3)
    assert character.frame_count == report["frames"] == sum(1 for _ in read_frames(character.frames_path))
    assert names(character.folder) == [
        "character.json", "face.npz", "frames.mp4", "preview.jpg", "references", "report.html", "report.json",
        "tracks.npz",
    ]  # fmt: skip
    done = [share for share, _ in told]
    assert done == sorted(done)
    assert done[-1] == 1.0
    assert list(dict.fromkeys(stage for _, stage in told)) == [
        "track",
        "analyse",
        "write",
        "done",
    ]


def test_tracks_lie_on_the_pictures_of_the_loop(video: Path, track: FaceTrack, tmp_path: Path) -> None:
    prepare_character(video, tmp_path / "a", tracker=KnownTracker(track))
    character = load_character(tmp_path / "a")
    loop = FrameLoop(character)
    for index in range(0, character.frame_count - 8, 7):
        picture = loop.frame(index).astype(int)
        x, y = np.round(character.points_px[index, 468, :2]).astype(int)
        assert picture[y, x].max() < 90, "the pupil is dark where the track says"
        x, y = np.round(character.points_px[index, [50, 280], :2].mean(0)).astype(int)
        assert picture[y, x].min() > 100, "skin between the cheeks"


def test_the_crop_holds_the_lower_face_in_every_frame(video: Path, track: FaceTrack, tmp_path: Path) -> None:
    prepare_character(video, tmp_path / "a", tracker=KnownTracker(track))
    character = load_character(tmp_path / "a")
    for points, crop in zip(character.points_px, character.crops, strict=True):
        face = points[[61, 291, 0, 17, 152, 234, 454], :2]
        assert (face >= (crop.x, crop.y)).all()
        assert (face <= (crop.x + crop.width, crop.y + crop.height)).all()
    steps = np.diff([(crop.x, crop.y) for crop in character.crops], axis=0)
    assert np.abs(steps).max() <= 6


def test_the_same_video_gives_the_same_bytes(video: Path, track: FaceTrack, tmp_path: Path) -> None:
    for name in ("first", "second"):
        prepare_character(video, tmp_path / name, name="x", tracker=KnownTracker(track))
    assert digests(tmp_path / "first") == digests(tmp_path / "second")


def test_a_character_is_replaced_and_other_folders_are_not(
    video: Path, track: FaceTrack, tmp_path: Path
) -> None:
    for _ in range(2):
        prepare_character(video, tmp_path / "a", tracker=KnownTracker(track), seconds=2)
    assert names(tmp_path) == ["a"]
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "mine.jpg").write_text("dear")
    with pytest.raises(OutputError, match="other files"):
        prepare_character(video, tmp_path / "photos", tracker=KnownTracker(track))
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="found a file"):
        prepare_character(video, tmp_path / "file", tracker=KnownTracker(track))
    with pytest.raises(OutputError, match="existing folder"):
        prepare_character(video, tmp_path / "no" / "where", tracker=KnownTracker(track))
    assert names(tmp_path / "photos") == ["mine.jpg"]


@pytest.mark.parametrize("stage", ["track", "analyse", "write"])
def test_an_interrupt_leaves_nothing_and_the_old_character(
    stage: str, video: Path, track: FaceTrack, tmp_path: Path
) -> None:
    prepare_character(video, tmp_path / "a", tracker=KnownTracker(track), seconds=2)
    before = digests(tmp_path / "a")

    def interrupt(done: float, at: str) -> None:
        if at == stage:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare_character(video, tmp_path / "a", tracker=KnownTracker(track), on_progress=interrupt)
    assert names(tmp_path) == ["a"]
    assert digests(tmp_path / "a") == before


def test_no_face_says_what_to_film(video: Path, track: FaceTrack, tmp_path: Path) -> None:
    nobody = FaceTrack(track.points, np.zeros(FRAMES, bool), 25.0)
    with pytest.raises(NoFaceError, match="film one person from the front") as failure:
        prepare_character(video, tmp_path / "a", tracker=KnownTracker(nobody))
    assert "\n" not in str(failure.value)
    assert names(tmp_path) == []


def test_a_face_that_is_seen_too_shortly(video: Path, track: FaceTrack, tmp_path: Path) -> None:
    blinking = FaceTrack(track.points, np.arange(FRAMES) % 20 == 3, 25.0)
    with pytest.raises(NoFaceError, match="on end"):
        prepare_character(video, tmp_path / "a", tracker=KnownTracker(blinking))
    assert names(tmp_path) == []


def test_a_face_that_is_too_small_says_how_small(video: Path, track: FaceTrack, tmp_path: Path) -> None:
    tiny = FaceTrack(track.points * 0.2, track.found, 25.0)
    with pytest.raises(NoFaceError, match=r"at least 40 px wide, found \d+ px"):
        prepare_character(video, tmp_path / "a", tracker=KnownTracker(tiny))
    assert names(tmp_path) == []


def test_a_second_without_a_face_ends_the_part_that_is_used_and_that_is_told(
    video: Path, track: FaceTrack, tmp_path: Path
) -> None:
    found = track.found.copy()
    found[70:95] = False
    lost = FaceTrack(track.points, found, track.frames_per_second)
    report = prepare_character(video, tmp_path / "made", tracker=KnownTracker(lost))
    assert (report["used_from_s"], report["used_to_s"]) == (0.0, 2.8)
    assert "never lost for more than 0.5 s" in report["part_reason"]
    page = (tmp_path / "made" / "report.html").read_text(encoding="utf-8")
    assert report["part_reason"] in page and report["part_reason_zh"] in page


def test_some_frames_without_a_face_are_mended(video: Path, track: FaceTrack, tmp_path: Path) -> None:
    found = np.ones(FRAMES, bool)
    found[60:65] = False
    report = prepare_character(
        video, tmp_path / "a", tracker=KnownTracker(FaceTrack(track.points, found, 25.0)), seconds=60
    )
    assert report["mended_frames"] == 5
    character = load_character(tmp_path / "a")
    assert np.abs(np.diff(character.points_px[:, 1, :2], axis=0)).max() < 8


@pytest.mark.parametrize(
    ("options", "expected"),
    [({"seconds": 0.0}, "seconds"), ({"seconds": 1e9}, "seconds"), ({"start_s": -1}, "start")],
)
def test_lengths_that_make_no_sense(
    options: dict[str, float], expected: str, video: Path, track: FaceTrack, tmp_path: Path
) -> None:
    with pytest.raises(BadInputError, match=expected):
        prepare_character(video, tmp_path / "a", tracker=KnownTracker(track), **options)  # type: ignore[arg-type]


def test_a_start_after_the_end(video: Path, track: FaceTrack, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"after 50\.0 s"):
        prepare_character(video, tmp_path / "a", tracker=KnownTracker(track), start_s=50)
    assert names(tmp_path) == []


def test_no_video(tmp_path: Path) -> None:
    with pytest.raises(BadVideoError, match="found nothing"):
        prepare_character(tmp_path / "none.mp4", tmp_path / "a")
    assert names(tmp_path) == []


def test_the_report_advises_in_both_languages(video: Path, track: FaceTrack, tmp_path: Path) -> None:
    report = prepare_character(video, tmp_path / "a", tracker=KnownTracker(track))
    by_name = {measure["name"]: measure for measure in report["measures"]}
    face = by_name["face_width"]
    assert face["verdict"] == "fair"
    assert f"{face['value']:.0f} px wide" in face["advice_en"]
    assert "靠近" in face["advice_zh"]
    assert by_name["duration"]["value"] == pytest.approx(FRAMES / 25)
    assert by_name["mouth_activity"]["verdict"] == "good"
    page = (tmp_path / "a" / "report.html").read_text(encoding="utf-8")
    assert face["advice_en"] in page
    assert face["advice_zh"] in page
    assert "<script" not in page
    assert report["loop_reason"] in page and report["loop_reason_zh"] in page
    assert page.count("<img ") >= 12
    for measure in report["measures"]:
        assert escape(measure["title_en"]) in page and measure["title_zh"] in page
        assert measure["verdict"] == "good" or (measure["advice_en"] and measure["advice_zh"])
