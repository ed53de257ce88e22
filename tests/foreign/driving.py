"""Runs one client against a sandbox of its own and plays the person who uses its commands.

The client says in JSON lines how each of its steps went; the driver adds the person's steps, the
routes that the sandbox lacked, and whatever the client wrote to standard error.
"""

import asyncio
import json
import os
import tempfile
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from sandbox.app import Sandbox, running_sandbox
from sandbox.discord import seed
from sandbox.settings import SandboxSettings
from sandbox.tasks import TaskOwner
from tests.foreign.environments import Client
from tests.integration.sandbox.crowd import Crowd, crowd_of

Json = dict[str, Any]
BOT_STEPS = (
    "fetch", "register", "message", "edit", "delete", "upload", "v2", "reaction", "thread",
    "forum", "pin", "voice", "soundboard", "ratelimit",
)  # fmt: skip
PERSONS_STEPS = ("autocomplete", "command", "button", "select", "modal", "resume", "identify")
_PATIENCE_SECONDS = 120


@dataclass(slots=True)
class Report:
    """What came of a client: its steps with what went wrong, and what the sandbox lacked."""

    client: str
    steps: dict[str, str | None] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    missing_routes: list[Json] = field(default_factory=list)
    noise: str = ""

    def problems(self) -> list[str]:
        """What is wrong, in lines; empty if all went well."""
        found = [f"{name}: {told}" for name, told in self.steps.items() if told is not None]
        due = {*BOT_STEPS, *PERSONS_STEPS} - set(self.steps) - set(self.absent)
        found += [f"{name}: was not reached" for name in sorted(due)]
        return found


class Driven:
    """A running client and the lines it has said."""

    def __init__(self, process: asyncio.subprocess.Process, report: Report) -> None:
        self._process = process
        self._report = report
        self._heard: dict[str, asyncio.Event] = {}
        self._over = asyncio.Event()

    async def listen(self) -> None:
        """Read what the client says to its end."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self._hear(line.decode(errors="replace"))
        self._over.set()

    async def complain(self) -> None:
        """Keep what the client writes to standard error."""
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            self._report.noise += line.decode(errors="replace")

    def _hear(self, line: str) -> None:
        try:
            told = json.loads(line)
            name = told["step"]
        except (ValueError, TypeError, KeyError):
            self._report.noise += line
            return
        if "absent" in told:
            self._report.absent[name] = told["absent"]
        elif self._report.steps.get(name) is None:
            self._report.steps[name] = told["problem"]
        self.heard(name).set()

    def heard(self, name: str) -> asyncio.Event:
        return self._heard.setdefault(name, asyncio.Event())

    async def reached(self, name: str) -> None:
        """Wait until the client has said so; TimeoutError if it has ended or takes too long."""
        async with asyncio.timeout(_PATIENCE_SECONDS), TaskOwner() as tasks:
            heard = tasks.start(self.heard(name).wait(), name="heard")
            over = tasks.start(self._over.wait(), name="over")
            await asyncio.wait({heard, over}, return_when=asyncio.FIRST_COMPLETED)
        if not self.heard(name).is_set():
            raise TimeoutError(f"the client ended before {name}")


async def drive(client: Client, traffic: Path | None = None) -> Report:
    """Run the client through everything. Raises AbsentError if it cannot be installed."""
    command = await asyncio.to_thread(client.command)
    report = Report(client.name)
    with tempfile.TemporaryDirectory(prefix="showreel-foreign-") as folder:
        settings = SandboxSettings(
            port=0, data_dir=Path(folder), generation_seconds=0, traffic_log=traffic
        )
        async with running_sandbox(settings) as sandbox, aiohttp.ClientSession() as session:
            crowd = crowd_of(sandbox, session)
            await _play(command, report, sandbox, crowd)
            report.missing_routes = await crowd.done("GET", "/missing-routes")
    return report


async def _play(command: list[str], report: Report, sandbox: Sandbox, crowd: Crowd) -> None:
    environment = await _prepared(sandbox, crowd)
    process = await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment
    )
    driven = Driven(process, report)
    async with TaskOwner() as tasks:
        _listener = tasks.start(driven.listen(), name="stdout")
        _complaints = tasks.start(driven.complain(), name="stderr")
        try:
            await driven.reached("register")
            person = Person(crowd, report)
            await person.uses_everything()
            await driven.reached("done")
            await person.tries("resume", lambda: _resume(sandbox, driven))
            await person.tries("identify", lambda: _identify_again(sandbox))
        except TimeoutError as error:
            report.steps["patience"] = str(error) or "it took too long"
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _resume(sandbox: Sandbox, driven: Driven) -> None:
    sandbox.gateway.disconnect(7, None, resumable=True)
    await driven.reached("resumed")


async def _identify_again(sandbox: Sandbox) -> None:
    """An invalid session must make the client begin a new one, though starts are five seconds apart."""
    before = {item["session_id"] for item in sandbox.gateway.describe_sessions()}
    sandbox.gateway.disconnect(9, None, resumable=False)
    while not any(  # noqa: ASYNC110 - there is no event of it
        item["connected"] and item["session_id"] not in before
        for item in sandbox.gateway.describe_sessions()
    ):
        await asyncio.sleep(0.1)  # noqa: TID251 - real clients take real time


async def _prepared(sandbox: Sandbox, crowd: Crowd) -> dict[str, str]:
    """The bot may do everything, and there are a forum and a voice channel to do it in."""
    guild = f"/guilds/{seed.GUILD_ID}"
    await crowd.done("PATCH", f"{guild}/roles/{seed.BOT_ROLE}", {"permissions": "8"})
    forum = await crowd.done("POST", f"{guild}/channels", {"name": "posts", "type": 15})
    voice = await crowd.done("POST", f"{guild}/channels", {"name": "talk", "type": 2})
    told = sandbox.environment()
    ids = {
        "GUILD": seed.GUILD_ID,
        "VIDEOS": seed.VIDEOS,
        "FORUM": forum["id"],
        "VOICE": voice["id"],
    }
    inherited = {
        name: value
        for name, value in os.environ.items()  # noqa: TID251 - a child process needs PATH and the like
        if name in {"PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV"}
    }
    return inherited | {
        "SANDBOX_API": told["DISCORD_API_URL"],
        "SANDBOX_GATEWAY": told["DISCORD_GATEWAY_URL"],
        "SANDBOX_TOKEN": told["DISCORD_TOKEN"],
        **{f"SANDBOX_{name}": str(value) for name, value in ids.items()},
    }


@dataclass(slots=True)
class Person:
    """Uses the client's command, its button, its select and its form."""

    crowd: Crowd
    report: Report
    message: Json = field(default_factory=dict)

    async def uses_everything(self) -> None:
        await self.tries("autocomplete", self._types)
        await self.tries("command", self._runs)
        await self.tries("button", self._presses)
        await self.tries("select", self._chooses)
        await self.tries("modal", self._fills_in)

    async def tries(self, name: str, act: Callable[[], Awaitable[None]]) -> None:
        """Note how a step went."""
        try:
            async with asyncio.timeout(30):
                await act()
        except (AssertionError, TimeoutError, KeyError, StopIteration) as error:
            self.report.steps[name] = f"{type(error).__name__}: {error}"
        else:
            self.report.steps.setdefault(name, None)

    async def _types(self) -> None:
        answer = await self.crowd.complete("video", {"words": "fo"}, "words")
        assert [item["name"] for item in answer.body["choices"]] == ["fox"], answer.body

    async def _runs(self) -> None:
        files = {"fox.png": b"picture"}
        options = {"words": "fox", "picture": "attachment://0"}
        answer = await self.crowd.command("video", options, files=files)
        assert answer.status == 200, answer.body
        record = await self._until_answered(answer.body)
        self.message = record["message"]
        assert "fox" in self.message["content"], record
        assert self.message["attachments"][0]["filename"] == "video.mp4", record

    async def _presses(self) -> None:
        record = await self._until_answered((await self.crowd.use(self.message, "press")).body)
        assert record["message"]["content"] == "pressed", record

    async def _chooses(self) -> None:
        answer = await self.crowd.use(self.message, "choose", ["b"])
        record = await self._until_answered(answer.body)
        assert record["message"]["content"] == "chose b", record

    async def _fills_in(self) -> None:
        answer = await self.crowd.use(self.message, "ask")
        assert answer.body["state"] == "modal", answer.body
        form = {
            "as": str(seed.JUNO),
            "interaction_id": answer.body["id"],
            "fields": {"words": "a hen"},
        }
        submitted = await self.crowd.done("POST", "/interactions/modal", form)
        record = await self._until_answered(submitted)
        assert record["message"]["content"] == "wrote a hen", record

    async def _until_answered(self, record: Json) -> Json:
        """The record once the bot has answered for good."""
        path = f"/interactions/{record['id']}?as={seed.JUNO}"
        while record["state"] in {"pending", "deferred"}:
            await asyncio.sleep(0.1)  # noqa: TID251 - real clients take real time
            record = await self.crowd.done("GET", path)
        assert record["state"] == "answered", record
        return record
