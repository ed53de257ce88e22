"""Read amounts, rates, instants and job numbers as people write them."""

import re
from datetime import datetime, timedelta

from bot.catalog.pricing import MICROS_PER_DOLLAR
from bot.errors import InvalidRequestError
from bot.ids import JobId
from bot.money.limits import MAX_RATE, PERIODS, RateLimit

UNLIMITED = frozenset({"none", "no", "off", "unlimited", "-"})
_AMOUNT = re.compile(r"(-?)\$?\s*([0-9]{1,9}|[0-9]{1,3}(?:,[0-9]{3}){1,2})(?:[.,]([0-9]{1,2}))?")
_TOO_MUCH = re.compile(r"-?\$?\s*[0-9][0-9,]{9,30}(?:[.,][0-9]{1,2})?")
_RATE = re.compile(r"(\d{1,4})\s*(?:/|per|an?|in an?)\s*(minute|min|hour|day|[mhd])s?")
_NAMES = {"m": "minute", "min": "minute", "h": "hour", "d": "day"}
_SPAN = re.compile(r"(\d{1,4})\s*(h|hours?|d|days?|w|weeks?)")
_HOURS = {"h": 1, "d": 24, "w": 168}


def micros_of(dollars: str) -> int:
    """Read whole cents, such as `0.50`, `$1,000` or `1,50`. Raises InvalidRequestError."""
    match = _AMOUNT.fullmatch(dollars.strip())
    if match is None and _TOO_MUCH.fullmatch(dollars.strip()):
        raise InvalidRequestError(["Choose an amount of up to $1,000,000."])
    if match is None:
        reason = f"`{dollars[:20]}` isn't an amount. Write dollars and cents, like 0.50."
        raise InvalidRequestError([reason])
    sign, whole, cents = match[1], match[2].replace(",", ""), (match[3] or "").ljust(2, "0")
    micros = (int(whole) * 100 + int(cents)) * (MICROS_PER_DOLLAR // 100)
    return -micros if sign else micros


def micros_or_none(dollars: str) -> int | None:
    """Read an amount; None for "none". Raises InvalidRequestError."""
    return None if dollars.strip().lower() in UNLIMITED else micros_of(dollars)


def rates_of(written: str) -> tuple[RateLimit, ...]:
    """Read rate limits, such as `3 per minute, 20 per day`. Raises InvalidRequestError."""
    if written.strip().lower() in UNLIMITED:
        return ()
    limits: dict[int, int] = {}
    for part in re.split(r"[,;]|\band\b", written.lower()):
        match = _RATE.fullmatch(part.strip())
        if match is None:
            reason = (
                f"`{written[:60]}` isn't a rate limit. Write it like `3 per minute, 20 per day`,"
                " or `none`."
            )
            raise InvalidRequestError([reason])
        period = PERIODS[_NAMES.get(match[2], match[2])]
        limits[period] = min(int(match[1]), MAX_RATE + 1)
    return tuple(RateLimit(limits[period], period) for period in sorted(limits))


def instant_of(written: str | None, now: datetime) -> datetime | None:
    """Read a time from now, such as `12 h` or `7 days`. Raises InvalidRequestError."""
    if written is None or written.strip().lower() in UNLIMITED:
        return None
    match = _SPAN.fullmatch(written.strip().lower())
    if match is None or not int(match[1]):
        reason = f"`{written[:30]}` isn't a duration. Write it like `12 h`, `7 days` or `2 weeks`."
        raise InvalidRequestError([reason])
    return now + timedelta(hours=int(match[1]) * _HOURS[match[2][0]])


def job_id_of(text: str) -> JobId:
    """Read a job number, such as `Job abcd` at the bottom of a card."""
    return JobId(text.strip().removeprefix("Job").strip())
