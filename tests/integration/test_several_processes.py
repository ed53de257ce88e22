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
async def test_each_wish_is_one_film_whichever_process_hears_of_it_first(studio, caplog):
    caplog.set_level("INFO")
    fern, juno = studio.people.person("Fern"), studio.people.person("Juno")
    films, pictures = studio.people.channel("films"), studio.people.channel("pictures")
    picture = next(message for message in await juno.read(pictures) if message["attachments"])

    async with studio.bot(), studio.bot(), contextlib.AsyncExitStack() as stack:
        watch = await stack.enter_async_context(fern.watching())
        for prompt in ("a fox", "an owl"):
            await fern.command(films, "video", {"prompt": prompt, **SHORT})
        await juno.react(picture, "🎬")
        posted = await studio.films(watch, 3)

    assert len({film["id"] for film in posted}) == len(studio.runs) == 3
    said = Counter(record.msg for record in caplog.records)
    assert said["job_submitted"] == 3
    assert said["answered_elsewhere"] == 2  # of the commands; nobody answers a reaction
    assert said["unexpected"] == said["submission_uncertain"] == 0


@pytest.mark.postgres
async def test_a_reaction_that_comes_to_nothing_is_answered_by_one_process(studio):
    fern, juno = studio.people.person("Fern"), studio.people.person("Juno")
    films, channel = studio.people.channel("films"), studio.people.channel("pictures")
    damaged = Upload("sky.png", b"no picture at all", "image/png")
    messages = [await fern.say(channel, "look", damaged) for _ in range(3)]

    async with studio.bot(), studio.bot(), juno.watching() as watch:
        for message in messages:
            await juno.react(message, "🎬")
        for message in messages:
            await watch.until(partial(answers, message=message))
        await juno.command(films, "video", {"prompt": "a fox", **SHORT})
        await studio.films(watch)
        told = [event["data"] for event in watch.seen if event["type"] == "MESSAGE_CREATE"]

    about = Counter((data.get("message_reference") or {}).get("message_id") for data in told)
    assert [about[message["id"]] for message in messages] == [1, 1, 1]


def answers(kind, data, *, message):
    reference = data.get("message_reference") or {}
    return kind == "MESSAGE_CREATE" and reference.get("message_id") == message["id"]
