"""The route on which the page uploads a recording, in the form that Gradio's page sends.

Gradio's own takes a thousand files of any size at once, and tells where on the server they lie.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from app.page.upload_progress import Progress
from app.page.uploads import MEGABYTE, MOST_BYTES, Upload, Uploads
from app.page.visits import Owner, RefusedError

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

LONGEST_S = 3600.0  # of one upload
SILENCE_S = 30.0  # without a byte, after which an upload is given up
_FRAME_BYTES = 64 << 10  # most of what a form adds to its file
_TOO_LARGE = f"A recording has up to {MOST_BYTES // MEGABYTE} MB here."
_MOST_HEADERS = 8192  # bytes of the headers of its parts


class _LongHeadersError(Exception):
    """The error of a form whose parts have longer headers than any browser writes."""


class _Form:
    """A form with one file, read piece by piece: nothing is held in memory, and nothing but the file is kept."""

    def __init__(self, boundary: bytes, begin: Callable[[str], BinaryIO]) -> None:
        from python_multipart.multipart import MultipartParser

        self._begin = begin
        self._file: BinaryIO | None = None
        self._name: str | None = None
        self._field, self._value = b"", b""
        self._whole, self._headers = 0, 0  # bytes of the form, and of the headers in it
        self.size, self.ended, self.files = 0, False, 0
        calls: MultipartCallbacks = {
            "on_part_begin": self._part_begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._part_data,
            "on_end": self._end,
        }
        self._parser = MultipartParser(boundary, calls)

    def write(self, piece: bytes) -> None:
        self._whole += len(piece)
        if self._whole > MOST_BYTES + _FRAME_BYTES:
            raise RefusedError(_TOO_LARGE)
        self._parser.write(piece)

    def _part_begin(self) -> None:
        self._name, self._file = None, None

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._field += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._value += data[start:end]

    def _count(self, size: int) -> None:
        self._headers += size
        if self._headers > _MOST_HEADERS:
            raise _LongHeadersError

    def _header_end(self) -> None:
        from python_multipart.multipart import parse_options_header

        if self._field.lower() == b"content-disposition":
            name = parse_options_header(self._value)[1].get(b"filename")
            self._name = None if name is None else name.decode("utf-8", "replace")
        self._field = self._value = b""

    def _headers_finished(self) -> None:
        if self._name is None:
            return
        self.files += 1
        if self.files > 1:
            raise RefusedError("One recording at a time.")
        self._file = self._begin(self._name)

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._file is None:
            return
        self.size += end - start
        if self.size > MOST_BYTES:
            raise RefusedError(_TOO_LARGE)
        self._file.write(memoryview(data)[start:end])

    def _end(self) -> None:
        self.ended = True


async def take_upload(request: Request, uploads: Uploads, owner: Owner) -> Response:
    """Keep the one file of a form and answer with [what the page calls it], as Gradio's page expects.

    The answer is 400 for a form that is none, 408 for one that stops, 413 for a file that is too large and 429 where
    there is no room.
    """
    from python_multipart.multipart import parse_options_header

    kind, options = parse_options_header(request.headers.get("content-type", ""))
    length, boundary = request.headers.get("content-length", ""), options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not 0 < len(boundary) <= 200:
        return PlainTextResponse("This is no form with a file.", 400)
    if length.isascii() and length.isdigit() and int(length) > MOST_BYTES + _FRAME_BYTES:
        return PlainTextResponse(_TOO_LARGE, 413)
    announced = int(length) if length.isascii() and length.isdigit() else MOST_BYTES
    with uploads.progress.one(request.query_params.get("upload_id", ""), owner) as progress:
        return await _take(request, uploads, owner, boundary, announced, progress)


async def _take(
    request: Request, uploads: Uploads, owner: Owner, boundary: bytes, announced: int, progress: Progress
) -> Response:
    from python_multipart.exceptions import FormParserError

    upload: Upload | None = None
    file: BinaryIO | None = None

    def begin(name: str) -> BinaryIO:
        nonlocal upload, file
        upload, progress.name = uploads.begin(name, announced, owner), name
        file = upload.path.open("wb")
        return file

    try:
        form = _Form(boundary, begin)
        pieces = request.stream().__aiter__()
        end_s = time.monotonic() + LONGEST_S
        while not form.ended:
            if time.monotonic() > end_s:
                raise TimeoutError
            try:
                piece = await asyncio.wait_for(pieces.__anext__(), SILENCE_S)
            except StopAsyncIteration:
                break
            await asyncio.to_thread(form.write, piece)  # a slow disk keeps no other visitor waiting
            progress.size += len(piece)
        if upload is None or not form.ended:
            return PlainTextResponse("No whole file has arrived.", 400)
        uploads.done(upload, form.size)
        kept, upload = upload, None
        return JSONResponse([kept.id])
    except RefusedError as error:
        return PlainTextResponse(str(error), 413 if str(error) == _TOO_LARGE else 429)
    except (FormParserError, _LongHeadersError):
        return PlainTextResponse("This is no form with a file.", 400)
    except ClientDisconnect:
        return Response(status_code=400)
    except TimeoutError:
        return PlainTextResponse("The upload took too long.", 408)
    except OSError:
        return PlainTextResponse("The recording could not be kept: the disk of the server may be full.", 507)
    finally:
        if file is not None:
            file.close()
        if upload is not None:
            uploads.drop(upload)
