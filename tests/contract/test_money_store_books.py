"""Every end of a video is booked once, limits move with the rules, and the books tell if they lie."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import StorageError
from bot.ids import UserId
from bot.jobs.job import FailureKind, JobState
from bot.jobs.stores import Change
from bot.money.changes import MakeGrant, SetRules
from bot.money.limits import (
    Allowance,
    LimitKind,
    RateLimit,
    Rules,
)
from bot.money.policy import Subject, SubjectKind
from bot.money.windows import Window
from tests.contract.branches import CENT, DAILY, PLACE, at_once, by, tamper
from tests.contract.databases import on_databases
from tests.factories import NOW, make_delivery, make_job

MEMBER = PLACE.user_id
UNLIMITED = Rules(rates=())
HELD = "SELECT id FROM accounts WHERE kind IN ('held', 'pool_held') AND balance_micros <> 0"

S, C, F, X = JobState.SUCCEEDED, JobState.CANCELLED, JobState.FAILED, JobState.EXPIRED
KNOWN = {"charged_micros": 7 * CENT, "precharged_micros": 9 * CENT}
ENDS = [
    # state, why it failed, submitted, charges, what the member and the server pay, in cents
    (S, None, True, KNOWN, 7, 7),
    (S, None, True, {"precharged_micros": 9 * CENT}, 9, 9),
    (S, None, True, {}, 10, 10),
    (S, None, True, {"charged_micros": 0}, 0, 0),
    (S, None, True, {"charged_micros": 25 * CENT}, 25, 25),
    (C, None, False, {}, 0, 0),
    (C, None, True, KNOWN, 7, 7),
    (C, None, True, {}, 10, 10),
    (F, FailureKind.REFUSED, True, KNOWN, 0, 0),
    (F, FailureKind.REFUSED, False, {}, 0, 0),
    (F, FailureKind.REJECTED, False, {}, 0, 0),
    (F, FailureKind.PROVIDER, True, KNOWN, 0, 0),
    (F, FailureKind.OPERATOR, False, {}, 0, 0),
    (F, FailureKind.UNCERTAIN, False, {}, 0, 10),
    (F, FailureKind.UNCERTAIN, True, {}, 0, 10),
    (F, FailureKind.INTERRUPTED, False, {}, 0, 0),
    (F, FailureKind.INTERRUPTED, True, KNOWN, 0, 7),
    (F, FailureKind.INTERRUPTED, True, {"charged_micros": 25 * CENT}, 0, 25),
    (X, None, True, {}, 0, 10),
    (X, None, True, {"precharged_micros": 12 * CENT}, 0, 12),
]


@on_databases
@pytest.mark.parametrize("rules", [DAILY, UNLIMITED], ids=["allowance", "unlimited"])
@pytest.mark.parametrize(("state", "why", "submitted", "charges", "member", "pool"), ENDS)
async def test_every_end_is_booked_with_what_it_cost_whom(
    branch, rules, state, why, submitted, charges, member, pool
):
    await branch.decide(rules=rules, pool_micros=None if rules is UNLIMITED else 500 * CENT)
    job = await branch.request()

    ended = await branch.end(job, state, why, submitted=submitted, **charges)
    assert not ended.conflicts

    budget = await branch.money_store.budget(PLACE, NOW)
    assert budget.allowance.used_micros == member * CENT
    assert budget.pool.used_micros == pool * CENT
    balances = await branch.balances()
    assert balances.get("10:spent", 0) == member * CENT
    assert balances.get("10:pool_spent", 0) == pool * CENT
    assert sum(balances.values()) == 0
    assert await branch.rows(HELD) == []
    assert await branch.money_store.audit() == []


@on_databases
async def test_what_a_video_cost_beyond_every_account_counts_against_the_limits(branch):
    await branch.decide(
        rules=Rules(allowance=Allowance(10 * CENT, Window.DAY)), pool_micros=10 * CENT
    )

    await branch.end(await branch.request(), charged_micros=35 * CENT)

    assert await branch.pool_used() == 35 * CENT
    assert await branch.own_left() == 0
    await branch.decide(rules=DAILY, pool_micros=50 * CENT)
    assert await branch.own_left() == 65 * CENT
    assert await branch.request(cost_micros=16 * CENT) is LimitKind.POOL
    assert not isinstance(await branch.request(cost_micros=15 * CENT), LimitKind)
    assert await branch.money_store.audit() == []


@on_databases
async def test_a_video_ends_once_anyone_who_says_so_first(branches):
    await branches[0].decide(rules=DAILY)
    job = await branches[0].request()

    answers = await at_once(
        *(
            branches[n % len(branches)].end(job, *(((S,), (C,), (X,))[n % 3]), charged_micros=CENT)
            for n in range(9)
        )
    )

    assert sorted(list(one.conflicts) for one in answers) == [[]] + [[job.id]] * 8
    found = await branches[0].rows("SELECT id FROM ledger_transactions WHERE kind = 'settle'")
    assert len(found) == 1
    assert await branches[0].money_store.audit() == []


@on_databases
async def test_a_second_end_is_refused_by_the_books_themselves(branch):
    job = await branch.request()
    await branch.end(job)
    again = replace(job, version=2, state=S, artifact=None)

    with pytest.raises(StorageError):
        await branch.end(again)
    with pytest.raises(StorageError):
        await branch.end(again, C)

    assert (await branch.jobs.get(job.id)).state is S
    assert await branch.money_store.audit() == []


@on_databases
async def test_a_refused_request_leaves_no_trace(branch):
    await branch.decide(rules=Rules(rates=(RateLimit(5, 60),), allowance=Allowance(0, Window.DAY)))

    assert await branch.request() is LimitKind.ALLOWANCE

    assert await branch.balances() == {}
    for table in ("jobs", "deliveries", "rate_windows", "ledger_transactions"):
        assert await branch.rows(f"SELECT 1 FROM {table}") == []  # noqa: S608 - a name of ours


@on_databases
async def test_many_videos_that_end_together_are_all_booked(branch):
    await branch.decide(rules=UNLIMITED, pool_micros=500 * CENT)
    jobs = [await branch.request() for _ in range(20)]
    ended = [Change(replace(job, state=C)) for job in jobs]

    assert not (await branch.jobs.save(ended)).conflicts

    assert await branch.pool_used() == 0
    assert await branch.money_store.audit() == []


@on_databases
async def test_servers_keep_their_money_apart(branches):
    async def busy(number):
        job = make_job(guild_id=number % 3 + 50, user_id=UserId(number), cost_micros=CENT)
        branch = branches[number % len(branches)]
        await branch.jobs.accept(job, [make_delivery(job)])
        await branch.end(job, charged_micros=CENT)

    assert await at_once(*(busy(number) for number in range(30))) == [None] * 30

    balances = await branches[0].balances()
    assert {balances[f"{guild}:spent"] for guild in (50, 51, 52)} == {10 * CENT}
    assert await branches[0].money_store.audit() == []


@on_databases
async def test_videos_of_several_servers_may_end_in_any_order_at_once(branches):
    guilds = [60, 61, 62, 63]
    jobs = []
    for number in range(24):
        job = make_job(guild_id=guilds[number % 4], user_id=UserId(number), cost_micros=CENT)
        await branches[0].jobs.accept(job, [make_delivery(job)])
        jobs.append(Change(replace(job, state=C)))
    batches = [jobs[0:8], jobs[8:16][::-1], [*jobs[20:24], *jobs[16:20]]]

    answers = await at_once(
        *(branches[n % len(branches)].jobs.save(batch) for n, batch in enumerate(batches))
    )

    assert [one.conflicts for one in answers] == [frozenset()] * 3
    assert await branches[0].money_store.audit() == []


@on_databases
async def test_a_pool_lowered_below_what_is_used_takes_nothing_more_and_loses_nothing(branch):
    await branch.decide(rules=UNLIMITED, pool_micros=100 * CENT)
    job = await branch.request(cost_micros=60 * CENT)
    await branch.decide(pool_micros=20 * CENT)

    assert await branch.request(cost_micros=1) is LimitKind.POOL
    await branch.end(job, charged_micros=50 * CENT)
    assert await branch.request(cost_micros=1) is LimitKind.POOL
    assert await branch.pool_used() == 50 * CENT

    await branch.decide(pool_micros=51 * CENT)
    assert await branch.request(cost_micros=2 * CENT) is LimitKind.POOL
    await branch.request(cost_micros=CENT)
    assert await branch.pool_used() == 51 * CENT
    assert await branch.money_store.audit() == []


@on_databases
async def test_an_allowance_may_rise_and_fall_in_mid_window(branch):
    await branch.decide(rules=DAILY)
    job = await branch.request(cost_micros=60 * CENT)

    for cents, left in ((50, 0), (200, 140), (70, 10), (100, 40)):
        rules = Rules(allowance=Allowance(cents * CENT, Window.DAY))
        await branch.money_store.apply(
            by(f"{cents}"), SetRules(Subject(SubjectKind.MEMBER, MEMBER), rules)
        )
        assert await branch.own_left() == left * CENT
    await branch.end(job, charged_micros=10 * CENT)

    assert await branch.own_left() == 90 * CENT
    await branch.request(cost_micros=90 * CENT)
    assert await branch.request(cost_micros=1) is LimitKind.ALLOWANCE
    assert await branch.money_store.audit() == []


@on_databases
async def test_what_is_reserved_in_one_window_comes_back_into_it(branch):
    await branch.decide(rules=DAILY)
    job = await branch.request(cost_micros=60 * CENT)
    tomorrow = NOW + timedelta(days=1)
    assert await branch.own_left(at=tomorrow) == 100 * CENT

    await branch.end(job, C, submitted=False, at=tomorrow)

    assert await branch.own_left(at=tomorrow) == 100 * CENT
    assert await branch.own_left() == 100 * CENT


AGAIN = """
INSERT INTO ledger_transactions
SELECT 'again', guild_id, 'KIND', at, job_id, user_id, actor_id, reason, improvement_id
FROM ledger_transactions WHERE kind = 'release'
"""


async def kept(branch):
    """A server with every kind of row in its books."""
    await branch.decide(rules=DAILY, pool_micros=500 * CENT)
    await branch.money_store.apply(by("grant"), MakeGrant(MEMBER, 30 * CENT, "a prize"))
    jobs = [await branch.request() for _ in range(3)]
    await branch.end(jobs[0], charged_micros=7 * CENT)
    await branch.cancel(jobs[1])
    assert await branch.money_store.audit() == []
    return jobs


@on_databases
@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("UPDATE ledger_entries SET micros = micros + 1", "never"),
        ("DELETE FROM ledger_entries", "never"),
        ("UPDATE ledger_transactions SET reason = 'none'", "never"),
        ("DELETE FROM ledger_transactions WHERE kind = 'fund'", "never"),
        ("UPDATE accounts SET balance_micros = -1 WHERE kind = 'allowance'", "(?i)check"),
        ("UPDATE accounts SET balance_micros = -1 WHERE kind = 'pool_held'", "(?i)check"),
        (
            "INSERT INTO ledger_entries VALUES ('fund-no one', '10:spent', 5)",
            "(?i)foreign key",
        ),
        (
            "INSERT INTO ledger_entries SELECT id, '10:spent', 0 FROM ledger_transactions",
            "(?i)check",
        ),
        (
            AGAIN.replace("KIND", "settle"),
            "(?i)unique",
        ),
        (
            AGAIN.replace("KIND", "reserve"),
            "(?i)unique",
        ),
        (
            "INSERT INTO ledger_transactions VALUES ('x', 10, 'settle', 1, NULL, 30, NULL, '', NULL)",
            "(?i)check",
        ),
        ("UPDATE rate_windows SET used = most + 1", "(?i)check"),
    ],
)
async def test_the_schema_refuses_what_no_code_may_do(branch, statement, why):
    await kept(branch)
    rules = Rules(rates=(RateLimit(5, 60),))
    await branch.money_store.apply(
        by("rates"), SetRules(Subject(SubjectKind.MEMBER, MEMBER), rules)
    )
    await branch.request()

    with pytest.raises(StorageError, match=why):
        async with branch.engine.transaction() as tx:
            await tx.connection.execute(statement)

    assert await branch.money_store.audit() == []


TAMPERED = {
    "an entry was raised": (
        (
            "UPDATE ledger_entries SET micros = micros + 1 WHERE "
            "transaction_id || account_id = "
            "(SELECT MAX(transaction_id || account_id) FROM ledger_entries)"
        ),
        {"doesn't add up to zero", "balance differs from its entries"},
    ),
    "an entry was deleted": (
        (
            "DELETE FROM ledger_entries WHERE transaction_id || account_id = "
            "(SELECT MAX(transaction_id || account_id) FROM ledger_entries)"
        ),
        {"doesn't add up to zero", "balance differs from its entries"},
    ),
    "a balance was raised": (
        "UPDATE accounts SET balance_micros = balance_micros + 1 WHERE kind = 'grant'",
        {"balance differs from its entries"},
    ),
    "the use of a pool was forgotten": (
        "UPDATE accounts SET funded_micros = funded_micros - 70000 WHERE kind = 'pool'",
        {"funding differs from its entries"},
    ),
    "an end was undone": (
        "UPDATE jobs SET state = 'queued' WHERE state = 'cancelled'",
        {"money and its state disagree"},
    ),
    "a video ended without its money": (
        "UPDATE jobs SET state = 'cancelled' WHERE state = 'queued'",
        {"money and its state disagree"},
    ),
    "the entries of a release were deleted": (
        (
            "DELETE FROM ledger_entries WHERE transaction_id IN "
            "(SELECT id FROM ledger_transactions WHERE kind = 'release')"
        ),
        {"balance differs from its entries"},
    ),
    "a release was deleted": (
        "DELETE FROM ledger_transactions WHERE kind = 'release'",
        {
            "money and its state disagree",
            "the money on hold differs from what is reserved",
        },
    ),
    "held money was spent twice": (
        "UPDATE accounts SET balance_micros = 0 WHERE kind = 'held'",
        {
            "balance differs from its entries",
            "the money on hold differs from what is reserved",
        },
    ),
}


@on_databases
@pytest.mark.parametrize("name", TAMPERED)
async def test_an_audit_finds_what_was_tampered_with(branch, address, name):
    statement, found = TAMPERED[name]
    await kept(branch)

    await tamper(address, statement)

    findings = await branch.money_store.audit()
    for words in found:
        assert any(words in finding for finding in findings), (words, findings)


MOVED = """
UPDATE accounts SET balance_micros = balance_micros CHANGE, funded_micros = funded_micros CHANGE
WHERE kind = 'KIND'
"""


@on_databases
async def test_an_audit_finds_a_transfer_that_no_video_made(branch, address):
    """Balanced, and with the balances to match: only what open videos reserved tells."""
    await kept(branch)
    await tamper(
        address,
        "INSERT INTO ledger_transactions VALUES ('x', 10, 'grant', 1, NULL, 30, 1, '', NULL)",
    )
    await tamper(address, "INSERT INTO ledger_entries VALUES ('x', '10:held', -1)")
    await tamper(address, "INSERT INTO ledger_entries VALUES ('x', '10:spent', 1)")
    for account, change in (("held", "- 1"), ("spent", "+ 1")):
        await tamper(address, MOVED.replace("CHANGE", change).replace("KIND", account))

    [finding] = await branch.money_store.audit()

    assert "the money on hold differs from what is reserved" in finding
