"""The licence texts of what lies in a site: the project's, the model's terms, MediaPipe's and ONNX Runtime's."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from typing import TYPE_CHECKING

from app.site.page import SITE, piece
from app.site.parts import versions
from models.system.places import ROOT

if TYPE_CHECKING:
    from export.runtime import Recogniser


class LicenceError(ValueError):
    """The reason why a licence text cannot be had."""


def licences(model: Recogniser) -> dict[str, bytes]:
    """Return the texts by their paths in the site.

    Raises:
        LicenceError: the project's own licence is missing, so that nothing may be passed on.
    """
    found = versions()
    notice = piece(
        "NOTICE.txt",
        vision=found["@mediapipe/tasks-vision"],
        ort=found["onnxruntime-web"],
        version=model.version or "not given",
        terms=model.terms or "not given in the model's file; whoever made it knows them",
    )
    return {
        "licences/NOTICE.txt": notice.encode(),
        "licences/Apache-2.0.txt": _apache(),
        "licences/onnxruntime-web.txt": (SITE / "onnxruntime-web.txt").read_bytes(),
    }


def _apache() -> bytes:
    path = ROOT / "LICENSE"
    if path.is_file():
        return path.read_bytes()
    try:
        text = distribution("ikem-live").read_text("licenses/LICENSE")
    except PackageNotFoundError:
        text = None
    if text is None:
        raise LicenceError("the file LICENSE is missing, without which a site may not be passed on: install it anew")
    return text.encode()
