"""`python -m app.page_bench`, as it was always called: app/benchmark/page.py."""

import sys

from app.benchmark.page import main

if __name__ == "__main__":
    sys.exit(main(prog="python -m app.page_bench"))
