"""`python -m tests.killing --kills 1000`: kill real bots at random, and judge what came of it.

Ends with 1 when anything was lost, paid twice or posted twice; the seed plays the same day again,
as far as real processes can.
"""

import argparse
import asyncio
import contextlib
import logging
import shutil
import sys
import tempfile
from pathlib import Path

from tests.contract.databases import new_database
from tests.killing.killing import Killing, Outcome
from tests.killing.report import findings, is_fine, logged, markdown
from tests.killing.town import open_town
from tests.postgres import WHY_NOT, Server, find_program, running_server


def main() -> None:
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    folder = Path(tempfile.mkdtemp(prefix="showreel-killing-"))
    outcomes = asyncio.run(_run(arguments, folder))
    title = f"{arguments.processes} process(es) on {arguments.database}, from seed {arguments.seed}"
    sys.stdout.write(markdown(outcomes, title=title) + "\n" + logged(outcomes) + "\n")
    if is_fine(outcomes):
        if arguments.keep:
            sys.stdout.write(f"Logs and databases: {folder}\n")
        else:
            shutil.rmtree(folder, ignore_errors=True)
        return
    for outcome in outcomes:
        if outcome.verdict.wrong:
            sys.stdout.write(findings(outcome, folder / str(outcome.seed)) + "\n")
    sys.exit(1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.killing", description=__doc__)
    parser.add_argument("--kills", type=int, default=60, help="in all, over all towns")
    parser.add_argument("--seed", type=int, default=1, help="of the first town")
    parser.add_argument("--towns", type=int, default=2, help="side by side, each for itself")
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--processes", type=int, default=1, help="bots on one database")
    parser.add_argument(
        "--keep", action="store_true", help="logs and databases, also of a good run"
    )
    found = parser.parse_args()
    if found.database == "sqlite" and found.processes != 1:
        parser.error("a SQLite file has one process; add --database postgres")
    if found.database == "postgres" and find_program("initdb") is None:
        parser.error(WHY_NOT)
    return found


async def _run(arguments: argparse.Namespace, folder: Path) -> list[Outcome]:
    share, rest = divmod(arguments.kills, arguments.towns)
    with contextlib.ExitStack() as stack:
        async with asyncio.TaskGroup() as group:
            towns = [
                group.create_task(
                    kill_in_a_town(
                        folder / str(arguments.seed + number),
                        arguments.seed + number,
                        share + (number < rest),
                        processes=arguments.processes,
                        server=_server(arguments, stack),
                    )
                )
                for number in range(arguments.towns)
            ]
    return [town.result() for town in towns]


def _server(arguments: argparse.Namespace, stack: contextlib.ExitStack) -> Server | None:
    return stack.enter_context(running_server()) if arguments.database == "postgres" else None


async def kill_in_a_town(
    folder: Path, seed: int, kills: int, *, processes: int = 1, server: Server | None = None
) -> Outcome:
    """One town from its beginning to the judgement."""
    database = None if server is None else await new_database(server.address)
    async with open_town(folder, seed, database) as town:
        return await Killing(town, seed, processes, server).run(kills)


if __name__ == "__main__":
    main()
