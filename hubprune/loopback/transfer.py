"""File bytes over HTTP: answers with ranges, and uploads into a blob. Both move in chunks."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from .blobs import BlobWriter, read_chunks
from .errors import HubError


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """Read a ``Range`` header for a content of `size` bytes.

    Returns:
        First byte and end (exclusive) of the range; None if the header is to be ignored because it is absent, is not
        understood or asks for several ranges.

    Raises:
        HubError: 416 if no byte of the content lies in the range.
    """
    match = re.fullmatch(r"bytes=\s*([0-9]*)\s*-\s*([0-9]*)\s*", header)
    if not match or not (match[1] or match[2]):
        return None
    if match[1]:
        start, stop = int(match[1]), min(int(match[2]) + 1, size) if match[2] else size
        if match[2] and int(match[2]) < start:
            return None
    else:
        start, stop = max(size - int(match[2]), 0), size
    if start >= stop:
        raise HubError(416, "Range Not Satisfiable", headers={"Content-Range": f"bytes */{size}"})
    return start, stop


def file_response(request: Request, path: Path, headers: Mapping[str, str]) -> Response:
    """Answer with a file on disk: all of it, or the range asked for.

    Raises:
        HubError: 416 if the range lies outside the file.
    """
    size = path.stat().st_size
    span = parse_range(request.headers.get("range", ""), size)
    start, stop = span or (0, size)
    headers = {**headers, "Accept-Ranges": "bytes", "Content-Length": str(stop - start)}
    if span:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"

    async def chunks() -> AsyncIterator[bytes]:
        for chunk in read_chunks(path, start, stop):
            yield chunk

    return StreamingResponse(chunks(), 206 if span else 200, headers, "application/octet-stream")


async def receive(request: Request, writer: BlobWriter) -> None:
    """Write the body of a request to `writer` as it arrives."""
    async for chunk in request.stream():
        writer.write(chunk)


async def read_lines(request: Request) -> AsyncIterator[bytes]:
    """Yield the lines of a request's body, without empty ones, as they arrive."""
    pending = bytearray()
    async for chunk in request.stream():
        pending += chunk
        if b"\n" in chunk:
            *lines, rest = bytes(pending).split(b"\n")
            pending = bytearray(rest)
            for line in lines:
                if line.strip():
                    yield line
    if pending.strip():
        yield bytes(pending)
