"""Pictures as programs write them, and as no one should, for the tests of reading them."""

import io
import struct
import zlib
from typing import Any

import pillow_heif
from PIL import Image, ImageChops, ImageDraw, ImageStat


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    target = io.BytesIO()
    image.save(target, form, **options)
    return target.getvalue()


def heic(picture: Image.Image, **options: Any) -> bytes:
    target = io.BytesIO()
    pillow_heif.from_pillow(picture).save(target, **options)
    return target.getvalue()


def scene(mode: str = "RGB", size: tuple[int, int] = (120, 96)) -> Image.Image:
    """Something of every colour, without anything alike above and below."""
    picture = Image.new("RGB", size, (40, 90, 160))
    draw = ImageDraw.Draw(picture)
    for row in range(0, size[1], 8):
        draw.rectangle((row // 2, row, size[0] - row // 4, row + 7), fill=(row * 2, 200 - row, 60))
    return picture.convert(mode)


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def with_chunk(png: bytes, name: bytes, data: bytes) -> bytes:
    """After the header, which is always 33 bytes into the file."""
    return png[:33] + chunk(name, data) + png[33:]


def with_segment(jpeg: bytes, code: int, data: bytes) -> bytes:
    return jpeg[:2] + struct.pack(">BBH", 0xFF, code, len(data) + 2) + data + jpeg[2:]


def alike(one: Image.Image, other: Image.Image, most: float = 8) -> bool:
    """On average of all samples, as far as a lossy format keeps them."""
    return (
        one.size == other.size
        and max(ImageStat.Stat(ImageChops.difference(one, other.convert(one.mode))).mean) <= most
    )


def near(one: Image.Image, other: Image.Image, most: int) -> bool:
    difference = ImageChops.difference(one, other.convert(one.mode))
    return all(max(band.tobytes()) <= most for band in difference.split())
