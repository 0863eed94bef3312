"""`python -m app.bench_batch`, as it was always called: app/benchmark/batch.py."""

import sys

from app.benchmark.batch import main

if __name__ == "__main__":
    sys.exit(main(prog="python -m app.bench_batch"))
