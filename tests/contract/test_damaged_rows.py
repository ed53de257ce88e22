"""One row that no one can read keeps no other row, and no command of anyone else, from working.

The kind: a bit that a disk turned over, or a hand that wrote into the database. No check of the
database itself finds it. Damaged is what stands in a request (no JSON, another shape, a field of
another kind, letters that are none), a state or a kind that there is not, an instant that no clock
shows; in jobs, in how they were handed over, in their messages, in what they showed for it. Money
stays reserved: no one knows whether the video was made.
"""

import dataclasses
from datetime import timedelta

import pytest

from bot.errors import OfferExpiredError, UnreadableRowError
from bot.guilds.notices import Notice
from bot.ids import ChannelId, IdempotencyKey, RoleId
from bot.jobs.messages import DeliveryKind
from bot.money.changes import SetRules
from bot.money.limits import Rules
from bot.money.policy import Subject, SubjectKind
from bot.ordering.offers import Offer
from bot.providers.availability import Availability, PauseReason
from bot.storage.guilds import SqlOfferStore
from bot.storage.providers import SqlAvailabilityStore
from tests.contract.branches import CENT, FRIEND, PLACE, by, tamper
from tests.contract.databases import on_databases
from tests.contract.job_stores import claim, rendering
from tests.factories import (
    NOW,
    PROVIDER,
    make_request,
    make_submission,
    new_notice_id,
    new_offer_id,
)

LATER = NOW + timedelta(hours=1)
FAR = 9 * 10**17  # milliseconds: a year that no calendar has

REQUESTS = [
    "",
    '{"prompt":',
    "{}",
    "[]",
    '{"prompt": 5, "model_id": "fake-model"}',
    '{"prompt": "a fox", "model_id": "fake-model", "duration_seconds": "long"}',
    '{"prompt": "a fox", "model_id": "fake-model", "image": {"key": 1}}',
    '{"prompt": "a fox", "model_id": "fake-model", "shots": 3}',
    "[" * 5000,
]
COLUMNS = [
    *[f"request = '{request}'" for request in REQUESTS],
    f"accepted_at = {FAR}",
    f"deadline_at = {-FAR}",
]


@pytest.fixture
def damage(address):
    async def write(table, columns, where):
        await tamper(address, f"UPDATE {table} SET {columns} WHERE {where}")  # noqa: S608 - our own words

    return write


@on_databases
@pytest.mark.parametrize("columns", COLUMNS)
async def test_a_damaged_job_keeps_no_other_from_being_listed_or_claimed(
    branch, damage, columns, caplog
):
    damaged, sound = await branch.request(), await branch.request()
    waiting = [damaged.id, sound.id]
    await damage("jobs", columns, f"id = '{damaged.id}'")
    jobs = branch.jobs

    for _ in range(2):
        assert [job.id for job in await jobs.list_active()] == [sound.id]
        assert [job.id for job in await jobs.list_active(user_id=PLACE.user_id)] == [sound.id]
        assert [job.id for job in await jobs.list_unserved([], LATER, 9)] == [sound.id]
    assert [job.id for job in await claim(jobs, "one", waiting, now=LATER)] == [sound.id]
    with pytest.raises(UnreadableRowError, match=f"job {damaged.id} can't be read"):
        await jobs.get(damaged.id)
    assert (await jobs.get(sound.id)).request == sound.request
    lines = [line.__dict__["error"] for line in caplog.records if "unreadable" in line.message]
    assert [damaged.id in line for line in lines] == [True]


@on_databases
async def test_no_one_holds_a_damaged_job_and_it_comes_up_again_later(branch, damage):
    damaged, sound = await branch.request(), await branch.request()
    await damage("jobs", "request = '[]'", f"id = '{damaged.id}'")
    assert await claim(branch.jobs, "one", [damaged.id]) == []

    [row] = await branch.rows("SELECT * FROM jobs WHERE request = '[]'")
    assert (row["lease_owner"], row["lease_expires_at"]) == (None, None)
    listed = await branch.jobs.list_next(PROVIDER, NOW, 9)
    assert [entry.job_id for entry in listed] == [sound.id]
    assert len(await branch.jobs.list_next(PROVIDER, LATER, 9)) == 2


@on_databases
async def test_a_damaged_job_at_a_provider_keeps_no_other_from_being_polled(branch, damage):
    store = branch.jobs
    jobs = [await rendering(store) for _ in range(2)]
    damaged, sound = jobs
    await damage("jobs", "request = '[]'", f"id = '{damaged.id}'")

    due = await store.claim_due("one", LATER, 60, 1)
    again = await store.claim_due("one", LATER, 60, 1)
    together = await store.claim_rendering("one", PROVIDER, LATER, 60, 9)

    assert {job.id for job in [*due, *again, *together]} == {sound.id}


@on_databases
async def test_a_member_with_a_damaged_job_still_reads_their_statement(branch, damage):
    """Its price stays reserved, and counts among what they have under way."""
    damaged, _ = await branch.request(), await branch.request()
    before = await branch.money_store.budget(PLACE, NOW)
    await damage("jobs", "request = '[]'", f"id = '{damaged.id}'")

    after = await branch.money_store.budget(PLACE, NOW)
    assert (after.allowance, after.pool, after.open_jobs) == (
        before.allowance,
        before.pool,
        before.open_jobs,
    )
    assert len(await branch.jobs.list_active(user_id=PLACE.user_id)) == 1
    assert len(await branch.money_store.transactions(PLACE.guild_id, PLACE.user_id, 9)) == 2
    assert await branch.money_store.audit() == []


@on_databases
async def test_what_a_damaged_job_cost_still_counts(branch, damage):
    jobs = [await branch.request(), await branch.request()]
    for job in jobs:
        await branch.end(job)
    await damage("jobs", "request = '[]'", f"id = '{jobs[0].id}'")

    spent = await branch.money_store.spending(PLACE.guild_id, NOW, LATER)

    assert [one.pool_micros for one in spent] == [10 * CENT, 10 * CENT]
    assert {one.model_id for one in spent} == {jobs[1].request.model_id, "unreadable"}
    ended = await branch.jobs.list_ended(PLACE.guild_id, PLACE.user_id, 9)
    assert [job.id for job in ended] == [jobs[1].id]


@on_databases
@pytest.mark.parametrize("artifact", ["{", "[]", '{"key": 5, "size_bytes": "large"}'])
async def test_a_damaged_artifact_hides_its_own_job_alone(branch, damage, artifact):
    jobs = [await branch.request(), await branch.request()]
    for job in jobs:
        await branch.end(job)
    await damage("jobs", f"artifact = '{artifact}'", f"id = '{jobs[0].id}'")

    ended = await branch.jobs.list_ended(PLACE.guild_id, PLACE.user_id, 9)
    assert [job.id for job in ended] == [jobs[1].id]


@on_databases
async def test_a_damaged_submission_is_missed_by_its_own_job_alone(branch, damage):
    store = branch.jobs
    jobs = [await branch.request() for _ in range(2)]
    for job in jobs:
        await store.owe([], make_submission(job))
    await damage("submissions", f"intended_at = {FAR}", f"job_id = '{jobs[0].id}'")

    with pytest.raises(UnreadableRowError, match=f"of job {jobs[0].id} can't be read"):
        await store.find_submission(jobs[0].id)
    found = await store.find_submission(jobs[1].id)
    assert found is not None
    assert found.job_id == jobs[1].id


@on_databases
async def test_a_damaged_message_keeps_no_other_from_being_owed_or_shown(branch, damage):
    jobs = [await branch.request(), await branch.request()]
    await damage("deliveries", f"owed_at = {FAR}", f"job_id = '{jobs[0].id}'")

    assert [one.job_id for one in await branch.jobs.list_owed(LATER, 9)] == [jobs[1].id]
    with pytest.raises(UnreadableRowError):
        await branch.jobs.find_delivery(jobs[0].id, DeliveryKind.CARD)


@on_databases
async def test_a_damaged_card_or_its_job_keeps_no_other_from_being_listed(branch, damage):
    jobs = [await branch.request(), await branch.request(), await branch.request(FRIEND)]
    posted = "state = 'posted', message_id = 7"
    await damage("deliveries", posted, f"kind = '{DeliveryKind.CARD}'")
    await damage("deliveries", f"owed_at = {FAR}", f"job_id = '{jobs[0].id}'")
    await damage("jobs", "request = '[]'", f"id = '{jobs[1].id}'")

    cards = await branch.jobs.list_posted_cards(changed_since=NOW)
    assert [job.id for _, job in cards] == [jobs[2].id]


@on_databases
async def test_a_server_whose_rules_are_damaged_keeps_no_other_from_ending_jobs(branch, damage):
    job = await branch.request()
    await branch.decide(pool_micros=900 * CENT)
    await damage("policies", "body = '[]'", f"guild_id = {PLACE.guild_id}")

    with pytest.raises(UnreadableRowError, match="the rules of server"):
        await branch.end(job)
    with pytest.raises(UnreadableRowError, match="the rules of server"):
        await branch.request()


@on_databases
async def test_a_damaged_rule_of_a_role_stops_only_those_who_hold_it_and_can_be_replaced(
    branch, damage
):
    role = Subject(SubjectKind.ROLE, 5)
    await branch.money_store.apply(by("rules"), SetRules(role, Rules(open_jobs_most=2)))
    await damage("policy_overrides", "body = '[]'", "subject_id = 5")
    holder = dataclasses.replace(FRIEND, role_ids=frozenset({RoleId(5)}))

    assert await branch.money_store.overrides(PLACE.guild_id) == []
    assert (await branch.money_store.budget(PLACE, NOW)).rules is not None
    with pytest.raises(UnreadableRowError, match="the rules of role 5"):
        await branch.money_store.budget(holder, NOW)
    await branch.money_store.apply(by("again"), SetRules(role, Rules(open_jobs_most=3)))
    assert (await branch.money_store.budget(holder, NOW)).rules.open_jobs_most == 3


@on_databases
async def test_a_damaged_notice_keeps_no_other_from_being_posted(branch, damage):
    notices = [
        Notice(new_notice_id(), PLACE.guild_id, ChannelId(1), text, NOW, NOW) for text in "ab"
    ]
    for notice in notices:
        await branch.notices.owe(notice)
    await damage("notices", f"owed_at = {FAR}", f"id = '{notices[0].id}'")

    assert [one.text for one in await branch.notices.list_owed(NOW, 9)] == ["b"]


@on_databases
async def test_a_damaged_pause_is_forgotten(engine, damage):
    store = SqlAvailabilityStore(engine)
    paused = Availability(PROVIDER, 3, 3, NOW, PauseReason.BALANCE)
    assert await store.replace(Availability(PROVIDER), paused)
    await damage("provider_availability", f"paused_until = {FAR}", "1 = 1")

    assert await store.get(PROVIDER) == Availability(PROVIDER)
    assert await store.replace(Availability(PROVIDER), paused)
    assert await store.get(PROVIDER) == paused


@on_databases
async def test_a_damaged_offer_has_expired(engine, damage):
    store = SqlOfferStore(engine)
    offers = [
        Offer(new_offer_id(), IdempotencyKey(key), PLACE, make_request(), CENT, LATER)
        for key in "ab"
    ]
    for offer in offers:
        await store.put(offer)
    await damage("offers", "request = '[]'", f"id = '{offers[0].id}'")

    with pytest.raises(OfferExpiredError):
        await store.get(offers[0].id)
    assert await store.get(offers[1].id) == offers[1]


@on_databases
@pytest.mark.parametrize("columns", COLUMNS)
async def test_an_audit_names_each_damaged_row_and_says_what_to_do(branch, damage, columns):
    jobs = [await branch.request() for _ in range(2)]
    await damage("jobs", columns, f"id = '{jobs[0].id}'")
    ended = await branch.request(FRIEND)
    await branch.end(ended)
    await damage("jobs", "request = '[]'", f"id = '{ended.id}'")

    [of_open] = await branch.money_store.damage()
    assert f"job {jobs[0].id} can't be read" in of_open
    assert "restore a backup" in of_open
    assert len(await branch.money_store.damage(everything=True)) == 2


@on_databases
async def test_an_audit_names_damaged_submissions_messages_and_rules(branch, damage):
    job = await branch.request()
    await branch.jobs.owe([], make_submission(job))
    await branch.decide(pool_micros=900 * CENT)
    assert await branch.money_store.damage(everything=True) == []
    await damage("submissions", f"intended_at = {FAR}", "1 = 1")
    await damage("deliveries", f"owed_at = {FAR}", "1 = 1")
    await damage("policies", "body = '[]'", f"guild_id = {PLACE.guild_id}")

    named = await branch.money_store.damage()
    assert [line.split(" can't be read")[0].split(": ")[1].split()[0] for line in named] == [
        "submission",
        "message",
        "the",
    ]


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_letters_that_are_none_hide_no_row(branch, damage):
    """SQLite keeps whatever bytes stand in a text; PostgreSQL's own checks refuse them."""
    damaged, sound = await branch.request(), await branch.request()
    broken = "CAST(replace(CAST(request AS BLOB), X'666F78', X'66EF78') AS TEXT)"
    await damage("jobs", f"request = {broken}", f"id = '{damaged.id}'")

    jobs = await branch.jobs.list_active()
    assert [job.id for job in jobs] == [damaged.id, sound.id]
    assert "f\ufffdx" in jobs[0].request.prompt


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_a_job_in_a_state_that_there_is_not_is_named(branch, address):
    damaged, sound = await branch.request(), await branch.request()
    await tamper(
        address,
        "PRAGMA ignore_check_constraints = 1",
        f"UPDATE jobs SET state = 'dreaming' WHERE id = '{damaged.id}'",  # noqa: S608 - our own words
    )

    assert [job.id for job in await branch.jobs.list_active()] == [sound.id]
    [named] = await branch.money_store.damage()
    assert f"job {damaged.id} can't be read" in named
    assert "'dreaming'" in named
    assert await branch.money_store.audit() == []
