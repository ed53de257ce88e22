"""The first and the last frame, exactly, however the video is put together."""

import io

import pytest
from PIL import Image

from bot.media.videos.frames import Frames
from tests.unit.media.videos.clips import FFMPEG, counted, made, tone

H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "4", "-color_range", "tv")
B_FRAMES = (*H264, "-bf", "3", "-g", "60", "-x264-params", "b-adapt=0")
KINDS = {
    "plain": (*counted(12), *H264),
    "B-frames": (*counted(12), *B_FRAMES),
    "one frame": (*counted(1), *H264),
    "odd sides": (*counted(12, size="97x65"), *H264, "-pix_fmt", "yuv444p"),
    "uneven": (*counted(12), "-vf", "setpts='(N*N*0.02+N*0.002)/TB'", "-vsync", "vfr", *H264),
    "sound outlasts it": (*counted(12), *tone(6), *H264, "-c:a", "aac"),
    "long groups": (*counted(12), "-vf", "setpts=3*PTS", "-r", "3", *B_FRAMES),
}
LAST = {"one frame": 0}


async def shown(tmp_path, path, which):
    target = tmp_path / "frame.png"
    assert await getattr(Frames(FFMPEG, tmp_path), which)(path, target)
    with Image.open(io.BytesIO(target.read_bytes())) as opened:
        return opened.convert("RGB")


def number_of(picture):
    """Which frame this is, by its grey."""
    grey = picture.getpixel((picture.width // 2, picture.height // 2))[0]
    return round(((grey * 219 / 255 + 16) - 10) / 20)


@pytest.mark.parametrize("kind", KINDS)
async def test_both_ends_are_exact(tmp_path, kind):
    path = await made(tmp_path, "a.mp4", *KINDS[kind])

    assert number_of(await shown(tmp_path, path, "first")) == 0 or kind == "odd sides"
    assert number_of(await shown(tmp_path, path, "last")) == LAST.get(kind, 11)


async def test_what_an_edit_list_hides_is_no_first_frame(tmp_path):
    whole = await made(tmp_path, "a.mp4", *counted(12), *B_FRAMES)
    cut = await made(tmp_path, "b.mp4", "-ss", "0.5", "-i", str(whole), "-c", "copy")

    assert number_of(await shown(tmp_path, cut, "first")) == 4
    assert number_of(await shown(tmp_path, cut, "last")) == 11


async def test_a_turned_video_gives_an_upright_frame(tmp_path):
    lying = await made(tmp_path, "a.mp4", *counted(4), *H264)
    turned = await made(
        tmp_path, "b.mp4", "-i", str(lying), "-c", "copy", "-metadata:s:v:0", "rotate=90"
    )
    picture = await shown(tmp_path, turned, "last")

    assert picture.size in {(64, 96), (96, 64)}  # newer programs leave the old mark unread
    assert number_of(picture) == 3


async def test_wide_pixels_become_square_ones(tmp_path):
    path = await made(tmp_path, "a.mp4", *counted(4), "-vf", "setsar=2", *H264)

    assert (await shown(tmp_path, path, "first")).size == (192, 64)


@pytest.mark.parametrize("content", [b"", b"words", b"\x00\x00\x00\x18ftypisom" + bytes(500)])
async def test_no_video_has_no_frame(tmp_path, content):
    path = tmp_path / "a.mp4"
    path.write_bytes(content)

    assert not await Frames(FFMPEG, tmp_path).first(path, tmp_path / "frame.png")
    assert not await Frames(FFMPEG, tmp_path).last(path, tmp_path / "frame.png")
