"""People for tests: they talk to the sandbox's own interface, as the chat page does."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import aiohttp

from sandbox.tasks import TaskOwner

Json = dict[str, Any]
PATIENCE_SECONDS = 120  # for one event: a busy machine encodes slowly, and is no failure


@dataclass(frozen=True)
class Upload:
    """A file as someone would choose it."""

    name: str
    content: bytes
    content_type: str = "application/octet-stream"


def _form(payload: Json, files: tuple[Upload, ...]) -> aiohttp.FormData | None:
    if not files:
        return None
    form = aiohttp.FormData()
    form.add_field("payload_json", json.dumps(payload), content_type="application/json")
    for index, file in enumerate(files):
        form.add_field(
            f"files[{index}]", file.content, filename=file.name, content_type=file.content_type
        )
    return form


@dataclass
class People:
    """Everyone in the sandbox's first server."""

    session: aiohttp.ClientSession
    base: str  # the sandbox's address, without a slash at the end
    guild: Json = field(default_factory=dict)

    async def look_around(self) -> None:
        world = await self.call("GET", "/world")
        self.guild = world["guilds"][0]

    async def call(
        self, method: str, path: str, payload: Json | None = None, *files: Upload
    ) -> Any:
        """One call; raises AssertionError with the answer when it is refused."""
        body: Any = {"json": payload} if payload is not None else {}
        if payload is not None and files:
            body = {"data": _form(payload, files)}
        address = f"{self.base}/sandbox/api{path}"
        async with self.session.request(method, address, **body) as response:
            text = await response.text()
            assert response.status < 400, f"{method} {path}: {response.status} {text}"
            return json.loads(text) if text else None

    def channel(self, name: str) -> str:
        found: str = next(c["id"] for c in self.guild["channels"] if c["name"] == name)
        return found

    def person(self, name: str) -> "Person":
        for member in self.guild["members"]:
            user = member["user"]
            if name in {user["username"], user.get("global_name")}:
                return Person(self, user["id"], name)
        raise LookupError(name)


@dataclass
class Person:
    """One member, acting."""

    people: People
    id: str
    name: str

    async def command(
        self, channel: str, command: str, options: Json | None = None, *files: Upload
    ) -> Any:
        payload = {
            "as": self.id,
            "channel_id": channel,
            "command": command,
            "options": options or {},
        }
        return await self.people.call("POST", "/interactions/command", payload, *files)

    async def complete(self, channel: str, command: str, options: Json, focused: str) -> list[Json]:
        payload = {
            "as": self.id,
            "channel_id": channel,
            "command": command,
            "options": options,
            "focused": focused,
        }
        record = await self.people.call("POST", "/interactions/autocomplete", payload)
        return list(record["choices"])

    async def menu(self, channel: str, command: str, target: str) -> Any:
        payload = {
            "as": self.id,
            "channel_id": channel,
            "command": command,
            "target_id": target,
        }
        return await self.people.call("POST", "/interactions/context-menu", payload)

    async def press(self, message: Json, custom_id: str, *values: str) -> Any:
        """Press a button, or choose these in a select."""
        payload = {
            "as": self.id,
            "channel_id": message["channel_id"],
            "message_id": message["id"],
            "custom_id": custom_id,
            "values": list(values),
        }
        return await self.people.call("POST", "/interactions/component", payload)

    async def submit(self, record: Json, fields: Json, *files: Upload) -> Any:
        """Fill in the form that an interaction was answered with."""
        payload = {"as": self.id, "interaction_id": record["id"], "fields": fields}
        return await self.people.call("POST", "/interactions/modal", payload, *files)

    async def animate(self, watch: "Watch", channel: str, target: str, **fields: Any) -> Any:
        """Send the form of "Animate" as it is shown, with these fields changed."""
        opened = await self.menu(channel, "Animate", target)
        record = await watch.until(
            lambda kind, data: (
                kind == "INTERACTION_RECORD"
                and data["id"] == opened["id"]
                and bool(data.get("modal"))
            )
        )
        return await self.submit(record, fields)

    async def interaction(self, record: Json) -> Any:
        return await self.people.call("GET", f"/interactions/{record['id']}?as={self.id}")

    async def say(self, channel: str, content: str = "", *files: Upload, **more: Any) -> Any:
        payload = {"as": self.id, "content": content, **more}
        return await self.people.call("POST", f"/channels/{channel}/messages", payload, *files)

    async def react(self, message: Json, emoji: str) -> None:
        await self.people.call("PUT", self._reaction(message, emoji))

    async def unreact(self, message: Json, emoji: str) -> None:
        await self.people.call("DELETE", self._reaction(message, emoji))

    def _reaction(self, message: Json, emoji: str) -> str:
        where = f"/channels/{message['channel_id']}/messages/{message['id']}"
        return f"{where}/reactions/{quote(emoji)}?as={self.id}"

    async def delete(self, message: Json) -> None:
        where = f"/channels/{message['channel_id']}/messages/{message['id']}"
        await self.people.call("DELETE", f"{where}?as={self.id}")

    async def read(self, channel: str) -> list[Json]:
        """What this person sees in a channel, newest first."""
        messages = await self.people.call("GET", f"/channels/{channel}/messages?as={self.id}")
        return list(messages)

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator["Watch"]:
        address = f"{self.people.base}/sandbox/api/events?as={self.id}"
        async with self.people.session.ws_connect(address) as socket, TaskOwner() as tasks:
            watch = Watch(socket)
            _reader = tasks.start(watch.read(), name="watch")
            yield watch


@dataclass
class Watch:
    """Everything that happens before this person's eyes, from the moment it is opened.

    Read in the background: a socket that no one reads answers no ping, and is closed for it.
    """

    socket: aiohttp.ClientWebSocketResponse
    seen: list[Json] = field(default_factory=list)
    arrived: asyncio.Queue[Json] = field(default_factory=asyncio.Queue)

    async def read(self) -> None:
        async for message in self.socket:
            self.arrived.put_nowait(message.json())

    async def until(self, wanted: Callable[[str, Json], bool]) -> Any:
        """The data of the first event that fits, seen already or still to come."""
        return await self.nth(0, wanted)

    async def nth(self, number: int, wanted: Callable[[str, Json], bool]) -> Any:
        """The data of the event that fits, of those that do, counted from 0."""
        fitting = [e["data"] for e in self.seen if wanted(e["type"], e["data"])]
        while len(fitting) <= number:
            event = await asyncio.wait_for(self.arrived.get(), PATIENCE_SECONDS)
            self.seen.append(event)
            if wanted(event["type"], event["data"]):
                fitting.append(event["data"])
        return fitting[number]
