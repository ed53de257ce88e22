"""The size in pixels of an MP4, as Discord tells it with an attachment: read from its track headers."""

import struct
from pathlib import Path
from typing import BinaryIO

_CONTAINERS = {b"moov", b"trak"}
_HEADER = struct.Struct(">I4s")
_LARGE = struct.Struct(">Q")
_FIXED_POINTS = struct.Struct(">II")  # 16.16, the last eight bytes of a track header


def film_size(path: Path) -> tuple[int, int] | None:
    """Width and height of the first track that is seen; None for what is no MP4."""
    with path.open("rb") as file:
        try:
            return _find(file, 0, path.stat().st_size)
        except struct.error:
            return None


def _find(file: BinaryIO, start: int, end: int) -> tuple[int, int] | None:
    """Look through the boxes between two places, and into those that hold others."""
    while start + _HEADER.size <= end:
        file.seek(start)
        length, kind = _HEADER.unpack(file.read(_HEADER.size))
        body = start + _HEADER.size
        if length == 1:
            (length,) = _LARGE.unpack(file.read(_LARGE.size))
            body += _LARGE.size
        following = end if length == 0 else start + length
        if following <= start or following > end:
            return None
        found = _size_in(file, kind, body, following)
        if found is not None:
            return found
        start = following
    return None


def _size_in(file: BinaryIO, kind: bytes, body: int, end: int) -> tuple[int, int] | None:
    if kind in _CONTAINERS:
        return _find(file, body, end)
    if kind != b"tkhd":
        return None
    file.seek(end - _FIXED_POINTS.size)
    width, height = _FIXED_POINTS.unpack(file.read(_FIXED_POINTS.size))
    return (width >> 16, height >> 16) if width and height else None
