"""Files as they come in real life: cut, flipped, renamed, empty, and some that mean harm; the same for each seed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from app.landmarks.writer import LandmarkWriter
from models.clips import Clip, write_clips
from tests.app.batch.helpers import joints, save
from tests.app.helpers import pose, write_video

SUFFIXES = (".mp4", ".avi", ".mkv", ".gif", ".npz", ".ikem", ".mov", ".webm", ".ts")


def sound_files(folder: Path) -> list[Path]:
    """One whole file of each kind."""
    folder.mkdir(parents=True, exist_ok=True)
    noise_HWC = np.random.default_rng(0).integers(0, 255, (120, 160, 3), np.uint8)
    times_s = np.arange(24) / 12
    files = [
        write_video(folder / f"film{suffix}", times_s, size=(160, 120), picture=noise_HWC)
        for suffix in (".mp4", ".avi", ".mkv", ".ts")
    ]
    files.append(write_video(folder / "front.mp4", times_s, size=(160, 120), picture=noise_HWC, movflags="faststart"))
    files.append(save(folder / "clip.npz", joints((1.5, "wave"), (1.5, "squat"))))
    write_clips(folder / "set.npz", [Clip(joints((1.0 + i, "wave")), 30.0) for i in range(3)])
    with LandmarkWriter(folder / "marks.ikem", {"pose": "wheel", "height": 120, "width": 160}) as writer:
        for i in range(150):
            writer.add(i / 30, [(0, pose(i / 30, wave=i % 60 < 30))])
    return [*files, folder / "set.npz", folder / "marks.ikem"]


def _cut(data: bytes, rng: np.random.Generator) -> bytes:
    return data[: int(rng.integers(1, len(data)))]


def _flips(data: bytes, rng: np.random.Generator) -> bytes:
    flipped = bytearray(data)
    for at in rng.integers(0, len(data), int(rng.integers(1, 200))):
        flipped[at] ^= 1 << int(rng.integers(8))
    return bytes(flipped)


def _head_flips(data: bytes, rng: np.random.Generator) -> bytes:
    flipped = bytearray(data)
    for at in rng.integers(0, min(200, len(data)), int(rng.integers(1, 8))):
        flipped[at] = int(rng.integers(256))
    return bytes(flipped)


def _tail_flips(data: bytes, rng: np.random.Generator) -> bytes:
    """Where mp4 files and zip archives keep their tables."""
    return data[:-900] + _head_flips(data[-900:], rng)


def _zeros(data: bytes, rng: np.random.Generator) -> bytes:
    at = int(rng.integers(len(data)))
    length = int(rng.integers(1, 4000))
    return data[:at] + bytes(length) + data[at + length :]


def _doubled(data: bytes, rng: np.random.Generator) -> bytes:
    at = int(rng.integers(len(data)))
    return data[:at] + data[int(rng.integers(len(data))) :]


def _empty(data: bytes, rng: np.random.Generator) -> bytes:
    return b""


def _nothing_but_zeros(data: bytes, rng: np.random.Generator) -> bytes:
    return bytes(int(rng.integers(1, 50_000)))


def _noise(data: bytes, rng: np.random.Generator) -> bytes:
    return rng.bytes(int(rng.integers(1, 50_000)))


def _text(data: bytes, rng: np.random.Generator) -> bytes:
    texts = (
        "#EXTM3U\n#EXTINF:1,\nfilm.mp4\n",
        "ffconcat version 1.0\nfile film.mp4\n",
        "Dear diary,\n" * 40,
        "{}",
        "<svg/>",
    )
    return texts[int(rng.integers(len(texts)))].encode()


DAMAGES: tuple[Callable[[bytes, np.random.Generator], bytes], ...] = (
    _cut, _flips, _head_flips, _tail_flips, _zeros, _doubled, _empty, _nothing_but_zeros, _noise, _text,
)  # fmt: skip


def damaged_files(folder: Path, count: int, seed: int, sound: list[Path]) -> list[Path]:
    """So many damaged copies of the sound files, every eighth under a wrong suffix."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    made = []
    for i in range(count):
        source = sound[int(rng.integers(len(sound)))]
        damage = DAMAGES[i % len(DAMAGES)]
        suffix = SUFFIXES[int(rng.integers(len(SUFFIXES)))] if i % 8 == 7 else source.suffix
        path = folder / f"{i:03d}{damage.__name__}_{source.stem}{suffix}"
        path.write_bytes(damage(source.read_bytes(), rng))
        made.append(path)
    return made


def _npz(path: Path, **fields: object) -> Path:
    np.savez_compressed(path, **fields)
    return path


def _claims(path: Path, shape: str, dtype: str = "<f4") -> Path:
    """An archive whose array claims a shape that its bytes do not fill."""
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    array = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(1000)
    fps = io.BytesIO()
    np.save(fps, np.float32(30))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("frames.npy", array)
        archive.writestr("fps.npy", fps.getvalue())
    return path


def odd_archives(folder: Path) -> list[Path]:
    """Archives of skeletons that lack something, say something impossible, or would fill the memory."""
    folder.mkdir(parents=True, exist_ok=True)
    frames = joints((1.0, "wave"))
    whole = {"frames": frames, "start": [0], "length": [30], "fps": [30.0]}
    made = [
        _npz(folder / "pickle.npz", frames=np.array([object()]), fps=30),
        _npz(folder / "flat.npz", frames=np.zeros((9, 75)), fps=30),
        _npz(folder / "no_fps.npz", frames=frames),
        _npz(folder / "no_frames.npz", fps=30),
        _npz(folder / "two_scales.npz", frames=frames, fps=30, scale=np.ones(2)),
        _npz(folder / "text_fps.npz", frames=frames, fps="fast"),
        _npz(folder / "empty_fps.npz", frames=frames, fps=np.zeros(0)),
        _npz(folder / "zero_fps.npz", frames=frames, fps=0),
        _npz(folder / "text_frames.npz", frames=np.full((9, 25, 3), "x"), fps=30),
        _npz(folder / "complex.npz", frames=frames.astype(complex) * 1j, fps=30),
        _npz(folder / "nan.npz", frames=frames * np.nan, fps=30),
        _npz(folder / "nan_scale.npz", frames=frames, fps=30, scale=np.nan),
        _npz(folder / "huge.npz", frames=np.full((60, 25, 3), 3e38, np.float32), fps=30, scale=1e30),
        _npz(folder / "one_fps.npz", **{**whole, "fps": 30.0, "start": [0, 1]}),
        _npz(folder / "past_end.npz", **{**whole, "length": [31]}),
        _npz(folder / "negative.npz", **{**whole, "start": [-3]}),
        _npz(folder / "float_start.npz", **{**whole, "start": [0.5]}),
        _npz(folder / "deep_start.npz", **{**whole, "start": [[0]], "length": [[30]]}),
        _npz(folder / "text_start.npz", **{**whole, "start": ["a"]}),
        _npz(folder / "no_length.npz", frames=frames, start=[0], fps=[30.0]),
        _npz(folder / "bomb.npz", frames=np.zeros((1_000_000, 25, 3), np.float32), fps=30),
        _npz(folder / "side_bomb.npz", frames=frames, fps=30, other=np.zeros(80_000_000, np.float32)),
        _claims(folder / "claims.npz", "(900000000000, 25, 3)"),
        _claims(folder / "claims_less.npz", "(10000000, 25, 3)"),
        _claims(folder / "claims_object.npz", "(9, 25, 3)", "|O"),
        _claims(folder / "claims_nonsense.npz", "__import__('os').getcwd()"),
    ]
    with zipfile.ZipFile(folder / "no_arrays.npz", "w") as archive:
        archive.writestr("readme.txt", "nothing here")
    return [*made, folder / "no_arrays.npz"]
