"""The former name of the page benchmark, app/benchmark/page.py: `python -m app.page_bench`."""

import sys

from app.benchmark.page import main

if __name__ == "__main__":
    sys.exit(main(prog="python -m app.page_bench"))
