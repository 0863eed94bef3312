"""Checks of the camera and of the page's address."""

from __future__ import annotations

import time
from collections.abc import Iterator

from app.doctor.finding import FAIL, OK, OPTIONAL, DoctorOptions, Finding
from app.page.access import is_local


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
    """Load the page's libraries and open its port, as `demo` does; report where browsers allow the page a camera."""
    try:
        import app.page.web_server  # noqa: F401 - and with it Gradio
        from app.page.sockets import listen, own_address
    except Exception as error:  # whatever a library does when it is imported
        reason = (str(error).strip().splitlines() or ["no reason given"])[0]
        remedy = "set the program up again (`make setup` in a checkout)"
        yield Finding("page", FAIL, f"its libraries do not load ({type(error).__name__}: {reason})", remedy)
        return
    try:
        for opened in listen(setup.host, setup.port):
            opened.close()
    except ValueError as error:
        text, _, advice = str(error).partition("; ")
        yield Finding("page", FAIL, text, f"stop the program that holds it, or {advice}" if "taken" in text else advice)
    else:
        yield Finding("page", OK, f"it loads, and opens at {own_address(setup.host, setup.port)}")
    hint = "browsers give a page the camera on localhost or over https only"
    if is_local(setup.host):
        yield Finding("browser", OK, f"{hint}; this page is on localhost")
    else:
        remedy = f"on the other machine: `ssh -L {setup.port}:127.0.0.1:{setup.port} HERE`, or an https proxy in front"
        yield Finding("browser", OPTIONAL, f"{hint}, so not to other machines at {setup.host}", remedy)
