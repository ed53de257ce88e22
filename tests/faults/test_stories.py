"""Whatever breaks on a line: one video or a clear word, charged once, posted once.

Each test strikes one phase of many requests at once, every request with a trouble of its own; what
each trouble means to the client of a service alone stands in test_service_lines.
"""

import aiohttp
import pytest

from bot.media import downloads
from bot.providers import artifacts, http
from bot.worker import recover
from tests.faults.lines import DISCORD, NANOGPT, NANOGPT_VIDEOS
from tests.faults.troubles import (
    BUSY,
    EXPIRED,
    MALFORMED,
    REFUSED,
    UNKNOWN_STATE,
    WITHOUT_ADDRESS,
    Strike,
    Trouble,
    huge_json,
    seeded,
)
from tests.people import Json
from tests.studio import is_failure, settled_answer

SHORT = aiohttp.ClientTimeout(total=1.0, connect=1.0)
SUBMIT: Json = {"method": "POST", "path": "/api/generate-video"}
POLL: Json = {"method": "GET", "path": "/api/video/status"}
FETCH: Json = {"method": "GET", "path": "/storage/*"}
POST: Json = {"method": "POST", "path": "*/channels/*/messages"}
EDIT: Json = {"method": "PATCH", "path": "*/channels/*/messages/*"}
DEFER: Json = {"method": "POST", "path": "*/interactions/*/callback"}
SAY: Json = {"method": "PATCH", "path": "*/webhooks/*/messages/@original"}


@pytest.fixture(autouse=True)
def limits(monkeypatch):
    """The bot's own limits, shorter."""
    monkeypatch.setattr(http, "READ_TIMEOUT", SHORT)
    monkeypatch.setattr(http, "SUBMIT_TIMEOUT", SHORT)
    monkeypatch.setattr(artifacts, "TIMEOUT", SHORT)
    monkeypatch.setattr(downloads, "TIMEOUT", SHORT)
    monkeypatch.setattr(recover, "RECOVER_FOR", recover.RECOVER_FOR / 60)
    monkeypatch.setattr(recover, "MIN_EMPTY_LOOKUPS", 1)


def numbered(count):
    return [f"fox {number}" for number in range(count)]


async def test_a_submission_that_breaks_is_paid_once_or_not_at_all(lined, fern):
    lined.order(
        NANOGPT,
        Strike(Trouble.RESET_BEFORE, **SUBMIT),
        Strike(Trouble.RESET_AFTER, **SUBMIT),
        Strike(Trouble.CUT, **SUBMIT),
        Strike(Trouble.BLACK_HOLE, **SUBMIT),
        Strike(Trouble.ANSWER, **SUBMIT, status=429, headers={"Retry-After": "1"}, body=BUSY),
        Strike(Trouble.LATENCY, **SUBMIT, seconds=0.3),
    )
    prompts = numbered(6)

    async with lined.quick_bot() as parts, fern.watching() as watch:
        await lined.request(fern, prompts)
        await lined.ended(watch, 6)
        titles = await lined.judge(parts, fern, prompts)

    assert sorted(titles.values()) == [2, 4]  # two of them never reached the service
    [words] = {data["content"].splitlines()[0] for data in no_videos(watch)}
    assert "I don't know whether it accepted this video" in words
    assert "You weren't charged" in words


def no_videos(watch):
    """Every message that said so."""
    for event in watch.seen:
        if isinstance(event["data"], dict) and is_failure(event["type"], event["data"]):
            yield event["data"]


async def test_looks_and_fetches_that_break_only_take_longer(lined, fern):
    lined.order(
        NANOGPT,
        Strike(Trouble.RESET_AFTER, **POLL),
        Strike(Trouble.TRUNCATE, **POLL),
        Strike(Trouble.BLACK_HOLE, **POLL),
        Strike(Trouble.REPLACE, **POLL, body=MALFORMED),
        Strike(Trouble.REPLACE, **POLL, body=huge_json()),
        Strike(Trouble.ANSWER, **POLL, status=503, body=b"<html>"),
    )
    lined.order(
        NANOGPT_VIDEOS,
        Strike(Trouble.CUT, **FETCH),
        Strike(Trouble.RESET_AFTER, **FETCH),
        Strike(Trouble.BLACK_HOLE, **FETCH),
        Strike(Trouble.ANSWER, **FETCH, status=502),
        Strike(Trouble.DRIP, **FETCH, seconds=30),
        Strike(Trouble.REPLACE, **FETCH, body=MALFORMED),
    )
    prompts = numbered(6)

    async with lined.quick_bot() as parts, fern.watching() as watch:
        await lined.request(fern, prompts)
        await lined.ended(watch, 6)
        titles = await lined.judge(parts, fern, prompts)

    assert list(titles.values()) == [6]
    assert len(lined.runs) == 6


async def test_a_refusal_of_one_request_by_403_stops_no_one_else(lined, fern):
    lined.order(NANOGPT, Strike(Trouble.ANSWER, **SUBMIT, status=403, body=REFUSED, after=1))
    prompts = numbered(4)

    async with lined.quick_bot() as parts, fern.watching() as watch:
        await lined.request(fern, prompts)
        await lined.ended(watch, 4)
        titles = await lined.judge(parts, fern, prompts)

    assert sorted(titles.values()) == [1, 3]  # one refused, three made
    assert len(lined.runs) == 3


async def test_unknown_states_and_expired_addresses_only_take_longer(lined, fern):
    lined.order(
        NANOGPT,
        Strike(Trouble.REPLACE, **POLL, body=UNKNOWN_STATE, times=2),
        Strike(Trouble.REPLACE, **POLL, body=WITHOUT_ADDRESS, times=2),
    )
    lined.order(
        NANOGPT_VIDEOS,
        Strike(Trouble.ANSWER, **FETCH, status=403, body=EXPIRED, times=2),
        Strike(Trouble.ANSWER, **FETCH, status=410),
        Strike(Trouble.ANSWER, **FETCH, status=200, body=b""),
    )
    prompts = numbered(3)

    async with lined.quick_bot() as parts, fern.watching() as watch:
        await lined.request(fern, prompts)
        await lined.ended(watch, 3)
        titles = await lined.judge(parts, fern, prompts)

    assert list(titles.values()) == [3]
    assert len(lined.runs) == 3


async def test_posts_and_edits_that_break_are_repeated_and_stand_there_once(lined, fern):
    lined.order(
        DISCORD,
        *(
            strike
            for after in (0, 3)  # cards first, videos later
            for strike in (
                Strike(Trouble.RESET_BEFORE, **POST, after=after),
                Strike(Trouble.RESET_AFTER, **POST, after=after),
                Strike(Trouble.CUT, **POST, after=after),
                Strike(Trouble.REPLACE, **POST, after=after, body=MALFORMED),
                Strike(Trouble.ANSWER, **POST, after=after, status=503, body=b"<html>"),
                Strike(Trouble.ANSWER, **POST, after=after, status=429, body=b"{}"),
            )
        ),
        Strike(Trouble.RESET_AFTER, **EDIT),
        Strike(Trouble.REPLACE, **EDIT, body=MALFORMED),
        Strike(Trouble.ANSWER, **EDIT, status=503, body=b""),
    )
    prompts = numbered(4)

    async with lined.quick_bot() as parts, fern.watching() as watch:
        await lined.request(fern, prompts)
        await lined.ended(watch, 4)
        titles = await lined.judge(parts, fern, prompts)

    assert list(titles.values()) == [4]


async def test_an_answer_to_a_command_that_breaks_is_given_all_the_same(lined, fern, caplog):
    lined.order(
        DISCORD,
        Strike(Trouble.RESET_BEFORE, **DEFER),
        Strike(Trouble.RESET_AFTER, **DEFER),
        Strike(Trouble.REPLACE, **DEFER, body=MALFORMED),
        Strike(Trouble.RESET_AFTER, **SAY),
        Strike(Trouble.REPLACE, **SAY, body=MALFORMED),
    )
    prompts = numbered(6)

    async with lined.quick_bot() as parts, fern.watching() as watch:
        records = await lined.request(fern, prompts)
        said = [await settled_answer(fern, watch, record) for record in records]
        accepted = [words for words in said if "Accepted for $" in words]
        await lined.ended(watch, len(accepted))
        await lined.judge(parts, fern, prompts[: len(accepted)])

    failed = [words for words in said if "Something went wrong on my side" in words]
    assert len(failed) >= 2
    assert len(accepted) + len(failed) == 6
    assert "never retrieved" not in caplog.text


async def test_a_gateway_that_breaks_is_connected_again_and_loses_no_request(lined, fern):
    gateway = lined.lines[DISCORD]
    async with lined.quick_bot() as parts, fern.watching() as watch:
        gateway.plan.order(Strike(Trouble.RESET_BEFORE, path="/gateway*"))
        gateway.plan.order(Strike(Trouble.ANSWER, path="/gateway*", status=503, body=b""))
        gateway.cut_sockets()
        await parts.clock.sleep(0)
        while not gateway.plan.strikes[1].struck:
            await parts.clock.sleep(0.05)
        await parts.client.reachable.wait()
        await lined.request(fern, ["fox 0"])
        await lined.ended(watch, 1)
        titles = await lined.judge(parts, fern, ["fox 0"])

    assert list(titles.values()) == [1]


async def test_a_gateway_that_falls_silent_is_noticed_and_left(lined, fern):
    gateway = lined.lines[DISCORD]
    async with lined.quick_bot() as parts, fern.watching() as watch:
        patience = parts.client._connection.heartbeat_timeout
        parts.client._connection.heartbeat_timeout = 1.0
        gateway.cut_sockets()  # so that it connects again, with less patience
        while parts.client.reachable.is_set():
            await parts.clock.sleep(0.05)
        await parts.client.reachable.wait()
        gateway.hush_sockets()
        while parts.client.reachable.is_set():
            await parts.clock.sleep(0.05)
        # A busy machine is late by a second as well: it would be left again and again.
        parts.client._connection.heartbeat_timeout = patience
        gateway.speak_again()
        await parts.client.reachable.wait()
        await lined.request(fern, ["fox 0"])
        await lined.ended(watch, 1)
        await lined.judge(parts, fern, ["fox 0"])


@pytest.mark.parametrize("seed", [1, 2])
async def test_any_mixture_of_troubles_ends_well(lined, fern, seed):
    chance = [
        Strike(trouble, seconds=0.2, random=seeded(seed), status=503, body=MALFORMED)
        for trouble in (
            Trouble.LATENCY,
            Trouble.DRIP,
            Trouble.RESET_AFTER,
            Trouble.CUT,
            Trouble.ANSWER,
            Trouble.CLOSE_IDLE,
        )
    ]
    prompts = numbered(6)

    async with lined.quick_bot() as parts, fern.watching() as watch:
        records = await lined.request(fern, prompts)
        said = [await settled_answer(fern, watch, record) for record in records]
        for number, proxy in enumerate(lined.lines.values()):
            proxy.plan.by_chance, proxy.plan.random = chance, seeded(10 * seed + number)
            proxy.plan.share = 0.15
        await lined.ended(watch, 6)
        for proxy in lined.lines.values():
            proxy.plan.clear()
        await lined.judge(parts, fern, prompts)

    assert len([words for words in said if "Accepted" in words]) == 6


PHASES = {
    "submission": (NANOGPT, SUBMIT),
    "poll": (NANOGPT, POLL),
    "fetch": (NANOGPT_VIDEOS, FETCH),
    "answer": (DISCORD, SAY),
    "card": (DISCORD, POST),
    "video": (DISCORD, {**POST, "after": 1}),
    "edit": (DISCORD, EDIT),
}


@pytest.mark.every_fault
@pytest.mark.parametrize("trouble", [one for one in Trouble if one is not Trouble.REFUSE])
@pytest.mark.parametrize(("line", "phase"), PHASES.values(), ids=PHASES)
async def test_every_trouble_in_every_phase_ends_well(lined, fern, line, phase, trouble):
    strike = Strike(trouble, **phase, seconds=0.3, status=503, body=MALFORMED)

    async with lined.quick_bot() as parts, fern.watching() as watch:
        lined.order(line, strike)
        parts.client.http._HTTPClient__session._timeout = SHORT  # five minutes else
        await lined.request(fern, ["fox 0"])
        await lined.ended(watch, 1)
        titles = await lined.judge(parts, fern, ["fox 0"])

    assert list(titles.values()) == [1]
