"""`python -m export`: from trained weights to a model file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

EXAMPLES = """\
examples:
  python -m export onnx
  python -m export onnx --weights runs/teacher --out /tmp/student.onnx
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m export", description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    onnx = commands.add_parser(
        "onnx",
        help="write the weights as one self-contained ONNX file",
        description="Write trained weights as one self-contained ONNX file: raw joints and frames in, scores out.\n"
        "The file is written only if ONNX Runtime answers as torch does, to 1e-4.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    onnx.add_argument(
        "--weights",
        type=Path,
        default=Path("models/pretrained"),
        metavar="FOLDER",
        help="folder with student.safetensors and config.json (models/pretrained)",
    )
    onnx.add_argument(
        "--out", type=Path, metavar="FILE", help="the file to write (student.onnx in the folder of the weights)"
    )
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    args = _parser().parse_args(argv)
    # Imported late: --help should not wait for torch.
    from export.onnx import export_student
    from models.weights import load

    out: Path = args.out or args.weights / "student.onnx"
    try:
        student, config = load(args.weights)
        difference = export_student(student, config, out)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    size_mb = out.stat().st_size / 1e6
    print(f"{out}: {len(config.labels)} labels, {size_mb:.1f} MB; at most {difference:.1e} away from torch")
    return 0


if __name__ == "__main__":
    sys.exit(main())
