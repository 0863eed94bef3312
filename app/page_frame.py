"""A camera picture as the page sends it: a JPEG with a number, so that an answer can name its picture."""

from __future__ import annotations

import base64
import binascii
import io
import re
from typing import NamedTuple

import gradio as gr
import numpy as np

MOST_BYTES = 4 << 20  # of one picture's text; a camera's 640 x 480 has 60 kB
MOST_PIXELS = 1 << 23  # a 4K camera
_NUMBER = re.compile(r"data:image/jpeg;frame=(\d{1,9});")


class Frame(NamedTuple):
    """One picture.

    Attributes:
        number: that the page gave it, None where it gave none.
        rgb_HWC: (height, width, 3) uint8.
    """

    number: int | None
    rgb_HWC: np.ndarray


def camera_image(**options: object) -> gr.Image:
    """Gradio's image component; its function gets a Frame, or None for what is no picture of a sensible size."""
    image = gr.Image(**options)
    image.preprocess = lambda payload: read_frame(payload.url) if payload is not None and payload.url else None
    return image


def read_frame(url: str) -> Frame | None:
    """A `data:` address as a Frame. The picture's size is looked at before it is decoded."""
    from PIL import Image

    if not url.startswith("data:") or len(url) > MOST_BYTES:
        return None
    try:
        picture = Image.open(io.BytesIO(base64.b64decode(url.rpartition(",")[2], validate=True)), formats=["JPEG"])
        if picture.width * picture.height > MOST_PIXELS:
            return None
        rgb_HWC = np.asarray(picture.convert("RGB"))
    except (binascii.Error, OSError, ValueError, SyntaxError):
        return None
    number = _NUMBER.match(url)
    return Frame(int(number[1]) if number else None, rgb_HWC)
