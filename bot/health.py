"""Health and metrics over HTTP, for whoever watches the bot: `/health` and `/metrics`.

Healthy means: the gateway is connected and the database answers. Nothing here names a member.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge, ProcessCollector, generate_latest

from bot.domain.jobs import ACTIVE_STATES, Job
from bot.errors import StorageError
from bot.ports import Clock


@dataclass(frozen=True, slots=True)
class Health:
    """How the bot is doing now."""

    discord: bool
    database: bool
    open_jobs: int
    jobs: Mapping[str, int] = field(default_factory=dict)  # open ones by state
    overdue_seconds: float = 0.0  # of the job that waits longest past its instant

    @property
    def is_fine(self) -> bool:
        return self.discord and self.database


async def examine_health(
    is_connected: Callable[[], bool],
    list_open: Callable[[], Awaitable[Sequence[Job]]],
    clock: Clock,
) -> Health:
    """Ask both; a database that does not answer is a finding, not an error."""
    try:
        jobs = await list_open()
    except StorageError:
        return Health(is_connected(), database=False, open_jobs=0)
    now = clock.now()
    late = ((now - job.next_action_at).total_seconds() for job in jobs)
    return Health(
        is_connected(),
        database=True,
        open_jobs=len(jobs),
        jobs=Counter(job.state.value for job in jobs),
        overdue_seconds=max(0.0, max(late, default=0.0)),
    )


@contextlib.asynccontextmanager
async def serving_health(
    host: str, port: int, examine: Callable[[], Awaitable[Health]]
) -> AsyncIterator[None]:
    """Serve both addresses for as long as the block runs; port 0 switches them off."""
    if port == 0:
        yield
        return
    runner = web.AppRunner(_application(examine), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield
    finally:
        await runner.cleanup()


def _application(examine: Callable[[], Awaitable[Health]]) -> web.Application:
    async def health(_request: web.Request) -> web.Response:
        found = await examine()
        return web.json_response(asdict(found), status=200 if found.is_fine else 503)

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=_metrics(await examine()), content_type="text/plain")

    application = web.Application()
    application.add_routes([web.get("/health", health), web.get("/metrics", metrics)])
    return application


def _metrics(found: Health) -> bytes:
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)  # memory, open files, CPU; on Linux
    for name, text, value in (
        ("showreel_discord_connected", "1 while the gateway is connected", found.discord),
        ("showreel_database_up", "1 while the database answers", found.database),
        ("showreel_open_jobs", "jobs that have not ended", found.open_jobs),
        ("showreel_overdue_seconds", "of the job longest past its instant", found.overdue_seconds),
        ("showreel_tasks", "tasks of the event loop", len(asyncio.all_tasks())),
    ):
        Gauge(name, text, registry=registry).set(value)
    states = Gauge("showreel_jobs", "open jobs by state", ["state"], registry=registry)
    for state in ACTIVE_STATES:
        states.labels(state.value).set(found.jobs.get(state.value, 0))
    return generate_latest(registry)
