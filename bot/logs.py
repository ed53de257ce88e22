"""Logs: one line per event, a stable machine name, the job's id, and never a secret.

Everything goes through the standard library's `logging`; structlog renders it. The redaction is a
second line of defence: no code should log a secret in the first place.
"""

import logging
import re
import sys
from collections.abc import Iterable
from typing import Any

import structlog

_PATTERNS = (
    re.compile(r"(?i)\b(bearer|bot)\s+[\w.\-]{16,}"),
    re.compile(r"\bsk-nano-[\w-]{8,}"),
    re.compile(r"\bwhsec_[\w+/=]+"),
    re.compile(r"\b[\w-]{20,}\.[\w-]{6}\.[\w-]{20,}"),  # the shape of a Discord token
    re.compile(r"data:[\w/+.-]+;base64,[\w+/=]+"),
    re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"),  # user:password in an address
)
_QUIET = ("discord.gateway", "discord.client", "discord.http", "aiosqlite", "asyncio", "PIL")


class Redaction:
    """Removes known secrets, and anything shaped like one, from a log line."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = tuple(secret for secret in secrets if len(secret) >= 8)

    def text(self, value: str) -> str:
        for secret in self._secrets:
            value = value.replace(secret, "[redacted]")
        for pattern in _PATTERNS:
            value = pattern.sub("[redacted]", value)
        return value

    def __call__(self, _logger: Any, _method: str, event: Any) -> Any:
        return {
            key: self.text(value) if isinstance(value, str) else value
            for key, value in event.items()
        }


def set_up_logs(*, level: str, form: str, secrets: Iterable[str] = ()) -> None:
    """Send all logs to standard error, as text for people or JSON lines for machines."""
    redaction = Redaction(secrets)
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=28)
    )
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso" if form == "json" else "%H:%M:%S"),
    ]
    finish: list[Any] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,  # plain text, so that it passes the redaction too
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[*finish, redaction, renderer]
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.ERROR if level == "ERROR" else logging.WARNING)
    logging.getLogger("discord.client").addFilter(_is_not_about_voice)


def _is_not_about_voice(record: logging.LogRecord) -> bool:
    """Drop the missing voice libraries' warning: this bot never speaks."""
    return "voice will NOT be supported" not in record.getMessage()
