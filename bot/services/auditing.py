"""Whether the books add up, said in the log at every start of the bot."""

import logging
from typing import Protocol

_log = logging.getLogger(__name__)


class Books(Protocol):
    """As much of the port `Treasury` as an audit needs."""

    async def audit(self) -> list[str]: ...


async def ensure_books(treasury: Books) -> None:
    """Log an ERROR for everything that does not add up, or one INFO that all does.

    The bot goes on either way: what is wrong is for its operator to judge, and no film waits for
    that. Raises DatabaseBusyError, StorageError.
    """
    findings = await treasury.audit()
    for finding in findings:
        _log.error("books_do_not_balance", extra={"detail": finding})
    if not findings:
        _log.info("books_balance")
