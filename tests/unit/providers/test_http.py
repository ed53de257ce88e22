"""The one HTTP layer of the providers: nothing is submitted twice, and no secret is told."""

from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given, strategies as st

from bot.errors import (
    LeaseLostError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    SubmissionUncertainError,
)
from bot.providers import http
from bot.providers.http import MAX_BODY_BYTES, Api, redacted, retry_at
from bot.providers.pacing import Pace
from bot.providers.request_limits import Purpose
from tests.fakes.budgets import InMemoryBudgets, free_pace
from tests.fakes.clock import FakeClock
from tests.serving import listening, serving

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "secret",
    [
        "sk-nano-123e4567-e89b-12d3-a456-426614174000",
        "123e4567-e89b-12d3-a456-426614174000",
        "Bearer abc.def",
        "bearer   abc.def",
        "whsec_c2VjcmV0",
        "data:image/png;base64,iVBORw0KGgo=",
    ],
)
def test_what_looks_like_a_secret_is_not_logged(secret):
    told = redacted(f"refused {secret} today")

    assert told == "refused [redacted] today"


def test_what_is_logged_is_short_and_on_one_line():
    told = redacted("a\r\nb\t" + "c" * 5000)

    assert told.startswith("a b c")
    assert len(told) <= 256


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("30", NOW + timedelta(seconds=30)),
        (" 0.5 ", NOW + timedelta(seconds=0.5)),
        ("Sat, 21 Nov 2026 12:01:00 GMT", NOW + timedelta(minutes=1)),
        ("Sat, 21 Nov 2026 12:01:00 -0000", NOW + timedelta(minutes=1)),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("99999999999999999999", None),
        ("Sat, 21 Nov 99999 12:01:00 GMT", None),
        ("inf", None),
    ],
)
def test_when_to_come_again_is_read_in_seconds_or_as_a_date(value, expected):
    assert retry_at({"Retry-After": value}, NOW) == expected


def test_where_nothing_is_said_of_coming_again_nothing_is_read():
    assert retry_at({}, NOW) is None


@given(st.text(max_size=40))
def test_no_nonsense_in_place_of_a_date_is_an_error_of_ours(value):
    at = retry_at({"Retry-After": value}, NOW)

    assert at is None or at.tzinfo is not None


async def test_a_submission_on_a_connection_that_is_cut_arrives_once_and_is_uncertain():
    arrived = []

    async def cut(reader, writer):
        arrived.append(await reader.readuntil(b"\r\n\r\n"))

    async with listening(cut) as origin, aiohttp.ClientSession() as session:
        with pytest.raises(SubmissionUncertainError):
            await Api(session, origin, {}, free_pace()).submit("/generate-video", {"prompt": "fox"})

    assert len(arrived) == 1


async def test_a_submission_that_waited_too_long_for_its_budget_is_not_sent():
    arrived = []
    clock = FakeClock()
    stale_at = clock.now() + timedelta(seconds=100)

    class Slow(Pace):
        async def take(self, purpose):
            await super().take(purpose)
            clock.advance(100)  # as after SIGSTOP

    async def note(reader, writer):
        arrived.append(await reader.readuntil(b"\r\n\r\n"))

    slow = Slow(InMemoryBudgets(clock), dict.fromkeys(Purpose, ()), clock)
    async with listening(note) as origin, aiohttp.ClientSession() as session:
        api = Api(session, origin, {}, slow)
        with pytest.raises(LeaseLostError):
            await api.submit("/generate-video", {"prompt": "fox"}, stale_at=stale_at)

    assert arrived == []


async def test_a_submission_on_a_connection_that_was_kept_open_is_not_repeated_either():
    arrived = []

    async def answer_once(reader, writer):
        while head := await reader.readuntil(b"\r\n\r\n"):
            arrived.append(head.split(b" ", 1)[0])
            if head.startswith(b"POST"):
                return
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    async with listening(answer_once) as origin, aiohttp.ClientSession() as session:
        api = Api(session, origin, {}, free_pace())
        await api.read("GET", "/status", Purpose.POLL)
        with pytest.raises(SubmissionUncertainError):
            await api.submit("/generate-video", {})

    assert arrived == [b"GET", b"POST"]


async def test_an_answer_that_breaks_off_in_the_middle_is_uncertain():
    async def half(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.1 202 Accepted\r\nContent-Length: 400\r\n\r\n{"runId": "vid')

    async with listening(half) as origin, aiohttp.ClientSession() as session:
        with pytest.raises(SubmissionUncertainError):
            await Api(session, origin, {}, free_pace()).submit("/generate-video", {})


async def test_an_answer_that_never_comes_is_uncertain_for_a_submission_alone(monkeypatch):
    limits = aiohttp.ClientTimeout(total=0.2)
    monkeypatch.setattr(http, "SUBMIT_TIMEOUT", limits)
    monkeypatch.setattr(http, "READ_TIMEOUT", limits)

    async def silent(reader, writer):
        await reader.read()

    async with listening(silent) as origin, aiohttp.ClientSession() as session:
        api = Api(session, origin, {}, free_pace())
        with pytest.raises(SubmissionUncertainError):
            await api.submit("/generate-video", {})
        with pytest.raises(ProviderTimeoutError):
            await api.read("GET", "/status", Purpose.POLL)


async def test_where_no_one_listens_it_is_certain_that_nothing_was_accepted():
    async def no_one(reader, writer): ...

    async with listening(no_one) as origin:
        pass
    async with aiohttp.ClientSession() as session:
        api = Api(session, origin, {}, free_pace())
        with pytest.raises(ProviderUnavailableError):
            await api.submit("/generate-video", {})
        with pytest.raises(ProviderUnavailableError):
            await api.read("GET", "/status", Purpose.POLL)


async def test_a_redirect_is_an_answer_and_the_key_is_not_taken_there():
    seen = []

    async def elsewhere(request: web.Request) -> web.Response:
        seen.append(request.headers)
        return web.Response()

    async with serving(elsewhere) as other:

        async def redirect(_request: web.Request) -> web.Response:
            return web.Response(status=302, headers={"Location": other})

        async with serving(redirect) as origin, aiohttp.ClientSession() as session:
            answer = await Api(session, origin, {"x-api-key": "secret"}, free_pace()).read(
                "GET", "/a", Purpose.POLL
            )

    assert (answer.status, seen) == (302, [])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>502 Bad Gateway</html>",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b"9" * 5000,
        b'{"cost": ' + b"9" * 5000 + b"}",
    ],
    ids=["empty", "page", "half", "no-text", "deep", "number", "number-inside"],
)
async def test_an_answer_that_cannot_be_read_has_no_body(body):
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(status=502, body=body)

    async with serving(handler) as origin, aiohttp.ClientSession() as session:
        answer = await Api(session, origin, {}, free_pace()).read("GET", "/a", Purpose.POLL)

    assert (answer.status, answer.body) == (502, None)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (rb'"a fox \ud83e"', "a fox ?"),  # cut in the middle of an emoji
        (rb'"a fox \ud83e\udd8a"', "a fox 🦊"),
        (rb'"a\u0000b"', "a b"),
        (rb'{"one": [{"two": "\udd8a"}], "three": 3}', {"one": [{"two": "?"}], "three": 3}),
    ],
    ids=["half an emoji", "a whole one", "nothing", "far inside"],
)
async def test_what_is_read_can_be_written_down_and_posted(sent, read):
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(body=sent)

    async with serving(handler) as origin, aiohttp.ClientSession() as session:
        answer = await Api(session, origin, {}, free_pace()).read("GET", "/a", Purpose.POLL)

    assert answer.body == read


async def test_of_an_endless_answer_only_so_much_is_read():
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(body=b"x" * (MAX_BODY_BYTES + 1000))

    async with serving(handler) as origin, aiohttp.ClientSession() as session:
        answer = await Api(session, f"{origin}/", {}, free_pace()).read("GET", "/a", Purpose.POLL)

    assert len(answer.text) == MAX_BODY_BYTES
