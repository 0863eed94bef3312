"""Checks of the camera and of the page's address."""

from __future__ import annotations

import errno
import socket
import sys
import time
from collections.abc import Iterator

from app.doctor.finding import FAIL, OK, OPTIONAL, DoctorOptions, Finding

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def check_camera(setup: DoctorOptions) -> Iterator[Finding]:
    """Check that a camera gives a picture, of which only the size is looked at."""
    from app.sources.camera import Camera
    from app.sources.frames import CameraError

    asked, start_s = setup.camera is not None, time.perf_counter()
    source = 0 if setup.camera is None else setup.camera
    try:
        with Camera(source) as camera:
            _, rgb_HWC = next(camera.frames())
    except CameraError as error:
        if asked:
            yield Finding("camera", FAIL, str(error), "plug it in or switch it on, or name another with --camera")
        else:
            remedy = "the page uses the browser's camera; to check another one here: --camera NUMBER or ADDRESS"
            yield Finding("camera", OPTIONAL, str(error), remedy)
        return
    seconds = time.perf_counter() - start_s
    size = f"{rgb_HWC.shape[1]}x{rgb_HWC.shape[0]}"
    yield Finding("camera", OK, f"{camera.name}: {size}, first picture after {seconds:.1f} s")


def check_page(setup: DoctorOptions) -> Iterator[Finding]:
    """Check that the page's port is free, and report where browsers allow the page a camera."""
    place = f"port {setup.port} of {setup.host}"
    try:
        family = socket.AF_INET6 if ":" in setup.host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(sys.platform != "win32"))
            probe.bind((setup.host, setup.port))
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        text = f"{place} is taken" if taken else f"{place} may not be used ({error.strerror or error})"
        yield Finding("page", FAIL, text, "stop the program that holds it, or name another with --port or --host")
    else:
        yield Finding("page", OK, f"{place} is free")
    hint = "browsers give a page the camera on localhost or over https only"
    if setup.host in _LOOPBACK:
        yield Finding("browser", OK, f"{hint}; this page is on localhost")
    else:
        remedy = f"on the other machine: `ssh -L {setup.port}:127.0.0.1:{setup.port} HERE`, or an https proxy in front"
        yield Finding("browser", OPTIONAL, f"{hint}, so not to other machines at {setup.host}", remedy)
