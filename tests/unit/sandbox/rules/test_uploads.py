import struct
from pathlib import Path

import pytest

from sandbox.discord.rules.uploads import sanitised, video_size


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("video.mp4", "video.mp4"),
        ("my video (1).mp4", "my_video_1.mp4"),
        ("../../etc/passwd", "passwd"),
        ("C:\\videos\\a.mp4", "a.mp4"),
        ("🎬.mp4", "unknown.mp4"),
        (".hidden", "hidden"),
        ("", "unknown"),
    ],
)
def test_a_file_name_is_made_harmless(given: str, kept: str) -> None:
    assert sanitised(given) == kept


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def track(width: int, height: int) -> bytes:
    return box(b"trak", box(b"tkhd", b"\0" * 76, struct.pack(">II", width << 16, height << 16)))


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (box(b"ftyp", b"isom") + box(b"moov", track(0, 0), track(1280, 720)), (1280, 720)),
        (box(b"mdat", b"x" * 50) + box(b"moov", track(640, 360)), (640, 360)),
        (box(b"ftyp", b"isom"), None),
        (b"\0\0\0\1moov", None),
        (b"no video at all, but long enough to look at", None),
        (b"", None),
    ],
    ids=["sound first", "data first", "no tracks", "cut short", "text", "empty"],
)
def test_a_video_tells_its_size(tmp_path: Path, content: bytes, size: object) -> None:
    path = tmp_path / "video.mp4"
    path.write_bytes(content)

    assert video_size(path) == size
