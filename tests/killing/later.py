"""`python -m tests.killing.later SECONDS run`: the bot on a machine whose clock is so far ahead.

The same program to its last line; only its clock is turned, as far as the sandbox's own, so that
leases, lookups and nonces run out without anybody waiting for them.
"""

import sys
from datetime import UTC, datetime, timedelta

from bot import __main__ as program
from bot.clock import SystemClock


def main() -> None:
    ahead = timedelta(seconds=float(sys.argv.pop(1)))

    def turned(self: SystemClock) -> datetime:
        return datetime.now(UTC) + ahead  # noqa: TID251 - this is the clock

    SystemClock.now = turned  # type: ignore[method-assign]  # for this process alone
    program.main()


if __name__ == "__main__":
    main()
