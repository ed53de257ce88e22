"""The processes of a run: a sandbox that is never killed, and bots that are, each a real program."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.tasks import TaskOwner

ROOT = Path(__file__).parents[2]
TROUBLES = (
    "bot.errors.DatabaseBusyError",
    "discord.errors.",
    "aiohttp.",
    "TimeoutError",
    "OSError",
)
LONGEST_LINE = 4 * 1024 * 1024  # of a log, with a traceback in it
STARTS_WITHIN_SECONDS = 90.0
STOPS_WITHIN_SECONDS = 30.0

Environment = dict[str, str]


@contextlib.asynccontextmanager
async def running_sandbox(folder: Path, **settings: str) -> AsyncIterator[dict[str, str]]:
    """What a bot needs to run there, and its page; stops when the block ends."""
    environment = {"PATH": os.defpath, "SANDBOX_PORT": "0", "SANDBOX_DATA_DIR": str(folder)}
    with (folder / "sandbox.log").open("wb") as log:  # connections that were cut, above all
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "sandbox", "--json", "--with-parent"),
            cwd=ROOT,
            env=environment | {f"SANDBOX_{name.upper()}": text for name, text in settings.items()},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        told: dict[str, str] = json.loads(await child.stdout.readline())
        yield told
    finally:
        child.stdin.close()
        await child.wait()


@dataclass(slots=True)
class Bot:
    """One bot, running; `events` counts what it logged, by name, and `errors` what was one."""

    child: asyncio.subprocess.Process
    log: Path
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    events: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    unforeseen: list[str] = field(default_factory=list)  # errors of presses that no trouble made
    is_suspended: bool = False
    begun: float = field(default_factory=time.monotonic)
    starting_seconds: float = 0.0  # until it was connected
    clock: Path | None = None  # the file by which it can be turned
    _told: asyncio.Condition = field(default_factory=asyncio.Condition)
    _reading: asyncio.Task[None] | None = None

    @classmethod
    async def start(
        cls,
        tasks: TaskOwner,
        environment: Mapping[str, str],
        log: Path,
        ahead_seconds: float = 0,
        clock: Path | None = None,
    ) -> "Bot":
        """`python -m bot run`, or the same with its clock turned; not yet connected.

        With the file `clock` it can be turned while the bot runs.
        """
        module: tuple[str, ...] = ("bot",)
        if clock is not None:
            _write(clock, ahead_seconds)
            module = ("tests.killing.later", str(clock))
        elif ahead_seconds:
            module = ("tests.killing.later", str(ahead_seconds))
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", *module, "run"),
            cwd=ROOT,
            env=dict(environment),
            stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            limit=LONGEST_LINE,
        )
        bot = cls(child, log, clock=clock)
        bot._reading = tasks.start(bot._read(), name=f"log:{child.pid}")
        return bot

    @property
    def has_ended(self) -> bool:
        return self.child.returncode is not None

    async def connected(self, within_seconds: float = STARTS_WITHIN_SECONDS) -> None:
        """Returns when it is, or has ended."""
        async with asyncio.timeout(within_seconds):
            await self.ready.wait()

    async def logged(self, event: str, within_seconds: float = STARTS_WITHIN_SECONDS) -> None:
        """Returns when it has logged this, or has ended."""
        async with asyncio.timeout(within_seconds), self._told:
            await self._told.wait_for(lambda: event in self.events or self.ready.is_set())

    def suspend(self) -> None:
        """SIGSTOP: nothing of it runs until it is resumed or killed."""
        self.is_suspended = True
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self.is_suspended = False
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.child.send_signal(number)

    def turn(self, ahead_seconds: float) -> None:
        """Its clock, by the file."""
        if self.clock is not None:
            _write(self.clock, ahead_seconds)

    async def kill(self) -> int:
        """SIGKILL; the exit code, which is another than -9 if it had ended by itself."""
        with contextlib.suppress(ProcessLookupError):
            self.child.kill()
        return await self._ended()

    async def stop(self, within_seconds: float = STOPS_WITHIN_SECONDS) -> int:
        """SIGTERM, and the exit code."""
        with contextlib.suppress(ProcessLookupError):
            self.child.terminate()
        async with asyncio.timeout(within_seconds):
            return await self._ended()

    async def _ended(self) -> int:
        code = await self.child.wait()
        if self._reading is not None:
            await self._reading
        return code

    async def _read(self) -> None:
        assert self.child.stderr is not None
        with self.log.open("ab") as log:
            while line := await self.child.stderr.readline():
                log.write(line)
                self._note(line)
                await self._tell()
        self.ready.set()  # anyone who waits looks whether it has ended
        await self._tell()

    async def _tell(self) -> None:
        async with self._told:
            self._told.notify_all()

    def _note(self, line: bytes) -> None:
        told = _read_line(line)
        name = str(told.get("event", ""))[:80]
        self.events[name] += 1
        if told.get("level") in {"error", "critical"} or "event" not in told:
            self.errors[name or line.decode(errors="replace").strip()[:120]] += 1
        if name == "unexpected":
            error = error_in(str(told.get("exception", "")))
            if not error.startswith(TROUBLES):
                self.unforeseen.append(error[:200])
        if name == "discord_ready":
            self.starting_seconds = time.monotonic() - self.begun
            self.ready.set()


def error_in(traceback: str) -> str:
    """The line that names the error: what stands below it may be more of its words."""
    lines = traceback.strip().splitlines()
    frames = [number for number, line in enumerate(lines) if line.startswith("  File ")]
    below = lines[frames[-1] + 1 :] if frames else lines
    return next((line for line in below if line[:1].strip()), "no exception")


def _write(clock: Path, ahead_seconds: float) -> None:
    """Whole at every instant, for the bot reads it at any."""
    beside = clock.with_suffix(".new")
    beside.write_text(str(ahead_seconds), "utf-8")
    beside.replace(clock)


def _read_line(line: bytes) -> dict[str, Any]:
    try:
        told = json.loads(line)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def environment_of(told: Mapping[str, str], folder: Path, database: str | None) -> Environment:
    """For a bot in this folder, on this database or its own file."""
    given = {name: value for name, value in told.items() if name != "page"}
    fixed = {"PATH": os.defpath, "DATA_DIR": str(folder), "LOG_FORMAT": "json"}
    return given | fixed | ({} if database is None else {"DATABASE_URL": database})


async def call_bot(environment: Mapping[str, str], *arguments: str) -> tuple[int, str]:
    """Run one command of the bot to its end; its exit code and all it said."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", *arguments),
        cwd=ROOT,
        env=dict(environment),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await child.communicate()
    return child.returncode or 0, said.decode().strip()
