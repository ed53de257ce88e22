"""What a video is, by what ffmpeg says of it and not by what is written into it."""

import pytest

from bot.media.videos.ffmpeg import Ffmpeg, find_ffmpeg, probe

FFMPEG = Ffmpeg(find_ffmpeg())
SEEN = ("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=24:duration=2")
PICTURE = (*SEEN, "-pix_fmt", "yuv420p")
SOUND = ("-f", "lavfi", "-i", "sine=duration=2")


async def probed(folder, *recipe):
    path = folder / "video.mp4"
    made = await FFMPEG.run(*recipe, str(path), folder=folder)
    assert made.code == 0, made.output
    return await probe(FFMPEG, path, folder)


async def test_a_silent_video_is_measured(tmp_path):
    found = await probed(tmp_path, *PICTURE)

    assert (found.codec, found.width, found.height) == ("h264", 320, 180)
    assert found.duration_seconds == pytest.approx(2.0, abs=0.05)
    assert not found.has_sound


async def test_a_video_with_sound_is_known_to_have_it(tmp_path):
    found = await probed(tmp_path, *SEEN, *SOUND, "-pix_fmt", "yuv420p")

    assert found.sound == "aac, 44100 Hz, mono"
    assert found.has_sound


async def test_another_codec_is_told_apart(tmp_path):
    found = await probed(tmp_path, *PICTURE, "-c:v", "mpeg4")

    assert found.codec == "mpeg4"


async def test_a_video_of_more_than_an_hour_is_measured(tmp_path):
    hour = "color=size=16x16:rate=1/60:duration=3720"
    found = await probed(tmp_path, "-f", "lavfi", "-i", hour, "-pix_fmt", "yuv420p")

    assert found.duration_seconds == pytest.approx(3720, abs=61)


@pytest.mark.parametrize(
    "words",
    [
        "A forest. Audio: birds and wind",
        "Video: vp9, 9999x9999, loud",
        "Duration: 99:00:00.00, start: 0",
        "x\nStream #0:7: Audio: aac, 8000 Hz\n  Duration: 99:00:00.00\nStream #0:0: Video: vp9, 10x10",
        "long " * 2000,
    ],
    ids=["audio", "video", "duration", "lines", "long"],
)
async def test_words_that_a_service_wrote_into_a_video_are_not_taken_for_what_it_is(
    tmp_path, words
):
    comment = ("-metadata", f"comment={words}", "-metadata", f"title={words}")
    found = await probed(tmp_path, *PICTURE, *comment)

    assert (found.codec, found.width, found.height) == ("h264", 320, 180)
    assert found.duration_seconds == pytest.approx(2.0, abs=0.05)
    assert not found.has_sound


@pytest.mark.parametrize("content", [b"", b"no video", b"\x00\x00\x00\x18ftypisom" + bytes(500)])
async def test_what_is_no_video_is_none(tmp_path, content):
    path = tmp_path / "video.mp4"
    path.write_bytes(content)

    assert await probe(FFMPEG, path, tmp_path) is None


async def test_sound_alone_is_no_video(tmp_path):
    assert await probed(tmp_path, *SOUND) is None


async def test_what_is_not_there_is_none(tmp_path):
    assert await probe(FFMPEG, tmp_path / "nothing.mp4", tmp_path) is None
