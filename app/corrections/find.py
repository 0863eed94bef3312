"""The corrected events in files and folders, and the recordings that they are about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from app.classify.poses import poses_of
from app.corrections.correction import Correction, CorrectionError, checked, file_name
from app.corrections.formats import KINDS, SUFFIX, read_corrections
from app.corrections.learn import Corrected
from app.corrections.replay import Replay
from app.landmarks.file_format import RECORD_SUFFIX, is_recording
from app.sources.kinds import is_annotated, is_video


def corrected_files(inputs: Sequence[Path]) -> list[Path]:
    """Return the files among the inputs, and those of events in the folders among them.

    Of a folder's files that differ only in their kind, the JSON lines are taken: the page saves both.
    """
    found: list[Path] = []
    for place in inputs:
        inside = sorted(place.iterdir()) if place.is_dir() else [place]
        events = [path for path in inside if path == place or path.suffix.lower() in KINDS]
        found += [path for path in events if path == place or path.suffix == KINDS[0] or _lines(path) not in events]
    return found


def _lines(path: Path) -> Path:
    return path.with_suffix(KINDS[0])


def recording(file: Path, videos: Path | None, pose_model: Callable[[], Path]) -> list[Corrected]:
    """Return the recordings that a file has corrected events of, watched and ready to be played again.

    Args:
        file: of events; one without corrected events gives nothing.
        videos: folder of the recordings, None for the file's own.
        pose_model: returns the path of the pose model's file, if one is needed.

    Raises:
        ValueError: the file or a recording cannot be read, or is not there, or the events are another recording's.
    """
    found = []
    for correction in read_corrections(file):
        place = recording_of(correction, file, videos)
        replay = watched(place, pose_model)
        if not correction.source:
            correction = Correction(place.name, ())
        try:
            checked(correction.source, correction.events, replay.end_s)
        except CorrectionError as error:
            raise CorrectionError(f"{file}: {error}") from None
        found.append(Corrected(correction, replay.frames))
    return found


def recording_of(correction: Correction, file: Path, videos: Path | None) -> Path:
    """Return the recording that corrected events are about: of landmarks if there is one, else the video.

    Raises:
        CorrectionError: there is none.
    """
    name = correction.name or file.stem.removesuffix(SUFFIX)
    stem = Path(name).stem if correction.name else name
    if Path(name).suffix.lower() == ".npz":
        raise CorrectionError(f"{file}: {name} holds recorded skeletons: `teach` learns from those")
    folders = [file.parent] if videos is None else [videos, file.parent]
    for folder in folders:
        for place in (folder / f"{stem}{RECORD_SUFFIX}", folder / name):
            if place.is_file() and (is_recording(place) or is_video(place)):
                return place
        if not correction.name:
            films = [place for place in sorted(folder.glob("*")) if place.stem == stem and is_video(place)]
            films = [place for place in films if not is_annotated(place)]
            if films:
                return films[0]
    where = " or ".join(map(str, dict.fromkeys(folders)))
    raise CorrectionError(f"{file}: its recording {file_name(name)} is not in {where}: name its folder by --videos")


def watched(path: Path, pose_model: Callable[[], Path]) -> Replay:
    """Return the landmarks of a recording, or of a video that is watched for it.

    Raises:
        VideoError, LandmarkError: it cannot be read.
    """
    from app.pose.landmarker import PoseSource

    replay = Replay()
    with poses_of(path, lambda: PoseSource(pose_model())) as played:
        for frame in played.frames:
            replay.add(frame.time_s, frame.poses)
    return replay
