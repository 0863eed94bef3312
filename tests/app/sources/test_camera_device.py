"""Cameras of this machine: OpenCV's part is played by a stand-in, for a test has no camera to unplug."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from app.sources.frames import CameraError


class FakeCapture:
    """What cv2.VideoCapture is to the reader: `pictures` BGR frames, None for one that cannot be decoded."""

    def __init__(self, pictures, opens=True):
        self.pictures, self.opens, self.released, self.settings = list(pictures), opens, False, {}

    def __call__(self, index, backend):
        return self

    def isOpened(self):
        return self.opens

    def set(self, key, value):
        self.settings[key] = value

    def grab(self):
        return bool(self.pictures)

    def retrieve(self):
        frame = self.pictures.pop(0)
        return frame is not None, frame

    def release(self):
        self.released = True


@pytest.fixture
def fake_device(monkeypatch):
    import cv2

    from app.sources import camera_device

    monkeypatch.setattr(camera_device, "_look_for", lambda index: None)

    def put(*args, **kwargs):
        fake = FakeCapture(*args, **kwargs)
        monkeypatch.setattr(cv2, "VideoCapture", fake)
        return fake

    return put


def device_frames(index=0):
    from app.sources.camera_device import device_frames

    return device_frames(index, lambda: 1.5)


def test_a_device_gives_rgb_and_is_released(fake_device):
    import cv2

    blue = np.zeros((2, 2, 3), np.uint8)
    blue[..., 0] = 255
    fake, frames = fake_device([blue, None, blue]), []
    with pytest.raises(CameraError, match="camera 0: it gives no pictures any more; is it unplugged"):
        for captured_s, rgb_HWC in device_frames():
            frames.append((captured_s, rgb_HWC[0, 0].tolist()))
    assert frames == [(1.5, [0, 0, 255])] * 2
    assert fake.released and fake.settings == {cv2.CAP_PROP_BUFFERSIZE: 1}


@pytest.mark.parametrize("pictures", [[], [None] * 30])
def test_a_device_without_a_picture(fake_device, pictures):
    fake = fake_device(pictures)
    with pytest.raises(CameraError, match="camera 0: it opens but gives no picture"):
        next(device_frames())
    assert fake.released


def test_a_busy_device(fake_device):
    fake = fake_device([], opens=False)
    with pytest.raises(CameraError, match="camera 2: .*(busy|another program)"):
        next(device_frames(2))
    assert fake.released


@pytest.mark.skipif(sys.platform != "linux", reason="devices are files on Linux only")
def test_devices_that_are_not_there_or_may_not_be_used(tmp_path, monkeypatch):
    from app.sources.camera_device import _look_for

    with pytest.raises(CameraError, match="camera 7: no such camera; there is none at all"):
        _look_for(7, str(tmp_path))
    for name in ("video0", "video2", "video-other"):
        (tmp_path / name).touch()
    with pytest.raises(CameraError, match="camera 7: no such camera; there are 0, 2"):
        _look_for(7, str(tmp_path))
    _look_for(2, str(tmp_path))
    monkeypatch.setattr("os.access", lambda path, mode: False)  # the tests may run as root, who may use everything
    with pytest.raises(CameraError, match="group `video`"):
        _look_for(2, str(tmp_path))
