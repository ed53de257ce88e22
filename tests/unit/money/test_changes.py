"""Which changes are asked about, and which happen at once."""

from dataclasses import replace

import pytest

from bot.ids import ChannelId, GuildId, JobId, UserId
from bot.money.changes import (
    CloseEvent,
    MakeGrant,
    OpenEvent,
    RefundJob,
    ResetPolicy,
    SetPolicy,
    SetRules,
    must_be_confirmed,
)
from bot.money.limits import (
    Allowance,
    Policy,
    RateLimit,
    Rules,
)
from bot.money.policy import Subject, SubjectKind, raises_money
from bot.money.windows import Window

DOLLAR = 1_000_000
POOR = Rules(allowance=Allowance(DOLLAR, Window.DAY), video_micros_most=DOLLAR, rates=())
POLICY = Policy(GuildId(10), rules=POOR, pool_micros=100 * DOLLAR, gift_micros_most=DOLLAR)
MEMBER = Subject(SubjectKind.MEMBER, 30)


def allowing(dollars, window=Window.DAY):
    return replace(POOR, allowance=Allowance(dollars * DOLLAR, window))


@pytest.mark.parametrize(
    "after",
    [
        allowing(2),
        allowing(8, Window.WEEK),
        allowing(31, Window.MONTH),
        replace(POOR, allowance=None),
        replace(POOR, video_micros_most=2 * DOLLAR),
        replace(POOR, video_micros_most=None),
        replace(POOR, exempt=True),
    ],
)
def test_more_money_for_someone_is_asked_about(after):
    assert raises_money(POOR, after)
    assert must_be_confirmed(SetRules(MEMBER, after), replace(POLICY, rules=Rules()), POOR)


@pytest.mark.parametrize(
    "after",
    [
        POOR,
        allowing(0),
        allowing(6, Window.WEEK),
        allowing(30, Window.MONTH),
        replace(POOR, video_micros_most=0),
        replace(POOR, exempt=False),
        replace(POOR, rates=(RateLimit(100, 60),), open_jobs_most=50),
        replace(POOR, models=frozenset(), channels=frozenset()),
    ],
)
def test_less_money_or_a_limit_of_another_kind_happens_at_once(after):
    assert not raises_money(POOR, after)
    assert not must_be_confirmed(SetRules(MEMBER, after), POLICY, POOR)


def test_where_nothing_limited_anything_nothing_can_be_raised():
    assert not raises_money(Rules(), POOR)
    assert not raises_money(Rules(exempt=True), Rules(exempt=True))


@pytest.mark.parametrize(
    "after",
    [
        replace(POLICY, pool_micros=50 * DOLLAR),
        replace(POLICY, pool_micros=None),
        replace(POLICY, gift_micros_most=None),
        replace(POLICY, rules=allowing(0)),
        replace(POLICY, rules=replace(POOR, video_micros_most=0)),
        replace(POLICY, rules=replace(POOR, exempt=True)),
    ],
)
def test_a_change_of_money_for_everyone_is_asked_about_up_or_down(after):
    assert must_be_confirmed(SetPolicy(after), POLICY, POLICY.rules)


@pytest.mark.parametrize(
    "after",
    [
        replace(POLICY, is_paused=True),
        replace(POLICY, zone="Europe/Berlin"),
        replace(POLICY, rules=replace(POOR, open_jobs_most=9, rates=None)),
    ],
)
def test_what_is_no_money_and_the_kill_switch_work_at_once(after):
    assert not must_be_confirmed(SetPolicy(after), POLICY, POLICY.rules)


def test_going_on_after_the_kill_switch_is_asked_about():
    paused = replace(POLICY, is_paused=True)

    assert must_be_confirmed(SetPolicy(POLICY), paused, POLICY.rules)
    assert not must_be_confirmed(SetPolicy(paused), paused, POLICY.rules)


@pytest.mark.parametrize(
    ("edit", "is_asked_about"),
    [
        (MakeGrant(UserId(30), DOLLAR, "a prize"), True),
        (MakeGrant(UserId(30), 1, "a micro"), True),
        (MakeGrant(UserId(30), -DOLLAR, "a mistake"), False),
        (OpenEvent(ChannelId(20), 10, DOLLAR), True),
        (CloseEvent(ChannelId(20)), False),
        (RefundJob(JobId("a"), "it was broken"), False),
        (ResetPolicy(), True),
    ],
)
def test_money_given_is_asked_about_and_money_taken_back_is_not(edit, is_asked_about):
    assert must_be_confirmed(edit, POLICY, POLICY.rules) is is_asked_about
