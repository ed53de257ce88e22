"""Whatever members, moderators, services and the calendar do, the books are those of the model.

Hypothesis plays servers: requests and every end of them, edits, grants, gifts, events, refunds, and
time across the ends of windows. Run it at length with `--hypothesis-profile=thorough`.
"""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from bot.catalog.request import Origin, Shot
from bot.errors import DuplicateRequestError, InvalidRequestError, PolicyChangedError
from bot.ids import ChannelId, GuildId, IdempotencyKey, JobId, RoleId, UserId
from bot.jobs.job import FailureKind, JobState
from bot.money.changes import (
    CloseEvent,
    MakeGrant,
    OpenEvent,
    RefundJob,
    ResetPolicy,
    SetPolicy,
    SetRules,
)
from bot.money.ledger import Gift
from bot.money.limits import (
    Allowance,
    LimitReachedError,
    Policy,
    RateLimit,
    Rules,
)
from bot.money.policy import Subject, SubjectKind
from bot.money.windows import Window
from tests.contract.branches import Branch, by
from tests.contract.money_model import GUILD, Model, Said
from tests.factories import make_delivery, make_job, make_request
from tests.fakes.direct_sqlite import DirectSqlite

EXAMPLES = {"thorough": 5000}
USUAL_EXAMPLES = 250
STEPS = 40

FIRST_DAY = Said(rates=((3, 60), (20, 86_400)), open_jobs_most=2)
CHANNEL, OTHER, THREAD = 20, 21, 77  # the thread hangs on the first channel
ENDS = {
    # state, why it failed, submitted, whether the member and the server pay what it cost
    "video": (JobState.SUCCEEDED, None, True, 1, 1),
    "cancelled": (JobState.CANCELLED, None, False, 0, 0),
    "not watched": (JobState.CANCELLED, None, True, 1, 1),
    "refused": (JobState.FAILED, FailureKind.REFUSED, True, 0, 0),
    "rejected": (JobState.FAILED, FailureKind.REJECTED, False, 0, 0),
    "broken": (JobState.FAILED, FailureKind.PROVIDER, True, 0, 0),
    "lost": (JobState.FAILED, FailureKind.INTERRUPTED, True, 0, 1),
    "uncertain": (JobState.FAILED, FailureKind.UNCERTAIN, True, 0, 1),
    "expired": (JobState.EXPIRED, None, True, 0, 1),
}

users = st.integers(1, 3)
roles = st.frozensets(st.integers(100, 101))
costs = st.integers(1, 30)
charges = st.sampled_from([None, 1, 2, 3, 5, 8, 12, 20, 31, 60])
# the seconds of a shot, and the shots of a storyboard
shapes = st.sampled_from([(5, 0), (5, 0), (10, 0), (None, 0), (4, 2), (4, 4), (8, 2)])
channels = st.sampled_from([(CHANNEL,), (CHANNEL,), (OTHER,), (THREAD, CHANNEL)])
lasts = st.sampled_from([None, 1, 1, 24, 30])  # hours
rates = st.sampled_from([(), ((1, 30),), ((2, 60),), ((3, 60), (5, 3600)), ((4, 86_400),)])
allowances = st.tuples(st.integers(0, 90), st.sampled_from(["day", "week", "month"]))
seldom = st.integers(0, 9).map(lambda number: number == 0)
rules = st.builds(
    Said,
    exempt=st.sampled_from([None, None, None, None, False, True]),
    allowance=st.none() | allowances,
    rates=st.none() | rates,
    open_jobs_most=st.none() | st.integers(0, 5),
    video_micros_most=st.none() | st.integers(5, 40),
    video_seconds_most=st.none() | st.none() | st.integers(4, 17),
)
STARTS = [
    datetime(2026, 3, 28, 22, 59, 30, tzinfo=UTC),  # summer time begins
    datetime(2026, 10, 31, 22, 59, tzinfo=UTC),  # so does a month in Berlin
    datetime(2026, 12, 31, 12, tzinfo=UTC),
]


def real(said):
    """The same rules in the code's own words."""
    return Rules(
        exempt=said.exempt,
        allowance=Allowance(said.allowance[0], Window(said.allowance[1]))
        if said.allowance
        else None,
        rates=None if said.rates is None else tuple(RateLimit(*rate) for rate in said.rates),
        open_jobs_most=said.open_jobs_most,
        video_micros_most=said.video_micros_most,
        video_seconds_most=said.video_seconds_most,
    )


class Server(RuleBasedStateMachine):
    """The real stores beside the model."""

    videos = Bundle("videos")

    def __init__(self):
        super().__init__()
        self.runner = asyncio.Runner()
        self.engine = DirectSqlite()
        self.branch = Branch(self.engine)
        self.keys = 0

    def teardown(self):
        self.runner.run(self.engine.close())
        self.runner.close()

    @initialize(
        zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]),
        start=st.sampled_from(STARTS),
        allowance=allowances,
        limits=rates,
        gift=st.integers(1, 60),
        pool=st.none() | st.integers(50, 400),
    )
    def opens(self, zone, start, allowance, limits, gift, pool):
        self.model = Model(zone, start, FIRST_DAY)
        self.apply(SetPolicy(Policy(GuildId(GUILD), zone=zone)))
        said = Said(allowance=allowance, rates=limits)
        self.set_policy(said=said, pool=pool, gift=gift, paused=False)

    # what the rules below stand on

    def new_key(self):
        self.keys += 1
        return f"k{self.keys:04}"

    def apply(self, edit, key=None):
        """Whether it could be done."""
        actor = by(key or self.new_key(), self.model.now)
        try:
            self.runner.run(self.branch.money_store.apply(actor, edit))
        except InvalidRequestError:
            return False
        return True

    def place(self, user, held=frozenset(), inside=(CHANNEL,)):
        parent = ChannelId(inside[1]) if len(inside) > 1 else None
        member_roles = frozenset(RoleId(role) for role in held)
        channel, guild = ChannelId(inside[0]), GuildId(GUILD)
        return Origin(guild, channel, UserId(user), parent_id=parent, role_ids=member_roles)

    def accepted(self, key, user, held, cost, inside, shape):
        """The names of the limits that were met; none: it is accepted."""
        seconds, shots = shape
        job = make_job(
            id=JobId(key),
            request=make_request(duration_seconds=seconds, shots=(Shot("a fox"),) * shots),
            idempotency_key=IdempotencyKey(key),
            channel_id=inside[0],
            user_id=user,
            cost_micros=cost,
            accepted_at=self.model.now,
        )
        place = self.place(user, held, inside)
        try:
            self.runner.run(self.branch.jobs.accept(job, [make_delivery(job)], place))
        except LimitReachedError as error:
            return sorted(refusal.kind.value for refusal in error.refusals)
        return []

    def ended(self, key, how, charge):
        """What saving the end came to."""
        state, why, submitted, _, _ = ENDS[how]
        job = self.runner.run(self.branch.jobs.get(JobId(key)))
        job = replace(job, version=1)  # as it was read before it ended
        return self.runner.run(
            self.branch.end(
                job,
                state,
                why,
                submitted=submitted,
                charged_micros=charge,
                at=self.model.now,
            )
        )

    # members

    @rule(
        target=videos,
        user=users,
        held=roles,
        cost=costs,
        inside=channels,
        many=st.integers(1, 4),
        shape=shapes,
    )
    def request(self, user, held, cost, inside, many, shape):
        return multiple(*self.requests(user, held, cost, inside, many, shape))

    @rule(target=videos, user=users, held=roles, late=st.sampled_from([-1, 0]))
    def request_as_soon_as_a_rate_limit_allows(self, user, held, late):
        """To the millisecond, and not before."""
        made = self.requests(user, held, 1, (OTHER,), 5)
        ends = [
            at + timedelta(seconds=period)
            for (_, period) in self.model.rules(user, held).rates or ()
            for at in self.model.counted(user, period)[:1]
        ]
        if ends:
            self.model.now = min(ends) + timedelta(milliseconds=late)
        return multiple(*made, *self.requests(user, held, 1, (OTHER,), 5))

    def requests(self, user, held, cost, inside, many, shape=(5, 0)):
        """The keys of those that were accepted, until one was refused."""
        made = []
        seconds, shots = shape
        length = None if seconds is None else seconds * (shots or 1)
        for _ in range(many):
            key = self.new_key()
            refused = self.model.refusals(user, held, cost, inside, length)
            assert self.accepted(key, user, held, cost, inside, shape) == refused
            if refused:
                break
            self.model.accept(key, user, held, cost, inside)
            self.judge(self.model.videos[key], held)
            made.append(key)
        return made

    def judge(self, video, held):
        """No limit is passed, reckoned from the videos themselves."""
        made = list(self.model.videos.values())
        month = [one for one in made if one.pool == video.pool and not one.is_refunded]
        if self.model.pool_micros is not None:
            used = sum(one.paid[1] if one.paid else one.cost for one in month)
            assert used <= self.model.pool_micros
        limits = self.model.rules(video.user, held)
        if limits.exempt:
            return
        own = [one for one in made if one.user == video.user]
        if limits.open_jobs_most is not None:
            assert sum(1 for one in own if one.paid is None) <= limits.open_jobs_most
        for most, period in limits.rates or ():
            instants = self.model.made[video.user, period]
            for end in instants[-20:]:
                since = end - timedelta(seconds=period)
                if end == self.model.now:
                    assert sum(1 for one in instants if since < one <= end) <= most
        if not video.event and limits.video_micros_most is not None:
            assert video.cost <= limits.video_micros_most

    @rule(video=videos)
    def request_the_same_again(self, video):
        one = self.model.videos[video]
        with pytest.raises(DuplicateRequestError, match=video):
            self.accepted(video, one.user, frozenset(), one.cost, (CHANNEL,), (5, 0))

    @rule(givers=st.permutations([1, 2, 3]), held=roles, to=users, micros=st.integers(1, 30))
    def give_one_after_the_other(self, givers, held, to, micros):
        for user in givers:
            self.give(user, held, to, micros)

    def give(self, user, held, to, micros):
        key = self.new_key()
        expected = self.model.may_give(user, held, to, micros)
        gift = Gift(self.place(user, held), UserId(to), micros, self.model.now, key)
        try:
            self.runner.run(self.branch.money_store.give(gift))
        except InvalidRequestError:
            assert not expected
        else:
            assert expected
            self.model.give(key, user, held, to, micros)

    # services

    @rule(video=videos, how=st.sampled_from(sorted(ENDS) + ["video"] * 6), charge=charges)
    def end(self, video, how, charge):
        one = self.model.videos[video]
        *_, member, pool = ENDS[how]
        cost = one.cost if charge is None else charge
        if one.paid is not None:
            assert self.ended(video, how, charge).conflicts == {video}
            return
        assert not self.ended(video, how, charge).conflicts
        self.model.end(video, member * cost, pool * cost)

    @rule(charge=charges)
    def end_all(self, charge):
        for key, one in self.model.videos.items():
            if one.paid is None:
                self.end(key, "video", charge)

    @rule(video=videos)
    def refund(self, video):
        one = self.model.videos[video]
        possible = one.paid is not None and one.paid[1] > 0 and not one.is_refunded
        assert self.apply(RefundJob(JobId(video), "why")) == possible
        if possible:
            self.model.refund(video)

    # moderators

    @rule(
        said=rules,
        pool=st.none() | st.integers(0, 150),
        gift=st.none() | st.integers(0, 60),
        paused=seldom,
    )
    def set_policy(self, said, pool, gift, paused):
        before = self.runner.run(self.branch.money_store.policy(GuildId(GUILD)))
        after = replace(
            before, rules=real(said), pool_micros=pool, gift_micros_most=gift, is_paused=paused
        )
        assert self.apply(SetPolicy(after))
        self.model.server, self.model.pool_micros = said, pool
        self.model.gift_most, self.model.is_paused = gift, paused
        with pytest.raises(PolicyChangedError):
            self.apply(SetPolicy(replace(after, pool_micros=10**9)))

    @rule(role=st.integers(100, 101), said=rules)
    def set_rules_of_role(self, role, said):
        assert self.apply(SetRules(Subject(SubjectKind.ROLE, role), real(said)))
        self.model.roles[role] = said

    @rule(user=users, said=rules)
    def set_rules_of_member(self, user, said):
        assert self.apply(SetRules(Subject(SubjectKind.MEMBER, user), real(said)))
        self.model.members[user] = said

    @rule(is_meant=seldom)
    def reset(self, is_meant):
        if is_meant:
            assert self.apply(ResetPolicy())
            model = self.model
            model.server, model.roles, model.members = FIRST_DAY, {}, {}
            model.pool_micros, model.gift_most, model.is_paused = None, None, False
            policy = self.runner.run(self.branch.money_store.policy(GuildId(GUILD)))
            assert self.apply(SetPolicy(replace(policy, zone=model.zone)))

    def lapse(self, hours):
        return None if hours is None else self.model.now + timedelta(hours=hours)

    @rule(user=users, micros=st.integers(1, 20), hours=lasts)
    def grant(self, user, micros, hours):
        key, ends_at = self.new_key(), self.lapse(hours)
        assert self.apply(MakeGrant(UserId(user), micros, "why", ends_at), key)
        self.model.grant(key, user, micros, ends_at)

    @rule(user=users, micros=st.integers(1, 40))
    def take_back(self, user, micros):
        expected = self.model.take_back(user, micros)
        assert self.apply(MakeGrant(UserId(user), -micros, "why")) == expected

    @rule(
        channel=st.sampled_from([CHANNEL, THREAD]),
        number=st.integers(1, 4),
        most=st.integers(5, 30),
        hours=lasts,
    )
    def open_event(self, channel, number, most, hours):
        key, ends_at = self.new_key(), self.lapse(hours)
        expected = self.model.open_event(key, channel, number, most, ends_at)
        assert self.apply(OpenEvent(ChannelId(channel), number, most, ends_at), key) == expected

    @rule(channel=st.sampled_from([CHANNEL, THREAD]))
    def close_event(self, channel):
        expected = self.model.close_event(channel)
        assert self.apply(CloseEvent(ChannelId(channel))) == expected

    # the calendar

    @rule(seconds=st.sampled_from([0.001, 1, 29.999, 30, 60, 3600, 3600, 6 * 3600, 86_400]))
    def wait(self, seconds):
        self.model.now += timedelta(seconds=seconds)

    @rule(window=st.sampled_from(["day", "week", "month"]), late=st.sampled_from([-1, 0, 1]))
    def wait_for_the_next(self, window, late):
        now = self.model.end_of(window) + timedelta(milliseconds=late)
        self.model.now = max(now, self.model.now)

    @rule(late=st.sampled_from([-1, 0, 1]))
    def wait_until_a_limit_lets_go(self, late):
        """To the millisecond at which a request runs out of a rate limit, or a grant lapses."""
        model = self.model
        ends = [source.ends_at for source in model.sources.values() if source.ends_at]
        ends += [
            at + timedelta(seconds=period)
            for (_, period), instants in model.made.items()
            for at in instants
        ]
        coming = [end for end in ends if end > model.now]
        if coming:
            model.now = max(min(coming) + timedelta(milliseconds=late), model.now)

    # what must hold after every step

    @invariant()
    def every_account_holds_what_the_model_says(self):
        found = self.runner.run(self.branch.balances())
        assert found == self.model.balances()
        assert sum(found.values()) == 0
        assert all(micros > 0 for name, micros in found.items() if name != f"{GUILD}:issued")

    @invariant()
    def every_video_is_resolved_once_and_none_before_its_end(self):
        query = "SELECT job_id FROM ledger_transactions WHERE kind IN ('settle', 'release')"
        resolved = [row["job_id"] for row in self.runner.run(self.branch.rows(query))]
        ended = [key for key, video in self.model.videos.items() if video.paid is not None]
        assert sorted(resolved) == sorted(ended)

    @invariant()
    def members_and_moderators_are_told_how_they_stand(self):
        model, money_store = self.model, self.branch.money_store
        budgets = [
            self.runner.run(money_store.budget(self.place(user), model.now)) for user in (1, 2, 3)
        ]
        for budget in budgets:
            user = budget.allowance.user_id
            assert budget.own_left_micros == model.own_left(user, ())
        assert budgets[0].pool.used_micros == model.used(model.pool())
        events = self.runner.run(money_store.events(GuildId(GUILD), model.now))
        assert {one.channel_id: (one.videos_left, one.left_micros) for one in events} == {
            channel: (event.videos_most - event.videos, model.sources[event.source].balance)
            for channel, event in model.events.items()
            if event.ends_at is None or event.ends_at > model.now
        }

    @invariant()
    def the_audit_finds_nothing(self):
        assert self.runner.run(self.branch.money_store.audit()) == []


TestEveryServer = pytest.mark.timeout(3600)(Server.TestCase)  # some twenty seconds; thorough: many
TestEveryServer.settings = settings(
    max_examples=EXAMPLES.get(settings.get_current_profile_name(), USUAL_EXAMPLES),
    stateful_step_count=STEPS,
    deadline=None,
)
