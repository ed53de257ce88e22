"""Videos of any kind are continued from the Apps menu and posted as one; a fifth extension is refused."""

import pytest

from tests.integration.test_every_situation import hurry
from tests.integration.test_extending import WAN, drawn, red_for, seen
from tests.integration.test_video_buttons import Desk, at_desk
from tests.people import Upload
from tests.studio import Json

GUARD = "Max"  # who reads along, and sees no private answer
HEVC = ("-c:v", "libx265", "-x265-params", "log-level=none", "-tag:v", "hvc1")
ANY_SIDES = ("-c:v", "libx264", "-pix_fmt", "yuv444p")  # 4:2:0 has none that are odd
COST = 50_000  # millionths of a dollar for five seconds by the cheapest that goes on


async def extended(desk: Desk, video: Json) -> Json:
    """The answer to Fern, who presses Extend."""
    return await desk.press("Fern", video, "extend")


async def test_a_fifth_extend_is_refused_and_charges_nothing(studio):
    async with at_desk(studio) as desk:
        hurry(desk)
        fern, guard = desk.offices["Fern"], desk.offices[GUARD]
        await desk.offices["Ada"].set("requests", limits="none")
        assert "Accepted" in await fern.request(**WAN)
        video = await desk.next_video(guard)
        for _ in range(4):
            assert "Accepted" in (await extended(desk, video))["content"]
            video = await desk.next_video(guard)
        length = (await seen(studio, video)).seconds
        before = await desk.jobs()
        answer = await extended(desk, video)
        assert await desk.jobs() == before

    assert length == pytest.approx(10.0, abs=0.3)
    assert answer["content"] == (
        "This video has been extended 4 times, which is the limit. Start a new one instead."
        " Nothing was charged."
    )
    assert len(studio.runs) == 5


@pytest.mark.parametrize(
    ("name", "size", "encoding"),
    [
        ("hevc.mp4", (320, 180), HEVC),
        ("vertical.mp4", (180, 320), ()),
        ("odd.mp4", (181, 321), ANY_SIDES),
    ],
    ids=["HEVC", "vertical", "odd sides"],
)
async def test_a_video_of_any_kind_is_continued_in_its_shape(
    studio, tmp_path, name, size, encoding
):
    width, height = size
    if encoding:
        source = f"color=c=red:s={width}x{height}:r=12:d=2"
        content = await drawn(tmp_path, source, *encoding)
    else:
        content = await red_for(2, tmp_path, size=f"{width}x{height}")
    async with at_desk(studio) as desk:
        hurry(desk)
        guard, fern = desk.offices[GUARD], desk.offices["Fern"]
        posted = await guard.person.say(guard.channel, "", Upload(name, content, "video/mp4"))
        record = await fern.person.menu(posted["channel_id"], "Extend video", posted["id"])
        answer = await desk.answer_to("Fern", record)
        [_, video] = await studio.videos(guard.watch, 2)
        made = await seen(studio, video)
        [job] = await desk.jobs()

    assert answer["content"] == (
        "🎬 Accepted for $0.05. Follow its card in the channel.\nThe whole video will be 7 s long."
    )
    assert job.cost_micros == COST
    assert made.seconds == pytest.approx(7.0, abs=0.3)
    assert (made.height > made.width) == (height > width)
    assert made.width / made.height == pytest.approx(width / height, rel=0.02)
    assert len(studio.runs) == 1
