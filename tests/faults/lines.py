"""The real bot on a real sandbox, with a proxy on every line between them."""

import asyncio
import contextlib
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.catalog.request import VideoRequest
from bot.composition import Application
from bot.guilds.audit import Actor
from bot.ids import GuildId, ModelId, ProviderName, UserId
from bot.money.changes import SetPolicy
from bot.money.limits import Policy, RateLimit, Rules
from bot.settings import Settings, load_settings
from sandbox.videos.rendering import Renderer, RenderRequest
from tests.factories import NOW
from tests.faults.proxy import FaultProxy, proxying
from tests.faults.troubles import Strike
from tests.people import Person, Watch
from tests.studio import SHORT, Studio, open_studio

Json = dict[str, Any]

DISCORD, NANOGPT, NANOGPT_VIDEOS = "discord", "nanogpt", "nanogpt videos"
QUICK = VideoRequest(
    "x", ModelId("seedance-lite-video"), duration_seconds=5, resolution="480p"
)  # what is taught to take no time
GENEROUS = Rules(rates=(RateLimit(1000, 60),), open_jobs_most=1000)
KEY = "sk-nano-sandbox"
TAUGHT = 30  # videos


class OneVideo(Renderer):
    """Renders one video, and hands out copies of it."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._first = folder / "first.mp4"
        self._one_at_a_time = asyncio.Lock()

    async def render(self, request: RenderRequest, target: Path) -> None:
        async with self._one_at_a_time:
            if not self._first.exists():
                await super().render(request, self._first)
        await asyncio.to_thread(shutil.copyfile, self._first, target)


@dataclass
class Lined(Studio):
    """A studio whose bot reaches nothing but proxies."""

    lines: dict[str, FaultProxy] = field(default_factory=dict)

    def settings(self) -> Settings:
        told = self.sandbox.environment()
        told.pop("page")
        for proxy in self.lines.values():
            host, other = (one.partition("//")[2] for one in (proxy.upstream, proxy.origin))
            told = {name: value.replace(host, other) for name, value in told.items()}
        named: dict[str, Any] = {name.lower(): value for name, value in told.items()}
        return load_settings(data_dir=self.folder, _env_file=None, **named)

    def order(self, line: str, *strikes: Strike) -> None:
        """Each strikes a request of its own, in this order."""
        for strike in strikes:
            self.lines[line].plan.order(strike)

    @contextlib.asynccontextmanager
    async def quick_bot(self) -> AsyncIterator[Application]:
        """The bot, with no limits to speak of, that knows how quick videos are here."""
        async with self.bot() as parts:
            guild = GuildId(int(self.people.guild["id"]))
            actor = Actor(guild, UserId(1), "generous", NOW)
            await parts.stores.policies.apply(actor, SetPolicy(Policy(guild, rules=GENEROUS)))
            for _ in range(TAUGHT):
                await parts.stores.render_times.observe_render_time(
                    ProviderName("nanogpt"), QUICK, 0.3, NOW
                )
            yield parts

    async def request(self, person: Person, prompts: list[str]) -> list[Json]:
        """One command for each."""
        channel = self.people.channel("videos")
        return [
            await person.command(channel, "video", {"prompt": prompt, **SHORT})
            for prompt in prompts
        ]

    async def ended(self, watch: Watch, count: int) -> None:
        """So many messages say how their job ended."""
        ends: set[str] = set()
        number = 0
        while len(ends) < count:
            card = await watch.nth(number, is_end)
            ends.add(card["id"])
            number += 1

    async def judge(self, parts: Application, person: Person, prompts: list[str]) -> Counter[str]:
        """Charged once, posted once, nothing lost and the books in order; the outcomes' titles."""
        assert await parts.stores.money.audit() == []
        assert await parts.stores.jobs.list_active() == []
        runs = Counter(run["prompt"] for run in self.runs)
        assert max(runs.values(), default=0) <= 1, runs
        paid = [entry.amount_micros for entry in self.sandbox.nanogpt.service.books.entries]
        assert len(paid) == len(self.runs)
        far_off = parts.clock.now() + timedelta(hours=1)
        messages, temporary = parts.stores.messages, parts.stores.temporary
        while await messages.list_owed(far_off, 1) or await temporary.list_due(far_off, 1):
            await parts.clock.sleep(0.05)  # a post to be recorded, a card that was replaced
        posted = await person.read(self.people.channel("videos"))
        titles = Counter(end for one in posted if (end := end_of(one)) is not None)
        assert sum(titles.values()) == len(prompts), [one["content"] for one in posted]
        return titles


def is_end(kind: str, data: Json) -> bool:
    """A message that says how its job ended: a video, that there is none, or a cancelled card."""
    if kind not in {"MESSAGE_CREATE", "MESSAGE_UPDATE"}:
        return False
    return end_of(data) in {"Done", "Failed", "🎬 Cancelled"}


def end_of(message: Json) -> str | None:
    """What it says of its job; None if it is about none."""
    if "your video failed" in message["content"]:
        return "Failed"
    if "your video" in message["content"]:
        return "Done"
    embeds = message["embeds"]
    return embeds[0]["title"] if embeds and embeds[0].get("footer") else None


@contextlib.asynccontextmanager
async def open_lined(folder: Path) -> AsyncIterator[Lined]:
    """A sandbox that gives the proxies' addresses for its own, to the bot and in its answers."""
    async with open_studio(folder, judged=False) as studio, contextlib.AsyncExitStack() as stack:
        sandbox, service = studio.sandbox, studio.sandbox.nanogpt.service
        origins = {
            DISCORD: sandbox.origin,
            NANOGPT: sandbox.nanogpt.origin,
            NANOGPT_VIDEOS: service.storage_origin,
        }
        lines = {
            name: await stack.enter_async_context(proxying(origin))
            for name, origin in origins.items()
        }
        sandbox.discord.world.addresses.public = lines[DISCORD].origin
        service.storage_origin = lines[NANOGPT_VIDEOS].origin
        service._renderer = OneVideo(folder)
        yield Lined(sandbox, studio.people, studio.folder, lines)
