"""Private answers that follow their jobs: what every store promises."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.delivery.messenger import PrivateAnswer
from bot.ids import MessageId
from bot.storage.deliveries import SqlPrivateAnswers
from bot.storage.stores import SqlJobStore
from tests.contract.job_stores import accept
from tests.factories import NOW
from tests.fakes.budgets import InMemoryPrivateAnswers
from tests.fakes.job_store import InMemoryJobStore

LEASE, LATER = timedelta(minutes=1), NOW + timedelta(minutes=15)


@pytest.fixture
def store(kind, engine):
    return InMemoryJobStore() if kind == "memory" else SqlJobStore(engine)


@pytest.fixture
def answers(kind, engine):
    return InMemoryPrivateAnswers() if kind == "memory" else SqlPrivateAnswers(engine)


async def make_answer(store, **fields):
    job = await accept(store)
    answer = PrivateAnswer(job.id, 1 << 62, "a token", "🎬 It's 'here'.", NOW, LATER, NOW)
    return replace(answer, **fields)


async def claim(answers, now=NOW, most=9):
    return await answers.claim_due(now, now + LEASE, most)


@pytest.mark.parametrize("message_id", [None, MessageId(1 << 61)])
@pytest.mark.parametrize("shown", [None, "a digest"])
async def test_an_answer_is_read_as_it_was_written(store, answers, message_id, shown):
    answer = await make_answer(store, message_id=message_id, shown=shown)
    await answers.put(answer)

    assert await claim(answers) == [replace(answer, next_look_at=NOW + LEASE)]


async def test_a_later_answer_takes_the_place_of_an_earlier_one(store, answers):
    first = await make_answer(store)
    second = replace(first, token="another", text="🎬 Again.")
    await answers.put(first)
    await answers.put(second)
    await answers.save(replace(first, shown="old"))
    await answers.remove(first)

    [found] = await claim(answers)
    assert (found.token, found.text, found.shown) == ("another", "🎬 Again.", None)


async def test_a_claim_keeps_others_away_until_it_runs_out_or_is_given_back(store, answers):
    answer = await make_answer(store)
    await answers.put(answer)
    [held] = await claim(answers)
    soon = NOW + timedelta(seconds=30)

    assert await claim(answers, soon) == []
    await answers.save(replace(held, next_look_at=soon, shown="a digest"))
    [again] = await claim(answers, soon)
    assert again.shown == "a digest"
    assert len(await claim(answers, soon + LEASE)) == 1
    await answers.remove(again)
    assert await claim(answers, soon + 3 * LEASE) == []


async def test_what_a_clock_that_was_ahead_put_off_is_due(store, answers):
    await answers.put(await make_answer(store, next_look_at=NOW + timedelta(days=1)))

    assert len(await claim(answers)) == 1


async def test_the_soonest_come_first_and_no_more_than_asked_for(store, answers):
    rows = [
        await make_answer(store, next_look_at=NOW - timedelta(seconds=seconds))
        for seconds in (1, 3, 2)
    ]
    for row in rows:
        await answers.put(row)

    first = {one.job_id for one in await claim(answers, most=2)}
    assert first == {rows[1].job_id, rows[2].job_id}
    assert [one.job_id for one in await claim(answers)] == [rows[0].job_id]


async def test_two_processes_never_look_at_the_same_answer(store, answers):
    for _ in range(20):
        await answers.put(await make_answer(store))

    both = await asyncio.gather(*(claim(answers, most=20) for _ in range(2)))
    found = [one.job_id for claimed in both for one in claimed]
    assert len(found) == len(set(found)) == 20
