"""Runs the bot: its endless loops and its shutdown.

It stops in the reverse order of its start: first no new requests, then the running steps, then the
connections. `kill -9` at any point loses nothing; this order is only politeness.
"""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from urllib.parse import unquote

import discord
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.composition import Application, composed
from bot.errors import ClientEndedError, ConfigurationError, DatabaseBusyError
from bot.gateway import GatewayPace
from bot.health import serving_health
from bot.logs import set_up_logs
from bot.money.admin import ensure_books
from bot.providers import registry
from bot.settings import Settings
from bot.storage.engines.databases import alone_on
from bot.tasks import TaskOwner, repeat, supervise

_log = logging.getLogger(__name__)

CATALOG_REFRESH_SECONDS = 3600.0
STOP_GRACE_SECONDS = 10.0
MAX_SECONDS_BETWEEN_STARTS = 15.0
LONG_RUN_SECONDS = 60.0
FORMER_FOLDER = "films"  # of videos, in versions before the stored names changed
_REFUSED = (discord.LoginFailure, discord.PrivilegedIntentsRequired)


async def run_bot(settings: Settings) -> None:
    """Run until SIGTERM or Ctrl-C; wait for a database that is down or in use by another bot.

    Start everything again when discord.py gives up its client. Raises ConfigurationError for what
    the operator must fix.
    """
    set_up_logs(level=settings.log_level, form=settings.log_format, secrets=secrets_of(settings))
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stopped.set)
    backoff = 1.0
    pace = GatewayPace(SystemClock())
    while not stopped.is_set():
        begun = loop.time()
        try:
            with alone_on(settings.database):
                may_begin = ledger_may_begin(settings)
                await asyncio.to_thread(adopt_former_folder, settings.data_dir)
                async with composed(settings, pace, may_begin=may_begin) as parts:
                    await run_until(stopped, settings, parts)
                    return
        except DatabaseBusyError as error:  # such as while it starts beside us
            _log.warning(
                "database_unreachable", extra={"error": str(error), "wait_seconds": backoff}
            )
        except ClientEndedError as error:
            _log.warning("client_ended", extra={"error": str(error), "wait_seconds": backoff})
        if loop.time() - begun > LONG_RUN_SECONDS:  # it ran well: the next failure is a new one
            backoff = 1.0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(backoff):
                await stopped.wait()
        backoff = min(backoff * 2, MAX_SECONDS_BETWEEN_STARTS)


async def run_until(stopped: asyncio.Event, settings: Settings, parts: Application) -> None:
    """Run all endless loops, each supervised, until `stopped` or a fatal error."""
    if settings.discord_token is None:
        msg = "DISCORD_TOKEN: missing"
        raise ConfigurationError(msg)
    token = settings.discord_token.get_secret_value()
    await refresh_catalog(parts)
    if not list(parts.catalog):
        hint = f"set {registry.key_variables()}; until then I can't make videos"
        _log.warning("no_video_service", extra={"hint": hint})
    tasks = TaskOwner()
    async with (
        serving_health(settings.http_host, settings.http_port, parts.health.current),
        parts.client,
    ):
        _ = tasks.start(ensure_books(parts.stores.money), name="audit")
        gateway = _start_gateway(tasks, parts, token)
        ended = tasks.start(stopped.wait(), name="stop")
        endless = {gateway, ended, *_start_loops(tasks, parts)}
        await asyncio.wait(endless, return_when=asyncio.FIRST_COMPLETED)
        await _stop(tasks, parts)
    _raise_fatal(gateway)
    if not stopped.is_set():
        msg = "the bot stopped by itself"
        raise ClientEndedError(msg)


async def _stop(tasks: TaskOwner, parts: Application) -> None:
    """Stop everything in this order; a failure of one does not keep the others running."""
    _log.info("stopping")
    async with contextlib.AsyncExitStack() as last_first:
        last_first.push_async_callback(tasks.close, grace_seconds=0.5)
        last_first.push_async_callback(parts.client.leave)
        last_first.push_async_callback(
            parts.loops.dispatcher.stop, grace_seconds=STOP_GRACE_SECONDS
        )
        last_first.push_async_callback(parts.loops.worker.stop, grace_seconds=STOP_GRACE_SECONDS)


def _start_gateway(tasks: TaskOwner, parts: Application, token: str) -> "asyncio.Task[None]":
    connected = supervise(
        "gateway",
        lambda: parts.client.start(token),
        wait=parts.clock.sleep,
        is_fatal=lambda error: isinstance(error, (*_REFUSED, ClientEndedError)),
    )
    return tasks.start(connected, name="gateway")


def _start_loops(tasks: TaskOwner, parts: Application) -> "set[asyncio.Task[None]]":
    loops: dict[str, Callable[[], Awaitable[None]]] = {
        "worker": parts.loops.worker.run,
        "dispatcher": parts.loops.dispatcher.run,
        "notices": parts.loops.notices.run,
        "sweeper": parts.loops.sweeper.run,
        "answers": parts.loops.answers.run,
        "retention": parts.loops.retention.run,
        "late_results": parts.loops.late_results.run,
        "watchdog": parts.loops.watchdog.run,
        "blocking": parts.loops.blocking.run,
        "improving": parts.loops.improving.run,
        "health": parts.health.run,
        "catalog": partial(keep_catalog_fresh, parts),
    }
    return {
        tasks.start(supervise(name, run, wait=parts.clock.sleep), name=name)
        for name, run in loops.items()
    }


def _raise_fatal(gateway: "asyncio.Task[None]") -> None:
    error = None if gateway.cancelled() or not gateway.done() else gateway.exception()
    if isinstance(error, _REFUSED):
        msg = f"DISCORD_TOKEN: rejected by Discord ({error})"
        raise ConfigurationError(msg) from error
    if error is not None:
        raise error


async def refresh_catalog(parts: Application) -> None:
    """Fetch every provider's models; an unreachable one answers from its bundled table."""
    found = [await provider.list_capabilities() for provider in parts.providers.values()]
    parts.catalog.replace(capability for listed in found for capability in listed)


async def keep_catalog_fresh(parts: Application) -> None:
    """Fetch models and prices again every hour."""
    refresh = partial(refresh_catalog, parts)
    await repeat(refresh, CATALOG_REFRESH_SECONDS, parts.clock.sleep, waits_first=True)


def secrets_of(settings: Settings) -> list[str]:
    """Values that must never be logged."""
    values = (getattr(settings, name) for name in type(settings).model_fields)
    found = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
    password = settings.database.partition("://")[2].rpartition("@")[0].partition(":")[2]
    return [*found, *dict.fromkeys(filter(None, (password, unquote(password))))]


def ledger_may_begin(settings: Settings) -> bool:
    """Whether an empty database is expected: this data folder has no video."""
    folders = (settings.data_dir / "videos", settings.data_dir / FORMER_FOLDER)
    return all(next(folder.glob("*.mp4"), None) is None for folder in folders)


def adopt_former_folder(data_dir: Path) -> None:
    """Move the videos of an earlier version to where they are kept now.

    Without them, videos that are paid for and not posted yet would be lost. Another process may do
    the same at the same time, or still write there: what is in the new folder is never replaced.
    """
    former, folder = data_dir / FORMER_FOLDER, data_dir / "videos"
    if not former.is_dir():
        return
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(former.iterdir()):
        if not (folder / path.name).exists():
            with contextlib.suppress(FileNotFoundError):
                path.rename(folder / path.name)
    with contextlib.suppress(OSError):  # not empty, or gone
        former.rmdir()
