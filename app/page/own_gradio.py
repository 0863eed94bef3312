"""Gradio, imported without what the surroundings hold for other programs: whoever needs it first imports it from here.

At its import Gradio opens clients that read the user's proxies and certificates, and it takes its settings from
variables that are meant for other programs of Gradio.
"""

from __future__ import annotations

import logging
import os

from models.system.proxies import only_this_machine

for _name in [name for name in os.environ if name.startswith("GRADIO_")]:
    del os.environ[_name]
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # it would otherwise call its makers' server
# Gradio imports it, and it would tell in two lines where it keeps fonts for whoever has no home.
logging.getLogger("matplotlib").setLevel(logging.ERROR)

with only_this_machine():
    import gradio as gr
    from gradio import http_server, routes, utils


class _UploadFolder(os.PathLike[str]):
    """The folder of the uploads at the moment when it is asked for."""

    def __fspath__(self) -> str:
        return utils.get_upload_folder()


# Gradio makes a folder in the one that it found at its import, which all users share and another may own.
routes.DEFAULT_TEMP_DIR = _UploadFolder()  # type: ignore[assignment, attr-defined]  # it is only made a path of

__all__ = ["gr", "http_server", "routes"]
