"""What a file is, by its first bytes alone."""

import pytest
from hypothesis import given, strategies as st

from bot.media.pictures.decoding import _PREFIXES, kind_of

KINDS = [
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff\xe0", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"RIFF\x00\x00\x00\x00WEBP", "WEBP"),
    (b"RIFF\x00\x00\x00\x00WAVE", None),
    (b"\x00\x00\x00\x20ftypavif\x00\x00\x00\x00avifmif1", "AVIF"),
    (b"\x00\x00\x00\x20ftypmif1\x00\x00\x00\x00mif1avif", "AVIF"),
    (b"\x00\x00\x00\x20ftypheic\x00\x00\x00\x00", "HEIF"),
    (b"\x00\x00\x00\x20ftypisom\x00\x00\x00\x00", "a video"),
    (b"  <SVG xmlns=", "an SVG drawing"),
    (b"", None),
]


@pytest.mark.parametrize(("start", "kind"), KINDS)
def test_a_kind_is_known_by_its_first_bytes(start, kind):
    assert kind_of(start) == kind


@given(st.binary(max_size=64))
def test_any_bytes_have_a_kind_or_none(content):
    assert kind_of(content) in {kind for _, kind in (*KINDS, *_PREFIXES)}
