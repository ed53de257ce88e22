"""Whatever breaks on a line: one film or a clear word, charged once, posted once.

Each test strikes one phase of many wishes at once, every wish with a trouble of its own; what
each trouble means to the client of a service alone stands in test_service_lines.
"""

import aiohttp
import pytest

from bot.media import downloads
from bot.providers import artifacts, http
from bot.services import recalling
from tests.faults.lines import DISCORD, NANOGPT, NANOGPT_FILMS
from tests.faults.troubles import BUSY, MALFORMED, Strike, Trouble, huge_json, seeded
from tests.people import Json
from tests.studio import outcome_of, settled_answer

SHORT = aiohttp.ClientTimeout(total=1.0, connect=1.0)
SUBMIT: Json = {"method": "POST", "path": "/api/generate-video"}
LOOK: Json = {"method": "GET", "path": "/api/video/status"}
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
    monkeypatch.setattr(recalling, "RECOVER_FOR", recalling.RECOVER_FOR / 60)
    monkeypatch.setattr(recalling, "FEWEST_EMPTY_RECALLS", 1)


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
        await lined.wish(fern, prompts)
        await lined.ended(watch, 6)
        titles = await lined.judge(parts, fern, prompts)

    assert sorted(titles.values()) == [2, 4]  # two of them never reached the service
    [words] = {outcome_of(data) for data in no_films(watch)}
    assert "nobody can say whether it took this film" in words
    assert "You were charged nothing" in words


def no_films(watch):
    """Every card that said so."""
    for event in watch.seen:
        embeds = event["data"].get("embeds") if isinstance(event["data"], dict) else None
        if embeds and "No film" in embeds[0].get("title", ""):
            yield event["data"]


async def test_looks_and_fetches_that_break_only_take_longer(lined, fern):
    lined.order(
        NANOGPT,
        Strike(Trouble.RESET_AFTER, **LOOK),
        Strike(Trouble.TRUNCATE, **LOOK),
        Strike(Trouble.BLACK_HOLE, **LOOK),
        Strike(Trouble.REPLACE, **LOOK, body=MALFORMED),
        Strike(Trouble.REPLACE, **LOOK, body=huge_json()),
        Strike(Trouble.ANSWER, **LOOK, status=503, body=b"<html>"),
    )
    lined.order(
        NANOGPT_FILMS,
        Strike(Trouble.CUT, **FETCH),
        Strike(Trouble.RESET_AFTER, **FETCH),
        Strike(Trouble.BLACK_HOLE, **FETCH),
        Strike(Trouble.ANSWER, **FETCH, status=502),
        Strike(Trouble.DRIP, **FETCH, seconds=30),
        Strike(Trouble.REPLACE, **FETCH, body=MALFORMED),
    )
    prompts = numbered(6)

    async with lined.quick_bot() as parts, fern.watching() as watch:
        await lined.wish(fern, prompts)
        await lined.ended(watch, 6)
        titles = await lined.judge(parts, fern, prompts)

    assert list(titles.values()) == [6]
    assert len(lined.runs) == 6


async def test_posts_and_edits_that_break_are_repeated_and_stand_there_once(lined, fern):
    lined.order(
        DISCORD,
        *(
            strike
            for after in (0, 3)  # cards first, films later
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
        await lined.wish(fern, prompts)
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
        records = await lined.wish(fern, prompts)
        said = [await settled_answer(fern, watch, record) for record in records]
        accepted = [words for words in said if "Accepted, for $" in words]
        await lined.ended(watch, len(accepted))
        await lined.judge(parts, fern, prompts[: len(accepted)])

    failed = [words for words in said if "Something went wrong on my side" in words]
    assert len(failed) >= 2
    assert len(accepted) + len(failed) == 6
    assert "never retrieved" not in caplog.text


async def test_a_gateway_that_breaks_is_connected_again_and_loses_no_wish(lined, fern):
    gateway = lined.lines[DISCORD]
    async with lined.quick_bot() as parts, fern.watching() as watch:
        gateway.plan.order(Strike(Trouble.RESET_BEFORE, path="/gateway*"))
        gateway.plan.order(Strike(Trouble.ANSWER, path="/gateway*", status=503, body=b""))
        gateway.cut_sockets()
        await parts.clock.sleep(0)
        while not gateway.plan.strikes[1].struck:
            await parts.clock.sleep(0.05)
        await parts.client.reachable.wait()
        await lined.wish(fern, ["fox 0"])
        await lined.ended(watch, 1)
        titles = await lined.judge(parts, fern, ["fox 0"])

    assert list(titles.values()) == [1]


async def test_a_gateway_that_falls_silent_is_noticed_and_left(lined, fern):
    gateway = lined.lines[DISCORD]
    async with lined.quick_bot() as parts, fern.watching() as watch:
        parts.client._connection.heartbeat_timeout = 1.0
        gateway.cut_sockets()  # so that it connects again, with less patience
        while parts.client.reachable.is_set():
            await parts.clock.sleep(0.05)
        await parts.client.reachable.wait()
        gateway.hush_sockets()
        while parts.client.reachable.is_set():
            await parts.clock.sleep(0.05)
        gateway.speak_again()
        await parts.client.reachable.wait()
        await lined.wish(fern, ["fox 0"])
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
        records = await lined.wish(fern, prompts)
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
    "look": (NANOGPT, LOOK),
    "fetch": (NANOGPT_FILMS, FETCH),
    "answer": (DISCORD, SAY),
    "card": (DISCORD, POST),
    "film": (DISCORD, {**POST, "after": 1}),
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
        await lined.wish(fern, ["fox 0"])
        await lined.ended(watch, 1)
        titles = await lined.judge(parts, fern, ["fox 0"])

    assert list(titles.values()) == [1]
