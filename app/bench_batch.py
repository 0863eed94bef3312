"""The former name of the batch benchmark, app/benchmark/batch.py: `python -m app.bench_batch`."""

import sys

from app.benchmark.batch import main

if __name__ == "__main__":
    sys.exit(main(prog="python -m app.bench_batch"))
