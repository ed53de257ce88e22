"""A video plays at once: its index stands before its pictures when it is posted."""

import pytest

from bot.media.videos.ffmpeg import Ffmpeg, find_ffmpeg, has_fast_start
from bot.media.videos.store import DiskVideoStore
from tests.factories import new_job_id

FFMPEG = Ffmpeg(find_ffmpeg())
VIDEO = ("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=24:duration=1", "-pix_fmt", "yuv420p")


def box(name, length, *, wide=False):
    header = (1 if wide else length).to_bytes(4, "big") + name
    header += length.to_bytes(8, "big") if wide else b""
    return header + bytes(length - len(header))


@pytest.mark.parametrize(
    ("content", "is_fast"),
    [
        (box(b"ftyp", 24) + box(b"moov", 64) + box(b"mdat", 99), True),
        (box(b"ftyp", 24) + box(b"free", 8) + box(b"mdat", 99) + box(b"moov", 64), False),
        (box(b"ftyp", 24) + box(b"free", 40, wide=True) + box(b"mdat", 99), False),
        (b"\x00\x00\x00\x00free" + bytes(30), True),
        (b"\x00\x00\x00\x01free" + bytes(8), True),
        (b"no video at all", True),
        (b"", True),
    ],
    ids=["index first", "pictures first", "a wide box", "to the end", "absurd", "words", "empty"],
)
def test_the_order_of_the_boxes_decides(tmp_path, content, is_fast):
    path = tmp_path / "video.mp4"
    path.write_bytes(content)

    assert has_fast_start(path) is is_fast


async def test_a_video_with_its_index_at_the_end_is_put_in_order_without_encoding(tmp_path):
    store, job_id = DiskVideoStore(tmp_path, FFMPEG), new_job_id()
    path = store.path(job_id)
    made = await FFMPEG.run(*VIDEO, str(path), folder=tmp_path)
    assert made.code == 0
    assert not has_fast_start(path)
    before = path.stat().st_size

    artifact = await store.inspect(job_id)

    assert has_fast_start(path)
    assert artifact.size_bytes == path.stat().st_size == pytest.approx(before, rel=0.01)
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
