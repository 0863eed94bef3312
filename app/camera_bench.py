"""The former name of the camera benchmark, app/benchmark/camera.py: `python -m app.camera_bench`."""

import sys

from app.benchmark.camera import main

if __name__ == "__main__":
    sys.exit(main(prog="python -m app.camera_bench"))
