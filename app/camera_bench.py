"""`python -m app.camera_bench`, as it was always called: app/benchmark/camera.py."""

import sys

from app.benchmark.camera import main

if __name__ == "__main__":
    sys.exit(main(prog="python -m app.camera_bench"))
