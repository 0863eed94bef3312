"""The last words of native code: what it wrote to a hidden file descriptor 2 before the process died of it.

They are kept in memory that outlives the process, and a shell that waits for its end writes them where they belong.
"""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import suppress
from typing import TextIO

_LAST_BYTES = 4096  # so much of the end is told
_MOST_BYTES = 1 << 20  # so much is held, by and large
# Remarks and warnings of absl, TensorFlow Lite and ONNX Runtime are no last words. Python and grep -E read it alike.
_WARNING = r"^(WARNING: |INFO: |[IW][0-9]{4} |.*\[[VIW]:onnxruntime)"
# A line is the sign that all is well; without one, the pipe ends because the process has ended.
_WATCH = 'read -r bye || tail -c "$1" "$0" | grep -aEv "$2" >&2'


class LastWords:
    """A place for what native code writes, and the watcher that tells its end if the process dies.

    Without Linux's memory files or a shell, what is written is lost.

    Args:
        out: where the watcher tells it.

    Attributes:
        file: the descriptor to write to.
    """

    def __init__(self, out: TextIO) -> None:
        self._pipe, self._watcher = -1, None
        try:
            import fcntl

            self.file = os.memfd_create("last-words")
            fcntl.fcntl(self.file, fcntl.F_SETFL, os.O_APPEND)
            self._watcher = self._watch(out)
        except (ImportError, AttributeError, OSError):
            self.file = os.open(os.devnull, os.O_WRONLY)

    def _watch(self, out: TextIO) -> subprocess.Popen[bytes]:
        ours, self._pipe = os.pipe()
        words = f"/proc/self/fd/{self.file}", str(_LAST_BYTES), _WARNING
        try:
            return subprocess.Popen(
                ["sh", "-c", _WATCH, *words], stdin=ours, stdout=subprocess.DEVNULL, stderr=out.fileno(),
                pass_fds=[self.file], start_new_session=True,
            )  # fmt: skip
        finally:
            os.close(ours)

    def tell(self) -> str:
        """Return the last lines that are no warnings, and forget all."""
        size = os.fstat(self.file).st_size
        if not size:
            return ""
        with open(f"/proc/self/fd/{self.file}", "rb") as file:
            file.seek(max(0, size - _LAST_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
        os.ftruncate(self.file, 0)
        return "\n".join(line for line in lines if not re.match(_WARNING, line))

    def forget_old(self) -> None:
        """Forget all where much is held, so that warnings of months take no memory."""
        if os.fstat(self.file).st_size > _MOST_BYTES:
            os.ftruncate(self.file, 0)

    def close(self) -> None:
        """Say that all is well, and forget."""
        if self._watcher is not None:
            with suppress(OSError):  # of a forked process, whose parent has said so already
                os.write(self._pipe, b"well\n")
            os.close(self._pipe)
            self._watcher.wait()
        os.close(self.file)
