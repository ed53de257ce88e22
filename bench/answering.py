"""How soon a slash command or a button is acknowledged while the bot has its hands full.

`python -m bench.answering` starts a sandbox and the real bot, each as a program, with 1,000 open
videos in its database and large videos owed to four channels, lets a member give commands and then
press the buttons under a video, one after the other, and prints how long each acknowledgement took.
Discord waits three seconds for one.
"""

import argparse
import asyncio
import contextlib
import os
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import cycle, islice
from pathlib import Path

import aiohttp

from bench.host import MB, described, percentile, table
from bench.video_sink import make_video
from bot.clock import SystemClock
from bot.ids import ChannelId, GuildId, ProviderName, UserId
from bot.jobs.job import Artifact, Job, JobState
from bot.jobs.messages import DeliveryKind, owed
from bot.presentation.widgets import Action, parse
from bot.storage.engines.databases import open_database
from bot.storage.stores import SqlJobStore
from bot.tasks import TaskOwner
from tests.factories import make_job
from tests.killing.processes import Bot, environment_of, running_sandbox
from tests.people import Json, People
from tests.studio import buttons_of

CHANNELS = ("videos", "pictures", "cinema", "attic")
OPEN = 1_000
OWED = 60
VIDEO_MB = 19
COMMANDS: tuple[tuple[str, Json], ...] = (
    ("quota show", {}),
    ("models list", {}),
    ("video", {"prompt": "a fox running through snow"}),
    ("quota month", {}),
)
BUTTONS = (Action.EXTEND, Action.REMIX, Action.AGAIN, Action.MORE)
TIMES = 200
NANOGPT = ProviderName("nanogpt")


@dataclass(frozen=True)
class Figures:
    """What was seen; times in milliseconds."""

    commands: dict[str, list[float]]
    buttons: dict[str, list[float]]
    delivered: int  # videos, in the meantime


@asynccontextmanager
async def busy_town(folder: Path, videos: int) -> AsyncIterator[tuple[People, Path]]:
    """A sandbox and a bot on a database that is full of work."""
    async with AsyncExitStack() as stack:
        beside, home = folder / "sandbox", folder / "bot"
        for made in (beside, home, home / "videos"):
            await asyncio.to_thread(made.mkdir)
        told = await stack.enter_async_context(
            running_sandbox(beside, rate_limits="false", generation_seconds="3600")
        )
        session = await stack.enter_async_context(aiohttp.ClientSession())
        people = People(session, told["page"].rstrip("/"))
        await settle(people)
        environment = environment_of(told, home, None)
        database = home / "showreel.db"
        await fill(database, home / "videos", people, videos)
        environment["DATABASE_URL"] = f"sqlite:///{database}"
        bot = await Bot.start(TaskOwner(), environment, folder / "log")
        stack.push_async_callback(bot.stop)
        await bot.connected()
        if bot.has_ended:
            msg = f"the bot ended: {(folder / 'log').read_text('utf-8')[-2000:]}"
            raise AssertionError(msg)
        yield people, database


async def settle(people: People) -> None:
    """Look around, and open the channels that are not there."""
    await people.look_around()
    names = {channel["name"] for channel in people.guild["channels"]}
    for name in CHANNELS:
        if name not in names:
            await people.call("POST", f"/guilds/{people.guild['id']}/channels", {"name": name})
    await people.look_around()


async def fill(database: Path, videos: Path, people: People, owed_videos: int) -> None:
    """Videos that wait for their turn, and videos that are ready to be posted."""
    first = videos.parent / "first.mp4"
    await asyncio.to_thread(make_video, first, VIDEO_MB * MB)
    channels = [ChannelId(int(people.channel(name))) for name in CHANNELS]
    guild_id = GuildId(int(people.guild["id"]))
    async with open_database(f"sqlite:///{database}") as engine:
        store = SqlJobStore(engine)
        for number in range(OPEN):
            await store.accept(_job(guild_id, channels[0], number), [])
        for number in range(owed_videos):
            channel_id = channels[number % len(channels)]
            job = _job(guild_id, channel_id, number)
            artifact = Artifact(f"{job.id}.mp4", VIDEO_MB * MB, 2.0, 640, 360)
            ready = _succeeded(job, artifact)
            os.link(first, videos / artifact.key)
            now = SystemClock().now()
            await store.accept(ready, [owed(ready, DeliveryKind.VIDEO, now)])


def _job(guild_id: GuildId, channel_id: ChannelId, number: int) -> Job:
    now = SystemClock().now() - timedelta(minutes=1)
    return make_job(
        guild_id=guild_id,
        channel_id=channel_id,
        user_id=UserId(1_000_000 + number),
        provider=NANOGPT,
        accepted_at=now,
        state_changed_at=now,
        next_action_at=now,
    )


def _succeeded(job: Job, artifact: Artifact) -> Job:
    return replace(job, state=JobState.SUCCEEDED, artifact=artifact, progress_percent=100)


async def measure(people: People, database: Path, times: int) -> Figures:
    """Commands one after the other, then as many presses, while videos go out."""
    person = people.person("Ada")
    channel = people.channel("videos")
    commands: dict[str, list[float]] = {f"`/{name}`": [] for name, _ in COMMANDS}
    buttons: dict[str, list[float]] = {action.title(): [] for action in BUTTONS}
    before = await _posted(database)
    async with person.watching() as watch:
        for name, options in islice(cycle(COMMANDS), times):
            begun = time.perf_counter()
            await person.command(channel, name, options)
            commands[f"`/{name}`"].append((time.perf_counter() - begun) * 1000)
        video = await watch.until(lambda kind, data: kind == "MESSAGE_CREATE" and _has_video(data))
        ids = {parse(one["custom_id"]): one["custom_id"] for one in buttons_of(video)}
        by_action = {pressed.action: spelt for pressed, spelt in ids.items() if pressed}
        for action in islice(cycle(BUTTONS), times):
            begun = time.perf_counter()
            await person.press(video, by_action[action])
            buttons[action.title()].append((time.perf_counter() - begun) * 1000)
    return Figures(commands, buttons, await _posted(database) - before)


def _has_video(message: Json) -> bool:
    return bool(message["attachments"] and message["components"])


async def _posted(database: Path) -> int:
    def count() -> int:
        with contextlib.closing(sqlite3.connect(database, timeout=30)) as connection:
            sql = "SELECT COUNT(*) FROM deliveries WHERE kind = 'video' AND state = 'posted'"
            return int(connection.execute(sql).fetchone()[0])

    return await asyncio.to_thread(count)


async def run(times: int) -> str:
    """The section."""
    with tempfile.TemporaryDirectory(prefix="showreel-bench-") as name:
        async with busy_town(Path(name), OWED) as (people, database):
            figures = await measure(people, database, times)
            left = OWED - await _posted(database)
    head = ("command or button", "times", "p50 (ms)", "p99 (ms)", "most (ms)")
    lines = [*_lines("commands", figures.commands), *_lines("buttons", figures.buttons)]
    return (
        f"## Commands and buttons while {OPEN:,} videos are open\n\n"
        f"The real bot and the sandbox, a process each. At the same time, {figures.delivered} videos of"
        f" {VIDEO_MB} MB went out, four at once, and {left} were still owed at the end. From the"
        f" member's press to the acknowledgement, with the sandbox's own time in it. Target: p99"
        f" under 300 ms; Discord allows 3,000.\n\n{table(head, lines)}\n"
    )


def _lines(what: str, waited: dict[str, list[float]]) -> list[list[str]]:
    """A line for each, and one for all of them."""
    everything = [one for some in waited.values() for one in some]
    return [_line(name, some) for name, some in waited.items()] + [
        _line(f"**all {what}**", everything)
    ]


def _line(name: str, waited: list[float]) -> list[str]:
    return [
        name,
        str(len(waited)),
        *(f"{percentile(waited, share):.0f}" for share in (0.5, 0.99)),
        f"{max(waited):.0f}",
    ]


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=TIMES)
    told = parser.parse_args()
    print(described(), end="\n\n")
    print(asyncio.run(run(told.times)))


if __name__ == "__main__":
    main()
