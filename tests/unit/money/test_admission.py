"""Whether a request may become a job, why not, and whose money it takes."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from bot.catalog.request import Origin, Shot
from bot.ids import ChannelId, ModelId
from bot.money.admission import (
    admit,
    own_allocations,
)
from bot.money.ledger import (
    AccountKind,
    Allocation,
    Posting,
    account_id,
    reserving,
)
from bot.money.limits import (
    Allowance,
    LimitKind,
    RateLimit,
    Refusal,
    Rules,
    facts_of,
    left_of,
    refusals,
)
from bot.money.windows import Window
from tests.factories import NOW, make_request
from tests.unit.money.admissions import (
    ALLOWANCE,
    CENT,
    DAILY,
    GUILD,
    ISSUED,
    MEMBER,
    MIDNIGHT,
    MONTHS_END,
    POOL,
    account,
    grant,
    make_event,
    make_standing,
    make_video,
    used_of,
)


def test_a_server_without_limits_refuses_nothing():
    assert refusals(make_standing(), make_video(cost=10**9)) == ()


def test_a_paused_server_says_only_that():
    budget = make_standing(rules=Rules(models=frozenset(), open_jobs_most=0), is_paused=True)

    assert refusals(budget, make_video()) == (Refusal(LimitKind.PAUSED),)
    exempt = make_standing(rules=Rules(exempt=True), is_paused=True)
    assert refusals(exempt, make_video()) == (Refusal(LimitKind.PAUSED),)


def test_a_model_that_is_not_allowed_is_refused():
    budget = make_standing(rules=Rules(models=frozenset({ModelId("cheap")})))

    assert refusals(budget, make_video(model="expensive")) == (Refusal(LimitKind.MODEL),)
    assert refusals(budget, make_video(model="cheap")) == ()


def test_a_channel_that_is_not_allowed_is_refused_and_a_thread_goes_with_its_parent():
    budget = make_standing(rules=Rules(channels=frozenset({ChannelId(21)})))

    assert refusals(budget, make_video()) == (Refusal(LimitKind.CHANNEL),)
    assert refusals(budget, make_video(channels=(21,))) == ()
    thread = Origin(GUILD, ChannelId(99), MEMBER, parent_id=ChannelId(21))
    alone = replace(thread, parent_id=None)
    assert refusals(budget, facts_of(make_request(), 1, thread)) == ()
    assert refusals(budget, facts_of(make_request(), 1, alone)) == (Refusal(LimitKind.CHANNEL),)


def test_a_video_too_expensive_is_refused_with_what_it_may_cost():
    budget = make_standing(rules=Rules(video_micros_most=30 * CENT))

    assert refusals(budget, make_video(30 * CENT)) == ()
    [refusal] = refusals(budget, make_video(30 * CENT + 1))
    assert refusal == Refusal(LimitKind.VIDEO_COST, 0, 30 * CENT, 30 * CENT + 1)


@pytest.mark.parametrize(("seconds", "shots", "length"), [(10, 0, 10), (5, 2, 10), (1, 10, 10)])
def test_a_video_may_be_as_long_as_the_limit_with_all_its_shots(seconds, shots, length):
    request = make_request(duration_seconds=seconds, shots=(Shot("a fox"),) * shots)
    facts = facts_of(request, 1, Origin(GUILD, ChannelId(20), MEMBER))
    within, beyond = (make_standing(rules=Rules(video_seconds_most=most)) for most in (10, 9))

    assert refusals(within, facts) == ()
    assert refusals(beyond, facts) == (Refusal(LimitKind.LENGTH, 0, 9, length),)


def test_a_video_whose_length_no_one_knows_is_refused_where_length_is_limited():
    request = make_request(duration_seconds=None)
    facts = facts_of(request, 1, Origin(GUILD, ChannelId(20), MEMBER))

    assert refusals(make_standing(), facts) == ()
    limited = make_standing(rules=Rules(video_seconds_most=60))
    assert refusals(limited, facts) == (Refusal(LimitKind.LENGTH, 0, 60, 0),)


def test_an_event_makes_no_video_longer_and_the_exempt_are_free_of_that_limit():
    rules = Rules(video_seconds_most=4)
    facts = replace(make_video(), seconds=5)

    [refusal] = refusals(make_standing(rules=rules, event=make_event()), facts)
    assert refusal.kind is LimitKind.LENGTH
    assert refusals(make_standing(rules=replace(rules, exempt=True)), facts) == ()


def test_too_many_videos_at_once_are_refused_until_one_has_ended():
    budget = make_standing(rules=Rules(open_jobs_most=2))

    assert refusals(replace(budget, open_jobs=1), make_video()) == ()
    [refusal] = refusals(replace(budget, open_jobs=2), make_video())
    assert refusal == Refusal(LimitKind.OPEN_JOBS, 2, 2)


def test_requests_too_soon_are_refused_limit_by_limit_with_when_the_next_one_fits():
    made = [NOW - timedelta(seconds=age) for age in (50, 40, 10)]
    rules = Rules(rates=(RateLimit(3, 60), RateLimit(4, 3600), RateLimit(1, 5)))
    budget = make_standing(rules=rules, rates={60: made, 3600: made, 5: made})

    assert refusals(budget, make_video()) == (
        Refusal(LimitKind.RATE, 3, 3, 60, NOW + timedelta(seconds=10)),
    )


def test_more_than_the_allowance_is_refused_until_the_window_ends():
    budget = used_of(make_standing(rules=DAILY), "allowance", 75 * CENT)

    assert refusals(budget, make_video(25 * CENT)) == ()
    assert refusals(budget, make_video(30 * CENT)) == (
        Refusal(LimitKind.ALLOWANCE, 75 * CENT, 100 * CENT, 30 * CENT, MIDNIGHT),
    )


def test_grants_count_beside_the_allowance():
    budget = used_of(make_standing(rules=DAILY), "allowance", 75 * CENT)
    budget = replace(budget, grants=(grant("a", 10 * CENT), grant("b", 5 * CENT)))

    assert budget.own_left_micros == 40 * CENT
    assert refusals(budget, make_video(40 * CENT)) == ()
    assert refusals(budget, make_video(41 * CENT)) == (
        Refusal(LimitKind.ALLOWANCE, 75 * CENT, 115 * CENT, 41 * CENT, MIDNIGHT),
    )


def test_more_than_the_pool_is_refused_until_the_month_ends():
    budget = used_of(make_standing(pool_micros=500 * CENT), "pool", 480 * CENT)

    assert refusals(budget, make_video(20 * CENT)) == ()
    assert refusals(budget, make_video(21 * CENT)) == (
        Refusal(LimitKind.POOL, 480 * CENT, 500 * CENT, 21 * CENT, MONTHS_END),
    )


def test_a_pool_lowered_below_what_is_used_has_nothing_left():
    budget = used_of(make_standing(pool_micros=100 * CENT), "pool", 480 * CENT)

    assert budget.pool_left_micros == 0
    [refusal] = refusals(budget, make_video())
    assert (refusal.used, refusal.most) == (100 * CENT, 100 * CENT)


def test_every_limit_is_told_at_once():
    rules = Rules(
        allowance=Allowance(CENT, Window.DAY),
        rates=(RateLimit(1, 60),),
        open_jobs_most=0,
        video_micros_most=CENT,
        video_seconds_most=1,
        models=frozenset(),
        channels=frozenset(),
    )
    budget = make_standing(rules=rules, pool_micros=CENT, rates={60: [NOW]})

    kinds = [refusal.kind for refusal in refusals(budget, make_video())]

    assert kinds == [
        LimitKind.MODEL,
        LimitKind.CHANNEL,
        LimitKind.VIDEO_COST,
        LimitKind.LENGTH,
        LimitKind.OPEN_JOBS,
        LimitKind.RATE,
        LimitKind.ALLOWANCE,
        LimitKind.POOL,
    ]


def test_the_exempt_meet_no_limit_but_the_pool():
    rules = Rules(
        exempt=True,
        allowance=Allowance(0, Window.DAY),
        rates=(RateLimit(1, 60),),
        open_jobs_most=0,
        video_micros_most=0,
        models=frozenset(),
        channels=frozenset(),
    )
    budget = make_standing(rules=rules, pool_micros=30 * CENT, rates={60: [NOW]})

    assert budget.own_left_micros is None
    assert refusals(budget, make_video(30 * CENT)) == ()
    [refusal] = refusals(budget, make_video(31 * CENT))
    assert refusal.kind is LimitKind.POOL


def test_a_request_of_the_exempt_counts_for_when_they_are_no_longer_so():
    rules = Rules(exempt=True, rates=(RateLimit(1, 60),))
    before = NOW - timedelta(seconds=1)

    admission = admit(make_standing(rules=rules, rates={60: [before]}), make_video())

    assert admission.rates == {60: [before, NOW]}


def test_a_request_counts_for_every_limit_and_what_has_run_out_is_forgotten():
    old, new = NOW - timedelta(seconds=120), NOW - timedelta(seconds=119)
    rules = Rules(rates=(RateLimit(3, 60), RateLimit(20, 3600)))

    admission = admit(make_standing(rules=rules, rates={60: [old, new], 99: [old]}), make_video())

    assert admission.rates == {60: [new, NOW], 3600: [NOW]}


def test_an_event_pays_for_a_video_in_place_of_the_member():
    event = make_event()
    budget = make_standing(rules=DAILY, event=event, pool_micros=500 * CENT)

    admission = admit(budget, make_video())

    assert admission.event_id == event.id
    assert admission.draws == (
        Allocation(event.account.id, AccountKind.EVENT, 30 * CENT),
        Allocation(POOL, AccountKind.POOL, 30 * CENT),
    )
    assert {posting.account_id for posting in admission.funds} == {POOL, ISSUED}


def test_an_event_helps_over_allowance_price_and_channel_but_over_nothing_else():
    rules = Rules(
        allowance=Allowance(0, Window.DAY),
        video_micros_most=0,
        channels=frozenset(),
        models=frozenset(),
        open_jobs_most=0,
        rates=(RateLimit(1, 60),),
    )
    budget = make_standing(rules=rules, pool_micros=0, event=make_event(), rates={60: [NOW]})

    kinds = [refusal.kind for refusal in refusals(budget, make_video())]

    assert kinds == [LimitKind.MODEL, LimitKind.OPEN_JOBS, LimitKind.RATE, LimitKind.POOL]


@pytest.mark.parametrize(
    "event",
    [
        make_event(video_micros_most=30 * CENT - 1),
        make_event(balance=30 * CENT - 1),
        make_event(most=3, used=3),
    ],
    ids=["the video is too expensive", "nothing left", "all videos made"],
)
def test_an_event_pays_for_a_whole_video_or_not_at_all(event):
    none = Rules(allowance=Allowance(0, Window.DAY))
    poor = make_standing(rules=none, event=event)
    rich = make_standing(rules=DAILY, event=event)

    assert [refusal.kind for refusal in refusals(poor, make_video())] == [LimitKind.ALLOWANCE]
    assert admit(rich, make_video()).event_id is None
    assert admit(rich, make_video()).draws[0].account_id == ALLOWANCE


def test_what_lapses_first_is_used_first():
    budget = make_standing(
        rules=DAILY,
        grants=(
            grant("forever", 500 * CENT),
            grant("next week", 50 * CENT, MIDNIGHT + timedelta(days=7)),
            grant("tonight", 20 * CENT, MIDNIGHT - timedelta(hours=1)),
            grant("forever too", 500 * CENT),
        ),
    )

    draws = own_allocations(budget, 300 * CENT)

    assert [(draw.account_id, draw.micros // CENT) for draw in draws] == [
        ("tonight", 20),
        (ALLOWANCE, 100),
        ("next week", 50),
        ("forever", 130),
        ("forever too", 0),
    ]


def test_a_account_that_gives_nothing_is_not_drawn_from():
    budget = make_standing(rules=DAILY, grants=(grant("a", 10 * CENT),))

    assert [draw.account_id for draw in admit(budget, make_video()).draws] == [ALLOWANCE, POOL]


@given(
    target=st.integers(0, 1000),
    used=st.integers(0, 1500),
    balance=st.integers(0, 1500),
    grants=st.lists(st.integers(1, 300), max_size=4),
    share=st.floats(0, 1),
)
def test_what_is_admitted_is_paid_to_the_micro_and_no_account_falls_below_zero(
    target, used, balance, grants, share
):
    sources = tuple(grant(f"grant {n}", micros) for n, micros in enumerate(grants))
    allowance = account(
        ALLOWANCE, AccountKind.ALLOWANCE, MIDNIGHT, funded=used + balance, balance=balance
    )
    rules = Rules(allowance=Allowance(target, Window.DAY))
    budget = make_standing(rules=rules, allowance=allowance, grants=sources, pool_micros=10_000)
    left = max(target - used, 0) + sum(grants)
    cost = max(1, round(left * share))
    assert bool(refusals(budget, make_video(cost))) == (cost > left)
    if cost > left:
        return

    admission = admit(budget, make_video(cost))

    moved = {one.id: one.balance_micros for one in (allowance, budget.pool, *sources)}
    for posting in (*admission.funds, *reserving(budget.policy.guild_id, admission.draws)):
        moved[posting.account_id] = moved.get(posting.account_id, 0) + posting.micros
    held = account_id(GUILD, AccountKind.HELD)
    assert moved.pop(held) == moved.pop(account_id(GUILD, AccountKind.POOL_HELD)) == cost
    issued = moved.pop(ISSUED)
    assert min(moved.values()) >= 0
    assert sum(moved.values()) + issued + 2 * cost == balance + sum(grants)
    assert moved[ALLOWANCE] <= max(target - used, 0)


def test_a_window_is_funded_with_its_first_video_and_no_further():
    first = admit(make_standing(rules=DAILY, pool_micros=500 * CENT), make_video())
    allowance = account(
        ALLOWANCE, AccountKind.ALLOWANCE, MIDNIGHT, funded=100 * CENT, balance=70 * CENT
    )
    pool = account(POOL, AccountKind.POOL, MONTHS_END, funded=500 * CENT, balance=470 * CENT)
    budget = make_standing(rules=DAILY, pool_micros=500 * CENT, allowance=allowance, pool=pool)

    assert set(first.funds) == {
        Posting(ALLOWANCE, AccountKind.ALLOWANCE, 100 * CENT),
        Posting(POOL, AccountKind.POOL, 500 * CENT),
        Posting(ISSUED, AccountKind.ISSUED, -600 * CENT),
    }
    assert admit(budget, make_video()).funds == ()


def test_an_allowance_that_was_changed_is_funded_up_or_down():
    allowance = account(
        ALLOWANCE, AccountKind.ALLOWANCE, MIDNIGHT, funded=100 * CENT, balance=70 * CENT
    )

    for micros, moved in ((150 * CENT, 50 * CENT), (80 * CENT, -20 * CENT)):
        rules = Rules(allowance=Allowance(micros, Window.DAY))
        funds = admit(make_standing(rules=rules, allowance=allowance), make_video()).funds
        assert Posting(ALLOWANCE, AccountKind.ALLOWANCE, moved) in funds
    assert left_of(allowance, 20 * CENT) == 0


def test_where_nothing_limits_just_what_is_drawn_is_funded():
    funds = admit(make_standing(), make_video()).funds

    assert set(funds) == {
        Posting(ALLOWANCE, AccountKind.ALLOWANCE, 30 * CENT),
        Posting(POOL, AccountKind.POOL, 30 * CENT),
        Posting(ISSUED, AccountKind.ISSUED, -60 * CENT),
    }


def test_where_nothing_limits_what_came_back_is_used_again():
    allowance = account(
        ALLOWANCE, AccountKind.ALLOWANCE, MIDNIGHT, funded=50 * CENT, balance=50 * CENT
    )
    funds = admit(make_standing(allowance=allowance), make_video()).funds

    assert Posting(ALLOWANCE, AccountKind.ALLOWANCE, -20 * CENT) in funds


def test_requests_are_kept_for_as_long_as_a_clock_that_is_behind_may_count_them():
    """Two machines half a minute apart: the one ahead counts a request no more, the other does."""
    rules = Rules(rates=(RateLimit(1, 60),))
    made = [NOW - timedelta(seconds=seconds) for seconds in (121, 90, 60)]
    ahead = make_standing(rules=rules, rates={60: made})
    video = make_video()

    assert list(refusals(ahead, video)) == []
    kept = admit(ahead, video).rates
    behind = replace(ahead, at=NOW - timedelta(seconds=31), rates={60: kept[60][:-1]})

    assert kept == {60: [*made[1:], NOW]}
    assert [refusal.kind for refusal in refusals(behind, video)] == [LimitKind.RATE]
