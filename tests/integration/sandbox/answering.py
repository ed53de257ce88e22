"""A bot for tests that answers interactions frame by frame, with no library in between."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from sandbox.app import Sandbox
from sandbox.discord import seed
from sandbox.tasks import TaskOwner
from tests.integration.sandbox.crowd import Crowd, crowd_of
from tests.integration.sandbox.rest import Answer, Rest
from tests.integration.sandbox.wire import Wire, listening

Json = dict[str, Any]
EPHEMERAL, LOADING = 1 << 6, 1 << 7


@dataclass
class Bot:
    """Listens on a wire and answers over REST, the token in the path being its only key."""

    wire: Wire
    rest: Rest
    crowd: Crowd
    tasks: TaskOwner

    def in_the_meantime(self, act: Coroutine[Any, Any, Answer]) -> asyncio.Task[Answer]:
        """Someone acts while the bot goes on to listen."""
        return self.tasks.start(act, name="someone")

    async def asked(self) -> Json:
        """The next interaction."""
        interaction: Json = await self.wire.until("INTERACTION_CREATE")
        return interaction

    async def callback(
        self,
        interaction: Json,
        kind: int,
        data: Any = None,
        *,
        files: dict[str, bytes] | None = None,
        query: str = "?with_response=1",
    ) -> Answer:
        path = f"/interactions/{interaction['id']}/{interaction['token']}/callback{query}"
        payload = {"type": kind} | ({"data": data} if data is not None else {})
        return await self.rest.call("POST", path, payload, files=files, token="none")

    async def webhook(
        self,
        method: str,
        interaction: Json,
        below: str = "",
        payload: Any = None,
        files: dict[str, bytes] | None = None,
    ) -> Answer:
        path = f"/webhooks/{seed.APPLICATION_ID}/{interaction['token']}{below}"
        return await self.rest.call(method, path, payload, files=files, token="none")

    async def register(self, *commands: Json, guild: int | None = None) -> list[Json]:
        where = f"/guilds/{guild}" if guild else ""
        path = f"/applications/{seed.APPLICATION_ID}{where}/commands"
        answer = await self.rest.call("PUT", path, list(commands))
        assert answer.status == 200, answer.body
        registered: list[Json] = answer.body
        return registered


@asynccontextmanager
async def answering(
    sandbox: Sandbox, session: aiohttp.ClientSession, rest: Rest, *commands: Json
) -> AsyncIterator[Bot]:
    async with listening(sandbox, session) as wire, TaskOwner() as tasks:
        bot = Bot(wire, rest, crowd_of(sandbox, session), tasks)
        if commands:
            await bot.register(*commands)
        yield bot


def command(name: str = "video", *options: Json, **more: Any) -> Json:
    return {"name": name, "description": "Does it", "type": 1, "options": list(options), **more}


def option(kind: int, name: str, **more: Any) -> Json:
    return {"type": kind, "name": name, "description": "One", **more}


def button(custom_id: str, **more: Any) -> Json:
    return {"type": 2, "style": 1, "label": "Go", "custom_id": custom_id, **more}


def row(*components: Json) -> Json:
    return {"type": 1, "components": list(components)}


async def asked(bot: Bot) -> tuple[Json, Any]:
    """An interaction that waits for its answer, and the person's waiting for it."""
    waiting = bot.in_the_meantime(bot.crowd.command("video"))
    return await bot.asked(), waiting


async def answered(bot: Bot, kind: int, data: Any = None) -> tuple[Json, Json]:
    """An interaction with that answer, and its record."""
    interaction, waiting = await asked(bot)
    assert (await bot.callback(interaction, kind, data)).status == 200
    return interaction, (await waiting).body


async def used(
    bot: Bot, message: Json, custom_id: str, kind: int, data: Any = None, *, values: Any = None
) -> tuple[Json, Json]:
    """The interaction of a press or a choice, with that answer, and its record."""
    using = bot.in_the_meantime(bot.crowd.use(message, custom_id, values))
    interaction = await bot.asked()
    assert (await bot.callback(interaction, kind, data)).status == 200
    return interaction, (await using).body
