"""The real bot on a real sandbox, with a proxy on every line between them."""

import asyncio
import contextlib
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.domain.edits import Actor, SetPolicy
from bot.domain.limits import RateLimit, Rules
from bot.domain.policy import Policy
from bot.domain.requests import VideoRequest
from bot.ids import GuildId, ModelId, ProviderName, UserId
from bot.settings import Settings, load_settings
from bot.wiring import Parts
from sandbox.films.rendering import FilmRequest, Renderer
from tests.factories import NOW
from tests.faults.proxy import FaultProxy, proxying
from tests.faults.troubles import Strike
from tests.people import Person, Watch
from tests.studio import SHORT, Studio, open_studio

Json = dict[str, Any]

DISCORD, NANOGPT, NANOGPT_FILMS = "discord", "nanogpt", "nanogpt films"
QUICK = VideoRequest(
    "x", ModelId("seedance-lite-video"), duration_seconds=5, resolution="480p"
)  # what is taught to take no time
GENEROUS = Rules(rates=(RateLimit(1000, 60),), open_jobs_most=1000)
KEY = "sk-nano-sandbox"
TAUGHT = 30  # films


class OneFilm(Renderer):
    """Renders one film, and hands out copies of it."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._first = folder / "first.mp4"
        self._one_at_a_time = asyncio.Lock()

    async def render(self, request: FilmRequest, target: Path) -> None:
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
    async def quick_bot(self) -> AsyncIterator[Parts]:
        """The bot, with no limits to speak of, that knows how quick films are here."""
        async with self.bot() as parts:
            guild = GuildId(int(self.people.guild["id"]))
            actor = Actor(guild, UserId(1), "generous", NOW)
            await parts.treasury.apply(actor, SetPolicy(Policy(guild, rules=GENEROUS)))
            for _ in range(TAUGHT):
                await parts.store.observe_duration(ProviderName("nanogpt"), QUICK, 0.3, NOW)
            yield parts

    async def wish(self, person: Person, prompts: list[str]) -> list[Json]:
        """One command for each."""
        channel = self.people.channel("films")
        return [
            await person.command(channel, "video", {"prompt": prompt, **SHORT})
            for prompt in prompts
        ]

    async def ended(self, watch: Watch, count: int) -> None:
        """So many cards say how their job ended."""
        ends: set[str] = set()
        number = 0
        while len(ends) < count:
            card = await watch.nth(number, is_end)
            ends.add(card["id"])
            number += 1

    async def judge(self, parts: Parts, person: Person, prompts: list[str]) -> Counter[str]:
        """Charged once, posted once, nothing lost and the books in order; the outcomes' titles."""
        assert await parts.treasury.audit() == []
        assert await parts.store.list_active() == []
        runs = Counter(run["prompt"] for run in self.runs)
        assert max(runs.values(), default=0) <= 1, runs
        paid = [entry.amount_micros for entry in self.sandbox.nanogpt.service.books.entries]
        assert len(paid) == len(self.runs)
        posted = await person.read(self.people.channel("films"))
        cards = [one for one in posted if one["embeds"] and one["embeds"][0].get("footer")]
        films = Counter(
            one["content"] for one in posted if one["attachments"] and not one["embeds"]
        )
        assert len(cards) == len(prompts), [card["embeds"][0]["title"] for card in cards]
        assert max(films.values(), default=0) <= 1, films
        titles = Counter(card["embeds"][0]["title"] for card in cards)
        done = sum(count for title, count in titles.items() if "Done" in title)
        assert sum(films.values()) == done
        return titles


def is_end(kind: str, data: Json) -> bool:
    """A card that says how its job ended, and where the film is if there is one."""
    if kind not in {"MESSAGE_CREATE", "MESSAGE_UPDATE"} or not data.get("embeds"):
        return False
    title = data["embeds"][0].get("title", "")
    is_linked = "Watch" in str(data["embeds"][0].get("fields"))
    return ("Done" in title and is_linked) or any(
        word in title for word in ("No film", "Called off")
    )


@contextlib.asynccontextmanager
async def open_lined(folder: Path) -> AsyncIterator[Lined]:
    """A sandbox that gives the proxies' addresses for its own, to the bot and in its answers."""
    async with open_studio(folder, judged=False) as studio, contextlib.AsyncExitStack() as stack:
        sandbox, service = studio.sandbox, studio.sandbox.nanogpt.service
        origins = {
            DISCORD: sandbox.origin,
            NANOGPT: sandbox.nanogpt.origin,
            NANOGPT_FILMS: service.storage_origin,
        }
        lines = {
            name: await stack.enter_async_context(proxying(origin))
            for name, origin in origins.items()
        }
        sandbox.discord.world.addresses.origin = lines[DISCORD].origin
        service.storage_origin = lines[NANOGPT_FILMS].origin
        service._renderer = OneFilm(folder)
        yield Lined(sandbox, studio.people, studio.folder, lines)
