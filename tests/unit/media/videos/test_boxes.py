"""A comment in an MP4: written without touching a picture, and read from whatever was uploaded."""

import struct

import pytest

from bot.media.videos.boxes import comments_of, index_of, pictures_of, write_comment
from bot.media.videos.ffmpeg import has_fast_start
from bot.media.videos.playable import Playable
from bot.media.videos.store import DiskVideoStore
from tests.factories import new_job_id
from tests.unit.media.videos.clips import FFMPEG, counted, made, tone

VIDEO = (*counted(8), *tone(1), "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac")
FAST = ("-movflags", "+faststart")
TEXT = '{"showreel": 1, "prompt": "ein Fuchs, 狐 🦊 \\" \' <b>"}'


def box(name, *parts):
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), name) + content


async def checksums(path, folder):
    """Of every packet of every stream."""
    target = folder / "sums"
    done = await FFMPEG.run(
        *("-i", str(path), "-map", "0", "-c", "copy", "-f", "framemd5", str(target)), folder=folder
    )
    assert done.code == 0, done.output
    return [line for line in target.read_text().splitlines() if not line.startswith("#")]


@pytest.mark.parametrize("layout", [FAST, ()], ids=["index first", "index last"])
async def test_a_comment_changes_no_packet(tmp_path, layout):
    path, target = await made(tmp_path, "a.mp4", *VIDEO, *layout), tmp_path / "b.mp4"
    assert write_comment(path, TEXT, target)

    assert comments_of(target) == [TEXT]
    assert await checksums(target, tmp_path) == await checksums(path, tmp_path)
    assert has_fast_start(target) == bool(layout)
    assert pictures_of(target) == pictures_of(path)


async def test_a_second_comment_takes_the_place_of_the_first_and_other_tags_stay(tmp_path):
    tags = ("-metadata", "comment=old", "-metadata", "title=Mine")
    path = await made(tmp_path, "a.mp4", *VIDEO, *tags, *FAST)
    assert comments_of(path) == ["old"]

    for number in range(3):
        assert write_comment(path, f"new {number}", tmp_path / "b.mp4")
        (tmp_path / "b.mp4").replace(path)

    assert comments_of(path) == ["new 2"]
    said = (await FFMPEG.run("-i", str(path), folder=tmp_path)).output
    assert "Mine" in said
    assert "new 2" in said
    assert "old" not in said


@pytest.mark.parametrize(
    ("name", "extra"),
    [("a.mov", ()), ("a.mp4", ("-movflags", "use_metadata_tags")), ("a.m4v", ())],
    ids=["QuickTime", "keys", "M4V"],
)
async def test_comments_of_other_programs_are_found(tmp_path, name, extra):
    path = await made(tmp_path, name, *VIDEO, "-metadata", "comment=hello", *extra)

    assert "hello" in comments_of(path)
    assert write_comment(path, TEXT, tmp_path / "b.mp4")
    assert TEXT in comments_of(tmp_path / "b.mp4")


async def test_it_survives_fast_start_and_fitting(tmp_path):
    store, job_id = DiskVideoStore(tmp_path, FFMPEG), new_job_id()
    noise = "nullsrc=size=480x270:rate=24:duration=2,geq=random(1)*255:128:128,format=yuv420p"
    fat = ("-f", "lavfi", "-i", noise, "-c:v", "libx264", "-preset", "ultrafast", "-crf", "23")
    (await made(tmp_path, "a.mp4", *fat)).replace(store.path(job_id))
    artifact = await store.inspect(job_id, recipe=TEXT)

    assert comments_of(store.path(job_id)) == [TEXT]
    assert has_fast_start(store.path(job_id))
    assert artifact.size_bytes == store.path(job_id).stat().st_size
    fitted = await store.fit(artifact, max_bytes=150_000)
    assert comments_of(fitted.path) == [TEXT]
    assert await store.inspect(job_id, recipe=TEXT) == artifact  # once is enough


async def test_it_survives_the_moving_of_the_index(tmp_path):
    path = await made(tmp_path, "a.mp4", *VIDEO, "-metadata", f"comment={TEXT}")
    assert not has_fast_start(path)
    await Playable(FFMPEG, tmp_path).start_fast(path)

    assert comments_of(path) == [TEXT]


@pytest.mark.parametrize("extra", [("-movflags", "frag_keyframe+empty_moov")], ids=["fragments"])
async def test_what_cannot_hold_it_is_left_alone(tmp_path, extra):
    path = await made(tmp_path, "a.mp4", *VIDEO, *extra)

    assert not write_comment(path, TEXT, tmp_path / "b.mp4")
    assert not (tmp_path / "b.mp4").exists()


async def test_a_signed_video_is_left_alone(tmp_path):
    """Any change would make its manifest invalid."""
    path = await made(tmp_path, "a.mp4", *VIDEO, *FAST)
    identity = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
    with path.open("ab") as file:
        file.write(box(b"uuid", identity, b"manifest"))

    assert not write_comment(path, TEXT, tmp_path / "b.mp4")


def comment(content, kind=1):
    data = box(b"data", struct.pack(">II", kind, 0), content)
    handler = box(b"hdlr", bytes(8), b"mdirappl", bytes(9))
    meta = box(b"meta", bytes(4), handler, box(b"ilst", box(b"\xa9cmt", data)))
    return box(b"ftyp", b"isom", bytes(4)) + box(b"moov", box(b"udta", meta))


BROKEN = {
    "nothing": b"",
    "words": b"words that are no video at all",
    "a Matroska": b"\x1a\x45\xdf\xa3" + bytes(200),
    "no index": box(b"ftyp", b"isom", bytes(4)),
    "two indexes": box(b"moov") + box(b"moov"),
    "an endless length": b"\xff\xff\xff\xffmoov" + bytes(100),
    "a short length": b"\x00\x00\x00\x04moov" + bytes(100),
    "a long length": b"\x00\x00\x00\x01moov" + b"\xff" * 8 + bytes(50),
    "cut": comment(b"hello")[:-3],
    "not UTF-8": comment(b"\xff\xfe\x00hello"),
    "huge": comment(b"x" * 200_000),
    "a box in a box in a box": box(b"moov", box(b"udta", b"\x00\x00\x00\x00meta" * 100)),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_makes_no_sense_has_no_comment(tmp_path, kind):
    path = tmp_path / "a.mp4"
    path.write_bytes(BROKEN[kind])

    assert comments_of(path) == []
    assert pictures_of(path) is None


def test_any_text_is_a_comment(tmp_path):
    path = tmp_path / "a.mp4"
    for text in ("", "<html>", "x" * 100_000, "{", "\x00"):
        path.write_bytes(comment(text.encode()))
        assert comments_of(path) == [text]


async def test_any_damage_to_the_index_raises_nothing(tmp_path):
    path = await made(tmp_path, "a.mp4", *VIDEO, "-metadata", "comment=x", *FAST)
    whole = path.read_bytes()
    index = index_of(path)
    assert index is not None
    for at in range(index.start, index.start + len(index.content), 3):
        for value in (0, 1, 255):
            damaged = bytearray(whole)
            damaged[at] = value
            path.write_bytes(damaged)
            comments_of(path)
            pictures_of(path)
            write_comment(path, TEXT, tmp_path / "b.mp4")


async def test_a_file_that_is_gone_has_no_comment(tmp_path):
    assert comments_of(tmp_path / "gone.mp4") == []
