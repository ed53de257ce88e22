"""Health and metrics over HTTP, for monitoring.

`/health/live` shows that the process runs: restart it if this fails. `/health/ready`, and `/health`
for short, show whether it can work: the gateway is connected and the database accepts writes. The
two are apart because an unreachable Discord is no reason to restart the bot. Nothing here names a
member, and no request reads or writes the database: a probe does, on its own.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from bot.clock import Clock
from bot.errors import ConfigurationError, StorageError
from bot.jobs.job import ACTIVE_STATES
from bot.jobs.stores import OpenJobs
from bot.tasks import repeat

_log = logging.getLogger(__name__)

PROBE_SECONDS = 15.0
STALE_SECONDS = 3 * PROBE_SECONDS  # a hanging database answers no probe at all
HEALTH_NOTE = "health_examined_at"
LIVE = {"live": True}  # a bot's answer to /health/live


class HealthStore(Protocol):
    """The probe's part of the database. Both methods raise StorageError."""

    async def set_note(self, name: str, value: str) -> None: ...

    async def count_open(self) -> Mapping[str, OpenJobs]: ...


@dataclass(frozen=True, slots=True)
class Health:
    """The bot's current health."""

    discord: bool
    database: bool
    jobs: Mapping[str, int] = field(default_factory=dict)  # open jobs by state
    overdue_seconds: float = 0.0  # of the job furthest past its due instant

    @property
    def open_jobs(self) -> int:
        return sum(self.jobs.values())

    @property
    def is_fine(self) -> bool:
        return self.discord and self.database


class HealthProbe:
    """Probes the database at an interval, and answers from the last result."""

    def __init__(
        self,
        is_connected: Callable[[], bool],
        store: HealthStore,
        clock: Clock,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._is_connected = is_connected
        self._store = store
        self._clock = clock
        self._elapsed = elapsed
        self._open: Mapping[str, OpenJobs] = {}
        self._answered: float | None = None

    async def run(self) -> None:
        """Probe endlessly; a failure is a result."""
        await repeat(self.probe, PROBE_SECONDS, self._clock.sleep)

    async def probe(self) -> None:
        """Write and read once. A database that only answers is of no use."""
        try:
            await self._store.set_note(HEALTH_NOTE, self._clock.now().isoformat())
            self._open = await self._store.count_open()
            self._answered = self._elapsed()
        except StorageError as error:
            if self._answered is not None:
                _log.warning("database_probe_failed", extra={"error": str(error)})
            self._answered = None

    def current(self) -> Health:
        """Return the last probe's result; one older than 45 seconds counts as failed."""
        answered = self._answered
        if answered is None or self._elapsed() - answered > STALE_SECONDS:
            return Health(self._is_connected(), database=False)
        now = self._clock.now()
        late = ((now - found.first_due_at).total_seconds() for found in self._open.values())
        return Health(
            self._is_connected(),
            database=True,
            jobs={state: found.count for state, found in self._open.items()},
            overdue_seconds=max(0.0, max(late, default=0.0)),
        )


@contextlib.asynccontextmanager
async def serving_health(
    host: str, port: int, current: Callable[[], Health]
) -> AsyncIterator[None]:
    """Serve all addresses while the block runs; port 0 switches them off.

    Raises ConfigurationError if the address is not available.
    """
    if port == 0:
        yield
        return
    runner = web.AppRunner(_application(current), access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            msg = f"HTTP_HOST, HTTP_PORT: can't listen on {host}:{port} ({error.strerror})"
            raise ConfigurationError(msg) from error
        yield
    finally:
        await runner.cleanup()


def _application(current: Callable[[], Health]) -> web.Application:
    metrics = _Metrics()

    async def live(_request: web.Request) -> web.Response:
        return web.json_response(LIVE)

    async def ready(_request: web.Request) -> web.Response:
        found = current()
        return web.json_response(_body(found), status=200 if found.is_fine else 503)

    async def scrape(_request: web.Request) -> web.Response:
        return web.Response(
            body=metrics.render(current()), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    application = web.Application()
    application.add_routes(
        [
            web.get("/health/live", live),
            web.get("/health/ready", ready),
            web.get("/health", ready),
            web.get("/metrics", scrape),
        ]
    )
    return application


def _body(found: Health) -> dict[str, object]:
    return {
        "discord": found.discord,
        "database": found.database,
        "open_jobs": found.open_jobs,
        "jobs": dict(found.jobs),
        "overdue_seconds": round(found.overdue_seconds, 3),
    }


class _Metrics:
    """The gauges, which live as long as their server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)  # memory, open files, CPU; on Linux
        self._connected = self._gauge("discord_connected", "1 while the gateway is connected")
        self._database = self._gauge("database_up", "1 while the database answers")
        self._open = self._gauge("open_jobs", "jobs that have not ended")
        self._overdue = self._gauge("overdue_seconds", "of the job longest past its instant")
        self._tasks = self._gauge("tasks", "tasks of the event loop")
        self._states = Gauge(
            "showreel_jobs", "open jobs by state", ["state"], registry=self._registry
        )

    def render(self, found: Health) -> bytes:
        self._connected.set(found.discord)
        self._database.set(found.database)
        self._open.set(found.open_jobs)
        self._overdue.set(found.overdue_seconds)
        self._tasks.set(len(asyncio.all_tasks()))
        for state in ACTIVE_STATES:
            self._states.labels(state.value).set(found.jobs.get(state.value, 0))
        return generate_latest(self._registry)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"showreel_{name}", text, registry=self._registry)
