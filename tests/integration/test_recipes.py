"""The video that was posted tells how it was made, and not by whom or where."""

import aiohttp

from bot.catalog.recipe import read_recipe
from bot.media.videos.boxes import comments_of
from bot.media.videos.ffmpeg import has_fast_start
from tests.studio import FOX, settled_answer


async def download(video, path):
    url = video["attachments"][0]["url"]
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        path.write_bytes(await response.read())


async def test_the_posted_file_holds_its_recipe_without_people(studio, tmp_path):
    fern, juno = studio.people.person("Fern"), studio.people.person("Juno")
    channel, path = studio.people.channel("videos"), tmp_path / "posted.mp4"

    async with studio.bot(), fern.watching() as watch:
        await fern.command(channel, "video", {**FOX, "prompt": f"<@{juno.id}> rides a fox"})
        [video] = await studio.videos(watch)
    await download(video, path)

    [comment] = comments_of(path)
    found = read_recipe(comment)
    assert found is not None
    assert found.prompt == "rides a fox"
    assert (found.model_id, found.duration_seconds) == (FOX["model"], 5)
    assert not any(str(one) in comment for one in (fern.id, juno.id, channel))
    assert has_fast_start(path)


async def test_no_file_holds_a_recipe_once_its_member_or_the_server_switched_it_off(
    studio, tmp_path
):
    ada, fern = studio.people.person("Ada"), studio.people.person("Fern")
    channel, path = studio.people.channel("videos"), tmp_path / "posted.mp4"
    said: list[str] = []
    found: list[int] = []

    async def switch(watch, person, command, write):
        record = await person.command(channel, command, {"write": write})
        said.append(await settled_answer(person, watch, record))

    async def make(watch):
        await fern.command(channel, "video", FOX)
        await download((await studio.videos(watch, len(found) + 1))[-1], path)
        found.append(len(comments_of(path)))

    async with studio.bot(), ada.watching() as admin, fern.watching() as watch:
        await switch(watch, fern, "privacy recipe", "off")
        await make(watch)
        await switch(admin, ada, "settings recipe", "off")
        await switch(watch, fern, "privacy recipe", "on")
        await make(watch)
        await switch(admin, ada, "settings recipe", "on")
        await make(watch)

    assert found == [0, 0, 1]
    assert "don't say how they were made, in any server" in said[0]
    assert "The files of new videos don't say how they were made." in said[1]
    assert "so that anyone can remix them" in said[2]
