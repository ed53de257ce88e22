"""A member gets the file about them in Discord, and no one else's."""

import json

from tests.integration.test_picture_consent import at_desk


async def file_of(desk, name):
    message = await desk.offices[name].ask("privacy export")
    [file] = message["attachments"]
    async with desk.studio.people.session.get(file["url"]) as answer:
        return message["content"], json.loads(await answer.read())


async def test_a_member_reads_what_is_stored_about_them_and_nothing_of_others(studio):
    async with at_desk(studio) as desk:
        await desk.offices["Fern"].request(prompt="a fox in the snow")
        await desk.next_video(desk.offices["Fern"])
        await desk.offices["Fern"].ask("privacy pictures", who="ask")

        text, told = await file_of(desk, "Fern")
        assert text.startswith("Everything that I store about you")
        assert [job["request"]["prompt"] for job in told["jobs"]] == ["a fox in the snow"]
        assert told["settings"][0]["pictures"] == "ask"
        assert {one["kind"] for one in told["messages"]} >= {"video"}
        assert told["entries"]

        _, told = await file_of(desk, "Max")
        known = {name for name, rows in told.items() if isinstance(rows, list) and rows}
        assert known == set()
