"""A town to kill bots in: a sandbox with its crowd, a database, and the bot's folder."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

import aiohttp

from bot.catalog.request import Shot, VideoRequest
from bot.clock import SystemClock
from bot.ids import GuildId, ModelId, ProviderName
from bot.money.changes import SetPolicy
from bot.money.limits import Allowance, Policy
from bot.money.windows import Window
from bot.storage.engines.databases import open_database
from tests.contract.branches import Branch, by
from tests.crash.books import DOLLAR, GENEROUS
from tests.killing.books import Books, Row, measure, read_books
from tests.killing.crowd import VEO, Crowd
from tests.killing.eyes import open_eyes
from tests.killing.processes import Environment, environment_of, running_sandbox
from tests.killing.trouble import Trouble
from tests.people import People
from tests.studio import SHORT

CHANNELS = ("videos", "pictures", "cinema", "attic")
TAUGHT_SECONDS = 0.7  # how long videos are said to have taken here before
TAUGHT_TIMES = 30
MAX_OPEN = 1000
MAX_MICROS = 10_000 * DOLLAR
# What a member paid: all that left their accounts for a job, less all that came back.
JOBS = """
    SELECT j.id, j.state, j.idempotency_key, j.storyboard_id, j.shot_number, j.reuses,
        COALESCE(p.micros, 0) AS taken_micros
    FROM jobs AS j LEFT JOIN (
        SELECT t.job_id, -SUM(e.micros) AS micros FROM ledger_transactions AS t
        JOIN ledger_entries AS e ON e.transaction_id = t.id
        JOIN accounts AS a ON a.id = e.account_id
        WHERE t.job_id IS NOT NULL AND a.kind IN ('allowance', 'grant', 'event')
        GROUP BY t.job_id
    ) AS p ON p.job_id = j.id
"""


@dataclass
class Town:
    """Everything but the bots; `ahead_seconds` is how far its clocks were turned."""

    people: People
    crowd: Crowd
    trouble: Trouble
    folder: Path
    database: str
    environment: Environment
    ahead_seconds: float = 0.0
    clock: SystemClock = field(default_factory=SystemClock)
    lengths: dict[str, float] = field(default_factory=dict)  # of the files measured so far

    async def turn_clocks(self, seconds: float) -> None:
        """While no bot runs: its next start is on a machine that is as far ahead."""
        await self.people.call("POST", "/clock", {"advance_seconds": seconds})
        self.ahead_seconds += seconds

    async def books(self) -> Books:
        books = await read_books(self.crowd.people[0], self.crowd.channels)
        books = replace(books, rows=await self._rows(), lengths=self.lengths)
        for job, told in books.jobs().items():
            if told.videos and job not in self.lengths:
                seconds = await measure(self.crowd.people[0], told.videos[0])
                if seconds is not None:
                    self.lengths[job] = seconds
        return books

    async def _rows(self) -> dict[str, Row]:
        """Every job in the bot's own database."""
        async with open_database(self.database) as engine:
            rows = await Branch(engine).rows(JOBS)
        return {
            row["id"]: Row(
                row["state"],
                row["idempotency_key"],
                row["storyboard_id"],
                row["shot_number"],
                row["reuses"],
                int(row["taken_micros"]),
            )
            for row in rows
        }

    async def states(self) -> dict[str, str]:
        """How each job stands in the bot's own database."""
        async with open_database(self.database) as engine:
            rows = await Branch(engine).rows("SELECT id, state FROM jobs")
        return {row["id"]: row["state"] for row in rows}


@contextlib.asynccontextmanager
async def open_town(folder: Path, seed: int, database: str | None = None) -> AsyncIterator[Town]:
    """A town whose crowd and trouble follow the seed; no one acts yet."""
    home, beside = _make(folder / "bot"), _make(folder / "sandbox")
    async with contextlib.AsyncExitStack() as stack:
        told = await stack.enter_async_context(
            running_sandbox(beside, rate_limits="false", render_once="true")
        )
        session = await stack.enter_async_context(aiohttp.ClientSession())
        people = People(session, told["page"].rstrip("/"))
        await _settle(people)
        folk = [people.person(name) for name in ("Ada", "Max", "Fern", "Juno")]
        eyes = await stack.enter_async_context(open_eyes(folk))
        channels = [people.channel(name) for name in CHANNELS]
        crowd = Crowd(folk, channels, eyes, Random(f"crowd {seed}"))  # noqa: S311 - a replay
        trouble = Trouble(people, Random(f"trouble {seed}"))  # noqa: S311 - a replay
        await trouble.choose_manners()
        where = database or f"sqlite:///{home}/showreel.db"
        await _prepare(where, people)
        environment = environment_of(told, home, where)
        yield Town(people, crowd, trouble, folder, where, environment)


def _make(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


async def _settle(people: People) -> None:
    """Make the channels that are not there yet."""
    await people.look_around()
    known = {channel["name"] for channel in people.guild["channels"]}
    for name in CHANNELS:
        if name not in known:
            await people.call("POST", f"/guilds/{people.guild['id']}/channels", {"name": name})
    await people.look_around()


def unlimited(guild: GuildId) -> Policy:
    """Limits that no one reaches."""
    allowance = Allowance(MAX_MICROS, Window.DAY)
    rules = replace(GENEROUS.rules, open_jobs_most=MAX_OPEN, rates=(), allowance=allowance)
    return Policy(guild, rules=rules, pool_micros=MAX_MICROS)


async def _prepare(database: str, people: People) -> None:
    """Limits that no one reaches, and a memory of how quick videos are here."""
    guild = GuildId(int(people.guild["id"]))
    async with open_database(database) as engine:
        branch = Branch(engine)
        actor = replace(by("generous", at=SystemClock().now()), guild_id=guild)
        await branch.money_store.apply(actor, SetPolicy(unlimited(guild)))
        for provider, request in _taught():
            for _ in range(TAUGHT_TIMES):
                at = SystemClock().now()
                await branch.jobs.observe_render_time(provider, request, TAUGHT_SECONDS, at)


def _taught() -> list[tuple[ProviderName, VideoRequest]]:
    veo = ModelId(VEO["model"])
    shot = VideoRequest("x", veo, duration_seconds=8, resolution="720p")
    lite = VideoRequest("x", ModelId(str(SHORT["model"])), duration_seconds=5, resolution="480p")
    nanophoto = ProviderName("nanophoto")
    return [
        (ProviderName("nanogpt"), lite),
        (nanophoto, shot),
        (nanophoto, replace(shot, shots=(Shot("a"), Shot("b")))),
    ]
