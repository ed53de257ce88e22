"""`python -m tests.killing.later SECONDS run`: the bot on a machine whose clock is so far ahead.

The same program to its last line; only its clock is turned, as far as the sandbox's own, so that
leases, lookups and nonces run out without anyone waiting for them. In the place of the seconds may
stand a file that holds them: it is read again whenever the time is asked for, so that the clock can
be turned while the bot runs, or is suspended.
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot import __main__ as program
from bot.clock import SystemClock


def main() -> None:
    told = sys.argv.pop(1)
    fixed = None if Path(told).is_file() else float(told)

    def turned(self: SystemClock) -> datetime:
        seconds = float(Path(told).read_text("utf-8")) if fixed is None else fixed
        return datetime.now(UTC) + timedelta(seconds=seconds)  # noqa: TID251 - this is the clock

    SystemClock.now = turned  # type: ignore[method-assign]  # for this process alone
    program.main()


if __name__ == "__main__":
    main()
