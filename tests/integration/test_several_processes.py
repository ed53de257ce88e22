"""Two processes of one bot on one PostgreSQL: Discord tells both of everything."""

import contextlib
from collections import Counter
from dataclasses import dataclass
from functools import partial

import pytest
from pydantic import SecretStr

from bot.settings import Settings
from tests.contract.databases import new_database
from tests.people import Upload
from tests.studio import SHORT, Studio, open_studio


@dataclass
class SharedStudio(Studio):
    """A studio whose bots share a database."""

    address: str

    def settings(self) -> Settings:
        return super().settings().model_copy(update={"database_url": SecretStr(self.address)})


@pytest.fixture
async def studio(tmp_path, postgres_address):
    address = await new_database(postgres_address)
    async with open_studio(tmp_path, generation_seconds=0.5) as opened:
        yield SharedStudio(opened.sandbox, opened.people, opened.folder, address)


@pytest.mark.postgres
async def test_each_request_is_one_video_whichever_process_hears_of_it_first(studio, caplog):
    caplog.set_level("INFO")
    fern, juno = studio.people.person("Fern"), studio.people.person("Juno")
    videos, pictures = studio.people.channel("videos"), studio.people.channel("pictures")
    picture = next(message for message in await juno.read(pictures) if message["attachments"])

    async with studio.bot(), studio.bot(), contextlib.AsyncExitStack() as stack:
        watch = await stack.enter_async_context(fern.watching())
        for prompt in ("a fox", "an owl"):
            await fern.command(videos, "video", {"prompt": prompt, **SHORT})
        await juno.react(picture, "🎬")
        posted = await studio.videos(watch, 3)

    assert len({video["id"] for video in posted}) == len(studio.runs) == 3
    said = Counter(record.msg for record in caplog.records)
    assert said["job_submitted"] == 3
    assert said["answered_elsewhere"] == 2  # of the commands; no one answers a reaction
    assert said["unexpected"] == said["submission_uncertain"] == 0


@pytest.mark.postgres
async def test_a_reaction_that_comes_to_nothing_is_answered_by_one_process(studio):
    """Once a minute and member, so each message is reacted to by someone else."""
    people = [studio.people.person(name) for name in ("Fern", "Juno", "Ada")]
    videos, channel = studio.people.channel("videos"), studio.people.channel("pictures")
    damaged = Upload("sky.png", b"no picture at all", "image/png")
    messages = [await people[0].say(channel, "look", damaged) for _ in people]

    async with studio.bot(), studio.bot(), people[0].watching() as watch:
        for person, message in zip(people, messages, strict=True):
            await person.react(message, "🎬")
        for message in messages:
            await watch.until(partial(answers, message=message))
        await people[0].react(messages[1], "🎬")  # of which it was told why a moment ago
        await people[0].command(videos, "video", {"prompt": "a fox", **SHORT})
        await studio.videos(watch)
        told = [event["data"] for event in watch.seen if event["type"] == "MESSAGE_CREATE"]

    about = Counter((data.get("message_reference") or {}).get("message_id") for data in told)
    assert [about[message["id"]] for message in messages] == [1, 1, 1]


def answers(kind, data, *, message):
    reference = data.get("message_reference") or {}
    return kind == "MESSAGE_CREATE" and reference.get("message_id") == message["id"]
