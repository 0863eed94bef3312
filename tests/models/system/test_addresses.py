"""No password of an address is ever shown, wherever it stands; what tells two cameras apart is."""

from __future__ import annotations

import pytest

from models.system.addresses import masked, nearly, without_addresses


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("rtsp://cam/1", "rtsp://cam/1"),
        ("rtsp://me:word@cam:554/1", "rtsp://***@cam:554/1"),
        ("rtsp://me:w/o?r#d@cam/1", "rtsp://***@cam/1"),
        ("rtsp://me:w@rd@cam/1", "rtsp://***@cam/1"),
        ("http://cam/video?user=me&pwd=word", "http://cam/video?***"),
        ("http://cam/video#word", "http://cam/video?***"),
        ("http://me:word@cam/video?pwd=word", "http://***@cam/video?***"),
        ("http://me:wo\nrd@cam/video", "http://***@cam/video"),
        ("rtsp://[fe80::1%25eth0]:554/live", "rtsp://[fe80::1%25eth0]:554/live"),
        ("rtsp://10.0.0.7/Streaming/Channels/101", "rtsp://10.0.0.7/Streaming/Channels/101"),
        ("rtsp://10.0.0.7/cam/realmonitor?channel=1", "rtsp://10.0.0.7/cam/realmonitor?***"),
        ("rtsp://10.0.0.7/h264Preview_01_main", "rtsp://10.0.0.7/h264Preview_01_main"),
        ("rtsp://10.0.0.7:8554/front-door", "rtsp://10.0.0.7:8554/front-door"),
        ("http://127.0.0.1:3/x.ts", "http://127.0.0.1:3/x.ts"),
    ],
)
def test_what_is_shown(address, expected):
    assert masked(address) == expected


@pytest.mark.parametrize(
    "rest",
    [
        "me:HUSH5@cam/1",
        "me:HU/SH5@cam/1",
        "HU:5/SH5@cam/1",
        "cam/user=me&password=HUSH5&channel=1&stream=0.sdp?real_stream",
        "cam/user=me_password=HUSH5_channel=1_stream=0.sdp",
        "cam/me:HUSH5/ch1",
        "cam/0/me:HUSH5/main",
        "cam/live/me/HUSH5/12.ts",
        "cam/me/HUSH5",
        "cam/live;password=HUSH5",
        "cam/live?pwd=HUSH5",
        "cam/live#HUSH5",
        "cam/live?user=me@HUSH5",
        "cam/%6de:HUSH5/1",
        "me:HUSH5%40cam/1",
        "me:HUSH5",
        "me:HUSH5/ch1",
        "cam/s0HUSH5token",
        "cam/live/me:HUSH5@/1",
    ],
)
@pytest.mark.parametrize("scheme", ["rtsp", "http"])
def test_what_is_not(rest, scheme):
    shown = masked(f"{scheme}://{rest}")
    assert shown.startswith(f"{scheme}://") and "***" in shown
    assert "SH5" not in shown and "HU" not in shown and masked(shown) == shown


@pytest.mark.parametrize(
    ("text", "is_near"),
    [("rtsp:/me:word@cam/s", True), ("me:word@10.0.0.7", True), ("rtsp//cam", True), ("http:cam", True),
     ("rstp:/cam", True), ("RTSP:cam", True), ("C:/x.mp4", False), ("a.mp4", False), ("12:30.mp4", False),
     ("dir/a:b@c.mp4", False), ("camera:0", False), ("me@home.mp4", False), ("", False)],
)  # fmt: skip
def test_what_was_meant_as_an_address(text, is_near):
    assert nearly(text) == is_near


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("unrecognized arguments: rtsp://me:my HUSH5@cam/s --x", "unrecognized arguments: *** --x"),
        ("invalid choice: 'rtsp://me:HUSH5@cam/s' (choose from a, b)", "invalid choice: *** (choose from a, b)"),
        ("unrecognized arguments: me:HUSH5@cam", "unrecognized arguments: ***"),
        ("C:/x.mp4 and me@home.mp4", "C:/x.mp4 and me@home.mp4"),
    ],
)
def test_errors_that_repeat_what_was_typed(text, expected):
    assert without_addresses(text) == expected
