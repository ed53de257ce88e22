"""Every statement about rules, edits, offers and budgets touches the rows it names alone.

The kind: a condition that is dropped from a statement. Each test keeps two of everything, with the
wrong one first in every order, so that a statement which finds too much answers with it.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import OfferExpiredError, PolicyChangedError
from bot.ids import EditId, IdempotencyKey, OfferId, RoleId, UserId
from bot.money.changes import (
    PendingChange,
    ResetPolicy,
    SetPolicy,
    SetRules,
)
from bot.money.limits import Rules
from bot.money.policy import Subject, SubjectKind
from bot.ordering.offers import Offer
from bot.providers.request_limits import Purpose, RequestRule
from bot.storage.guilds import SqlOfferStore
from bot.storage.providers import SqlRequestBudgets
from tests.contract.branches import ADMIN, CENT, ELSEWHERE, PLACE, admin_of, allow_gifts
from tests.contract.databases import on_databases
from tests.factories import NOW, make_request

HOUR = timedelta(hours=1)


@on_databases
async def test_a_policy_is_one_servers_though_anothers_has_the_same_version(branch):
    for place in (ELSEWHERE, PLACE):
        await allow_gifts(branch, place, pool_micros=place.guild_id * CENT)
    await allow_gifts(branch, PLACE, pool_micros=5 * CENT)

    found = {place: await branch.money_store.policy(place.guild_id) for place in (ELSEWHERE, PLACE)}
    assert (found[PLACE].pool_micros, found[PLACE].version) == (5 * CENT, 2)
    assert (found[ELSEWHERE].pool_micros, found[ELSEWHERE].version) == (11 * CENT, 1)
    stale = replace(found[PLACE], version=1)
    with pytest.raises(PolicyChangedError):  # it was read before the last change
        await branch.money_store.apply(admin_of(PLACE, "stale"), SetPolicy(stale))


@on_databases
async def test_rules_are_those_of_one_role_or_member_of_one_server(branch):
    subjects = [
        Subject(SubjectKind.ROLE, RoleId(30)),  # the number of a member
        Subject(SubjectKind.MEMBER, UserId(31)),
        Subject(SubjectKind.MEMBER, UserId(30)),
    ]
    for place in (ELSEWHERE, PLACE):
        for number, subject in enumerate(subjects):
            rules = Rules(open_jobs_most=10 * place.guild_id + number)
            await branch.money_store.apply(
                admin_of(place, f"rules-{number}"), SetRules(subject, rules)
            )

    assert len(await branch.money_store.overrides(PLACE.guild_id)) == 3
    for number, subject in enumerate(subjects):
        found = await branch.money_store.override(PLACE.guild_id, subject)
        assert found.open_jobs_most == 100 + number
    budget = await branch.money_store.budget(PLACE, NOW)
    assert budget.rules.open_jobs_most == 102
    with_role = replace(PLACE, user_id=UserId(99), role_ids=frozenset({RoleId(30), RoleId(31)}))
    assert (await branch.money_store.budget(with_role, NOW)).rules.open_jobs_most == 100

    await branch.money_store.apply(admin_of(PLACE, "clear"), SetRules(subjects[2], Rules()))
    left = [one.subject for one in await branch.money_store.overrides(PLACE.guild_id)]
    assert sorted(left, key=str) == sorted(subjects[:2], key=str)
    assert len(await branch.money_store.overrides(ELSEWHERE.guild_id)) == 3

    await branch.money_store.apply(admin_of(PLACE, "reset"), ResetPolicy())
    assert await branch.money_store.overrides(PLACE.guild_id) == []
    assert len(await branch.money_store.overrides(ELSEWHERE.guild_id)) == 3
    history = await branch.money_store.history(PLACE.guild_id, 99)
    assert len(history) == 5


@on_databases
async def test_an_edit_that_waits_is_found_taken_and_forgotten_alone(branch):
    for name in ("other", "mine"):
        await branch.money_store.keep(
            PendingChange(EditId(name), PLACE.guild_id, ADMIN, ResetPolicy(), NOW)
        )

    found = await branch.money_store.find_pending(EditId("mine"))
    assert found is not None
    assert found.id == "mine"
    assert [await branch.money_store.take_pending(EditId("mine")) for _ in range(2)] == [
        True,
        False,
    ]
    assert await branch.money_store.find_pending(EditId("other")) is not None

    later = NOW + timedelta(hours=1)
    await branch.money_store.keep(
        PendingChange(EditId("late"), PLACE.guild_id, ADMIN, ResetPolicy(), later)
    )
    assert await branch.money_store.find_pending(EditId("other")) is None
    assert await branch.money_store.find_pending(EditId("late")) is not None


@on_databases
async def test_offers_are_found_and_forgotten_by_their_own_end(engine):
    offers = SqlOfferStore(engine)
    for name, at in (("old", NOW), ("other", NOW + HOUR), ("mine", NOW + HOUR)):
        key = IdempotencyKey(name)
        await offers.put(Offer(OfferId(name), key, PLACE, make_request(), 1, at))

    assert (await offers.get(OfferId("mine"))).key == "mine"
    await offers.forget_expired(NOW)
    with pytest.raises(OfferExpiredError):
        await offers.get(OfferId("old"))
    assert (await offers.get(OfferId("other"))).key == "other"


# --- request budgets -----------------------------------------------------------------------------

ONE, TWO = RequestRule("one", 1, 60.0), RequestRule("two", 1, 60.0)
LOOK, SUBMISSION = Purpose.POLL, Purpose.SUBMISSION


def after(seconds):
    return NOW + timedelta(seconds=seconds)


@on_databases
async def test_a_budget_is_free_when_its_own_first_request_is_forgotten(engine, clock):
    budgets = SqlRequestBudgets(engine, clock)
    await budgets.take([ONE], LOOK)
    clock.advance(10)
    await budgets.take([TWO], LOOK)

    assert await budgets.take([TWO], LOOK) == after(70)
    assert (await budgets.used(ONE), await budgets.used(TWO)) == (1, 1)
    clock.advance(50)
    assert await budgets.take([ONE], LOOK) is None
    assert await budgets.free_at([TWO], LOOK) == after(70)


@on_databases
async def test_what_no_longer_counts_holds_up_no_request(engine, clock):
    """While it is stored yet: it is forgotten with the next request that is granted."""
    rule = RequestRule("reserved", 3, 60.0, reserved=1)
    budgets = SqlRequestBudgets(engine, clock)
    for seconds in (40, 10, 20):
        await budgets.take([rule], SUBMISSION)
        clock.advance(seconds)

    assert await budgets.used(rule) == 2
    assert await budgets.take([rule], LOOK) == after(100)


@on_databases
async def test_a_budget_of_a_short_window_forgets_nothing_of_a_longer_one(engine, clock):
    budgets, hourly = SqlRequestBudgets(engine, clock), RequestRule("hour", 1, 3600.0)
    await budgets.take([hourly], LOOK)
    clock.advance(600)
    await budgets.take([ONE], LOOK)

    assert await budgets.used(hourly) == 1
    assert await budgets.take([hourly], LOOK) == after(3600)


@on_databases
async def test_a_budget_knows_the_latest_instant_that_it_has_seen_itself(engine, clock):
    budgets = SqlRequestBudgets(engine, clock)
    await budgets.take([TWO], LOOK)
    clock.advance(74)
    await budgets.take([ONE], LOOK)
    clock.advance(-4)

    assert await budgets.take([TWO], LOOK) is None
    assert await budgets.take([TWO], LOOK) == after(130)


@on_databases
async def test_requests_of_a_clock_that_was_ahead_are_dated_again_in_their_own_budget(
    engine, clock
):
    budgets = SqlRequestBudgets(engine, clock)
    clock.advance(3600)
    await budgets.take([ONE], LOOK)
    clock.advance(-3600)
    await budgets.take([TWO], LOOK)
    assert await budgets.free_at([TWO], LOOK) == after(60)
    clock.advance(30)

    assert await budgets.free_at([ONE], LOOK) == after(90)
