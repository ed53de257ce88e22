"""Running the bot: what runs for ever, how it stops, and what is done to the database at rest.

It stops in the reverse order of its start: first no new wishes, then the steps under way, then the
connections. `kill -9` at any point loses nothing; this order is only politeness.
"""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import discord
from pydantic import SecretStr

from bot.errors import ClientEndedError, ConfigurationError, DatabaseBusyError
from bot.health import serving_health
from bot.logs import set_up_logs
from bot.services.auditing import ensure_books
from bot.settings import Settings
from bot.storage.alone import alone_on
from bot.storage.databases import open_database
from bot.storage.money import Money
from bot.storage.treasury import SqlTreasury
from bot.tasks import TaskOwner, supervise
from bot.wiring import Parts, joined

_log = logging.getLogger(__name__)

CATALOGUE_REFRESH_SECONDS = 3600.0
STOP_GRACE_SECONDS = 10.0
MOST_SECONDS_BETWEEN_STARTS = 15.0
_REFUSED = (discord.LoginFailure, discord.PrivilegedIntentsRequired)


async def run_bot(settings: Settings) -> None:
    """Run until SIGTERM or Ctrl-C; waits for a database that is away, or another bot's, when it starts.

    Where discord.py gives its client up, everything is started anew. Raises ConfigurationError for what the operator must mend.
    """
    set_up_logs(level=settings.log_level, form=settings.log_format, secrets=secrets_of(settings))
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: KeyboardInterrupt does it
            loop.add_signal_handler(name, stopped.set)
    backoff = 1.0
    while not stopped.is_set():
        try:
            with alone_on(settings.database):
                async with joined(settings) as parts:
                    await run_until(stopped, settings, parts)
                    return
        except DatabaseBusyError as error:  # as while it starts beside us
            _log.warning("database_away", extra={"error": str(error), "wait_seconds": backoff})
        except ClientEndedError as error:
            _log.warning("client_ended", extra={"error": str(error), "wait_seconds": backoff})
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(backoff):
                await stopped.wait()
        backoff = min(backoff * 2, MOST_SECONDS_BETWEEN_STARTS)


async def run_until(stopped: asyncio.Event, settings: Settings, parts: Parts) -> None:
    """Run everything that runs for ever, each supervised, until `stopped` or a fatal error."""
    if settings.discord_token is None:
        msg = "DISCORD_TOKEN: it is missing"
        raise ConfigurationError(msg)
    token = settings.discord_token.get_secret_value()
    await refresh_catalogue(parts)
    tasks = TaskOwner()
    async with serving_health(settings.http_host, settings.http_port, parts.health), parts.client:
        _ = tasks.start(ensure_books(parts.treasury), name="audit")
        gateway = _start_gateway(tasks, parts, token)
        ended = tasks.start(stopped.wait(), name="stop")
        endless = {gateway, ended, *_start_loops(tasks, parts)}
        await asyncio.wait(endless, return_when=asyncio.FIRST_COMPLETED)
        await _stop(tasks, parts)
    _raise_fatal(gateway)
    if not stopped.is_set():
        msg = "it stopped by itself"
        raise ClientEndedError(msg)


async def _stop(tasks: TaskOwner, parts: Parts) -> None:
    """In this order; one that fails keeps none of the others from being stopped."""
    _log.info("stopping")
    async with contextlib.AsyncExitStack() as last_first:
        last_first.push_async_callback(tasks.close, grace_seconds=0.5)
        last_first.push_async_callback(parts.client.leave)
        last_first.push_async_callback(parts.delivering.stop, grace_seconds=STOP_GRACE_SECONDS)
        last_first.push_async_callback(parts.tracker.stop, grace_seconds=STOP_GRACE_SECONDS)


def _start_gateway(tasks: TaskOwner, parts: Parts, token: str) -> "asyncio.Task[None]":
    connected = supervise(
        "gateway",
        lambda: parts.client.start(token),
        wait=parts.clock.sleep,
        is_fatal=lambda error: isinstance(error, (*_REFUSED, ClientEndedError)),
    )
    return tasks.start(connected, name="gateway")


def _start_loops(tasks: TaskOwner, parts: Parts) -> "set[asyncio.Task[None]]":
    loops: dict[str, Callable[[], Awaitable[None]]] = {
        "tracker": parts.tracker.run,
        "delivering": parts.delivering.run,
        "noticing": parts.noticing.run,
        "tidying": parts.tidying.run,
        "salvaging": parts.salvaging.run,
        "watching": parts.watching.run,
        "catalogue": partial(keep_catalogue_fresh, parts),
    }
    return {
        tasks.start(supervise(name, run, wait=parts.clock.sleep), name=name)
        for name, run in loops.items()
    }


def _raise_fatal(gateway: "asyncio.Task[None]") -> None:
    error = None if gateway.cancelled() or not gateway.done() else gateway.exception()
    if isinstance(error, _REFUSED):
        msg = f"DISCORD_TOKEN: Discord refused it ({error})"
        raise ConfigurationError(msg) from error
    if error is not None:
        raise error


async def refresh_catalogue(parts: Parts) -> None:
    """Ask every provider for its models; one that is away answers from its bundled table."""
    found = [await provider.list_capabilities() for provider in parts.providers.values()]
    parts.catalogue.replace(capability for listed in found for capability in listed)


async def keep_catalogue_fresh(parts: Parts) -> None:
    """Models and prices change; ask again every hour."""
    while True:
        await parts.clock.sleep(CATALOGUE_REFRESH_SECONDS)
        await refresh_catalogue(parts)


def secrets_of(settings: Settings) -> list[str]:
    """What must never be logged."""
    values = (getattr(settings, name) for name in type(settings).model_fields)
    return [value.get_secret_value() for value in values if isinstance(value, SecretStr)]


async def migrate_database(settings: Settings) -> int:
    """Bring the database to this program's version, and say which that is."""
    async with open_database(settings.database) as engine:
        return await engine.version()


async def back_up_database(settings: Settings, target: Path) -> None:
    """Copy the database while it is in use. Raises StorageError where that is not ours to do."""
    async with open_database(settings.database) as engine:
        await engine.back_up(target)


async def audit_books(settings: Settings) -> tuple[list[str], int]:
    """Everything in the books that does not add up, and how many transactions they hold."""
    async with open_database(settings.database) as engine:
        treasury = SqlTreasury(engine, Money(engine))
        return await treasury.audit(), await treasury.count_transactions()
