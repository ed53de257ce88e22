"""Resource limits of a child process, as far as the platform can set them.

Three things may prevent a limit: a platform without it (OpenBSD has no RLIMIT_AS), one that refuses
to set it (macOS answers any RLIMIT_AS with EINVAL, which Python raises as ValueError), and a lower
hard limit of our own process, from `ulimit` or a container. None of these may keep the program from
running: a limit that cannot be set is left out, one that is too high is lowered, and the log says
so once.
"""

import contextlib
import logging
import os
import resource
from collections.abc import Callable, Iterator, Mapping

_log = logging.getLogger(__name__)

NICENESS = 10  # children encode videos and pictures; the bot's own loop answers Discord
REPORT_BYTES = 1024


class ChildLimits:
    """Limits by the name of their constant, such as RLIMIT_AS, in the unit of `setrlimit`."""

    def __init__(self, wanted: Mapping[str, int]) -> None:
        self._wanted = dict(wanted)
        self._said: set[str] = set()

    @contextlib.contextmanager
    def applied(self) -> Iterator[Callable[[], None]]:
        """A `preexec_fn` for one child, which must be started within the context."""
        reading, writing = os.pipe()  # closed in the child by its exec
        try:
            os.set_blocking(reading, False)
            yield lambda: _limit(self._wanted, writing)
            self._say(reading)
        finally:
            os.close(reading)
            os.close(writing)

    def _say(self, reading: int) -> None:
        try:
            details = os.read(reading, REPORT_BYTES).decode().splitlines()
        except BlockingIOError:  # every limit was set as requested
            return
        if news := [line for line in details if line not in self._said]:
            self._said.update(news)
            _log.warning("child_limits_not_set", extra={"limits": ", ".join(news)})


def _limit(wanted: Mapping[str, int], report: int) -> None:
    """Set the limits; runs in the child, between fork and exec."""
    os.nice(NICENESS)
    for name, most in wanted.items():
        done = _set(name, most)
        if done != most:
            said = "left out" if done is None else f"lowered to {done}"
            os.write(report, f"{name} {said}\n".encode())


def _set(name: str, most: int) -> int | None:
    """The limit that was set; None if the platform lacks it or refuses it."""
    kind = getattr(resource, name, None)
    if kind is None:
        return None
    try:
        _, hard = resource.getrlimit(kind)
        value = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (value, value))
    except (ValueError, OSError):
        return None
    return value
