"""Exclusive file locks among tasks and processes on one folder, and turns at fetching a video.

The operating system locks an empty file of its own, so that the lock ends with its holder, even if
that is killed.
"""

import contextlib
import fcntl
import os
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path

from bot.errors import AlreadyFetchingError, OthersFetchingError


@contextlib.contextmanager
def locked(path: Path, refusal: Callable[[OSError], Exception]) -> Iterator[None]:
    """Hold this file while the block runs; creates its folder if missing.

    Raises the exception that `refusal` makes of the error: BlockingIOError if the file is taken,
    another OSError if the disk is not writable.
    """
    with contextlib.ExitStack() as stack:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            held = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            stack.callback(os.close, held)
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise refusal(error) from error
        yield


class Turns:
    """One video at a time per member, and few in all; the others are refused.

    A queue would keep each of a hundred presses waiting, until its answer no longer counts.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: set[Hashable] = set()

    @contextlib.contextmanager
    def one_of(self, who: Hashable) -> Iterator[None]:
        """Hold this member's turn while the block runs.

        Raises AlreadyFetchingError, and OthersFetchingError if no turn is left.
        """
        if who in self._taken:
            raise AlreadyFetchingError
        if len(self._taken) >= self._most:
            raise OthersFetchingError
        self._taken.add(who)
        try:
            yield
        finally:
            self._taken.discard(who)
