# mypy: ignore-errors
# ruff: noqa: ARG001, ASYNC110 - theirs are not installed here, and their functions take what they take
"""Other engines in the comparison; runs in a virtual environment of theirs, without the bot's.

`python -m bench.peers <name> <origin> <videos> <database>`: as `bench.contenders`. Each of them
keeps the request in its database and runs one function for it, which looks once a second and whose
result is kept. All of them hold what the service said in memory until then.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Callable, Coroutine
from typing import Any

from uvloop import new_event_loop

from bench.line import Line, open_line, peak_rss_mb


class Counted:
    """Brings videos, and knows when the last is in."""

    def __init__(self, line: Line, videos: int) -> None:
        self._line = line
        self._left = videos
        self.all_in = asyncio.Event()

    async def bring(self) -> str:
        address = await self._line.bring()
        self._left -= 1
        if not self._left:
            self.all_in.set()
        return address


async def saq(origin: str, videos: int, database: str) -> float:
    """Its queue in PostgreSQL or Redis, as `database` says; all jobs at once."""
    from saq import Queue, Worker  # noqa: PLC0415 - each engine needs only itself

    async with open_line(origin) as line:
        counted = Counted(line, videos)

        async def bring(_context: Any, *, number: int) -> str:
            return await counted.bring()

        queue = Queue.from_url(database)
        await queue.connect()
        for number in range(videos):
            await queue.enqueue("bring", number=number, timeout=300)
        begun = time.process_time()
        worker = Worker(queue, functions=[("bring", bring)], concurrency=videos)
        running = asyncio.create_task(worker.start())  # noqa: TID251 - the bot's tasks are not here
        await counted.all_in.wait()
        await _until(lambda: queue.count("incomplete"))
        spent = time.process_time() - begun
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await queue.disconnect()
    return spent


async def _until(left: Callable[[], Coroutine[Any, Any, int]]) -> None:
    while await left():
        await asyncio.sleep(0.05)  # noqa: TID251 - real time is measured


async def arq(origin: str, videos: int, database: str) -> float:
    """Its one worker, all jobs at once; it asks Redis for new ones every half second, as it is set."""
    from arq import Worker, create_pool, func  # noqa: PLC0415 - only there with it
    from arq.connections import RedisSettings  # noqa: PLC0415 - only there with it

    async with open_line(origin) as line:

        async def bring(_context: Any, number: int) -> str:
            return await line.bring()

        settings = RedisSettings.from_dsn(database)
        pool = await create_pool(settings)
        for number in range(videos):
            await pool.enqueue_job("bring", number)
        begun = time.process_time()
        worker = Worker(
            [func(bring, name="bring")],
            redis_settings=settings,
            burst=True,  # until all are done
            max_jobs=videos,
            handle_signals=False,
        )
        await worker.main()
        spent = time.process_time() - begun
        await worker.close()
        await pool.aclose()
    return spent


async def procrastinate(origin: str, videos: int, database: str) -> float:
    """Its one worker, all jobs at once."""
    from procrastinate import App, PsycopgConnector  # noqa: PLC0415 - only there with it

    app = App(connector=PsycopgConnector(conninfo=database))
    async with open_line(origin) as line, app.open_async():
        counted = Counted(line, videos)

        @app.task(name="bring")
        async def bring(number: int) -> str:
            return await counted.bring()

        await app.schema_manager.apply_schema_async()
        await bring.batch_defer_async(*({"number": number} for number in range(videos)))
        begun = time.process_time()
        await app.run_worker_async(wait=False, concurrency=videos, install_signal_handlers=False)
        return time.process_time() - begun


async def dbos(origin: str, videos: int, database: str) -> float:
    """A workflow for each video, with the looking as one step; its answers are awaited."""
    from dbos import DBOS, DBOSConfig  # noqa: PLC0415 - only there with it

    async with open_line(origin) as line:
        counted = Counted(line, videos)

        @DBOS.step()
        async def look_until_done() -> str:
            return await counted.bring()

        @DBOS.workflow()
        async def bring(number: int) -> str:
            return await look_until_done()

        config: DBOSConfig = {
            "name": "bench",
            "system_database_url": database,
            "run_admin_server": False,
            "log_level": "ERROR",
        }
        DBOS(config=config)
        DBOS.launch()
        begun = time.process_time()
        handles = [await DBOS.start_workflow_async(bring, number) for number in range(videos)]
        await asyncio.gather(*(handle.get_result() for handle in handles))
        spent = time.process_time() - begun
        DBOS.destroy()
    return spent


PEERS = {"saq": saq, "arq": arq, "procrastinate": procrastinate, "dbos": dbos}


def main() -> None:
    """Read the command line; print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("name", choices=PEERS)
    parser.add_argument("origin")
    parser.add_argument("videos", type=int)
    parser.add_argument("database")
    told = parser.parse_args()
    with asyncio.Runner(loop_factory=new_event_loop) as runner:  # as ours
        spent = runner.run(PEERS[told.name](told.origin, told.videos, told.database))
    print(json.dumps({"cpu": spent, "rss_mb": peak_rss_mb()}))


if __name__ == "__main__":
    main()
