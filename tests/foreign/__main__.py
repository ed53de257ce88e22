"""`python -m tests.foreign [CLIENT …]`: drives other people's Discord clients against the sandbox.

Installs each into an environment of its own the first time (PyPI and npm, by their usual clients).
Exit code 0 if every client that could be installed did everything, 1 if not.
"""

import argparse
import asyncio
import sys
from pathlib import Path

from tests.foreign.driving import Report, drive
from tests.foreign.environments import CLIENTS, AbsentError


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.foreign", description=__doc__)
    parser.add_argument("clients", nargs="*", choices=[*CLIENTS, []], help="all if none is named")
    parser.add_argument("--traffic", type=Path, help="a file that gets every exchange over REST")
    arguments = parser.parse_args()
    failed = False
    for name in arguments.clients or CLIENTS:
        try:
            report = asyncio.run(drive(CLIENTS[name], arguments.traffic))
        except AbsentError as error:
            sys.stdout.write(f"{name}: left out, {error}\n")
            continue
        failed |= bool(report.problems())
        sys.stdout.write(_in_words(report))
    return int(failed)


def _in_words(report: Report) -> str:
    done = sum(problem is None for problem in report.steps.values())
    lines = [f"== {report.client}: {done} steps done, {len(report.problems())} problems"]
    lines += [f"  problem  {line}" for line in report.problems()]
    lines += [f"  absent   {name}: {why}" for name, why in report.absent.items()]
    lines += [
        f"  missing  {row['method']} {row['path']} ({row['count']})"
        for row in report.missing_routes
    ]
    if report.noise.strip():
        lines += ["  noise", *(f"    {line}" for line in report.noise.strip().splitlines()[-40:])]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
