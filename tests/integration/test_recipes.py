"""The video that was posted tells how it was made, and not by whom or where."""

import aiohttp

from bot.catalog.recipe import read_recipe
from bot.media.videos.boxes import comments_of
from bot.media.videos.ffmpeg import has_fast_start
from tests.studio import FOX


async def test_the_posted_file_holds_its_recipe_without_people(studio, tmp_path):
    fern, juno = studio.people.person("Fern"), studio.people.person("Juno")
    channel, path = studio.people.channel("videos"), tmp_path / "posted.mp4"

    async with studio.bot(), fern.watching() as watch:
        await fern.command(channel, "video", {**FOX, "prompt": f"<@{juno.id}> rides a fox"})
        [video] = await studio.videos(watch)
    url = video["attachments"][0]["url"]
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        path.write_bytes(await response.read())

    [comment] = comments_of(path)
    found = read_recipe(comment)
    assert found is not None
    assert found.prompt == "rides a fox"
    assert (found.model_id, found.duration_seconds) == (FOX["model"], 5)
    assert not any(str(one) in comment for one in (fern.id, juno.id, channel))
    assert has_fast_start(path)
