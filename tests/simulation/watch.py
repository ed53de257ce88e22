"""What must hold after every commit, every request that costs money, and every post.

The rules are written down here a second time, as short as they can be, and not taken from the code
that they are to judge. The numbers are those of the list in docs/simulation.md.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.ids import GuildId
from bot.money.limits import LimitKind, LimitReachedError
from bot.money.policy import SubjectKind, effective
from bot.storage import policies, rows
from tests.simulation.answers import Refusal
from tests.simulation.database import Moved, WitnessedSqlite
from tests.simulation.loop import LIFE, Life
from tests.simulation.shots import ENDS, ShotRules
from tests.simulation.weather import WorldClock, whose

WAYS = {
    "queued": {"submitting", "cancelled", "failed"},
    # to cancelled only when a member pressed Cancel in the meantime and nothing was taken
    "submitting": {"queued", "rendering", "uncertain", "failed", "cancelled"},
    # to queued only for a shot whose failure its first process hears after another has taken it over
    "uncertain": {"queued", "rendering", "failed"},
    "rendering": {"queued", "downloading", "failed", "cancelled", "expired"},
    "downloading": {"rendering", "succeeded", "failed", "cancelled"},
}
COMMITS_BETWEEN_AUDITS = 40
SLOW_PRESS_MS = 60_000  # from reading the clock to the write that goes by it, at most
HOUR_MS = 3_600_000
LONGEST_UNTIL_NEXT_LOOK_MS = 2 * HOUR_MS
LOOKED_JUST_NOW_SECONDS = 200.0
FAILED_LOOKS_FEWEST = 8
LEASE_SECONDS = 120.0
ANSWER_WRITTEN_SECONDS = 50.0  # well below a lease
DELETED_IN_VAIN_MOST = 12  # each after an answer that was lost, or by another process
CLOCKS_DIFFER_MS = 60_000  # of two machines, at most, while neither is wrong
ASKED_AGAIN_SECONDS = 600.0  # after a clock came back, and while nothing stands in the way
AUDITS = (
    "list_unbalanced",
    "list_wrong_balances",
    "list_wrong_fundings",
    "list_wrong_reservations",
    "list_wrong_holdings",
)


class BrokenRuleError(AssertionError):
    """Something happened that must never happen."""


@dataclass(slots=True)
class Look:
    """The last that a service showed of a video, and how often nothing since."""

    state: str
    at_seconds: float
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """Who was told that a video was taken, and when."""

    tag: str
    life: Life
    at_seconds: float


@dataclass
class Watch:
    """Sees everything. The first broken rule ends the run: `broken` then holds it."""

    engine: WitnessedSqlite
    clock: WorldClock
    tell: Callable[[str], None]
    broken: asyncio.Future[None] = field(init=False)
    shots: ShotRules = field(init=False)
    roles: dict[str, frozenset[int]] = field(default_factory=dict)  # by idempotency key
    states: dict[str, str] = field(default_factory=dict)  # as the log of changes has them
    runs: Counter[str] = field(default_factory=Counter)  # paid, by job
    tags: Counter[str] = field(default_factory=Counter)  # sent
    looks: dict[str, Look] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)  # by job
    spoilt: set[str] = field(default_factory=set)  # jobs whose video is none
    cancelled: set[str] = field(default_factory=set)
    posts: Counter[tuple[str, str]] = field(default_factory=Counter)
    in_vain: Counter[str] = field(default_factory=Counter)  # deletions of what is gone, by job
    ways: Counter[str] = field(default_factory=Counter)
    commits: int = 0
    written: dict[int, list[int]] = field(default_factory=dict)  # requests, by member
    refused_accounts: set[str] = field(default_factory=set)  # services that ever refused one
    refuses_contents: bool = False  # a service has refused a request for what it asks for
    touched: dict[str, float] = field(default_factory=dict)  # jobs, when they last changed
    wrong_until_seconds: float = float("-inf")  # a clock was wrong; infinite while one is
    limited_until_ms: int = 0  # a service said that it takes nothing until then
    curious: dict[str, list[asyncio.Future[None]]] = field(default_factory=dict)  # by job
    keen: dict[str, list[asyncio.Future[None]]] = field(default_factory=dict)  # the same

    def __post_init__(self) -> None:
        self.broken = asyncio.get_running_loop().create_future()
        self.engine.on_commit = self.committed
        self.shots = ShotRules(self.engine, self.demand)

    def demand(self, holds: object, rule: str, text: str) -> None:
        if not holds and not self.broken.done():
            self.tell(f"BROKEN {rule}: {text}")
            self.broken.set_exception(BrokenRuleError(f"{rule}: {text}"))

    async def next_move(self, job_id: str) -> None:
        """Until the job is in another state."""
        waiting = asyncio.get_running_loop().create_future()
        self.curious.setdefault(job_id, []).append(waiting)
        await waiting

    async def next_lease(self, job_id: str) -> None:
        """Until a process takes the job in hand, or it is in another state."""
        waiting = asyncio.get_running_loop().create_future()
        self.keen.setdefault(job_id, []).append(waiting)
        await waiting

    # commits

    def committed(self, moves: Sequence[Moved]) -> None:
        self.commits += 1
        for move in moves:
            if move.old is None:
                self._born(move)
            else:
                self._moved(move)
        if self.refuses_contents:
            self._pauses_are_right()
        if self.commits % COMMITS_BETWEEN_AUDITS == 0:
            self.audit()

    def _pauses_are_right(self) -> None:
        """A refusal of one request pauses no one else: only one of the account does."""
        query = "SELECT provider, reason FROM provider_availability WHERE reason <> 'failures'"
        for row in self.engine.ask(query):
            was_refused = row["provider"] in self.refused_accounts
            text = f"{row['provider']} is paused for {row['reason']}, and took the account"
            self.demand(was_refused, "pause", text)

    def audit(self) -> None:
        for name in AUDITS:
            found = self.engine.ask(getattr(self.engine.queries, name).sql)
            self.demand(not found, "I1-I3", f"{name}: {[dict(row) for row in found]}")

    def _born(self, move: Moved) -> None:
        self.states[move.job_id] = move.new.state
        self.tell(f"{whose()}: {move.job_id} is {move.new.state}")
        job = self._job(move.job_id)
        whole = job["storyboard_id"] == move.job_id
        is_free = whole or job["reuses"] is not None
        first = "downloading" if is_free else "queued"
        self.demand(move.new.state == first, "I8", f"{move.job_id} began {move.new.state}")
        reserved = self._reservations(move.job_id)
        self.demand(reserved == (not is_free), "I3", f"{move.job_id} reserved {reserved} times")
        self.touched[move.job_id] = asyncio.get_running_loop().time()
        if job["shot_number"] is None:
            self._within_limits(job)

    def _now_there(self) -> int:
        """What the clock of the process says that just wrote, in milliseconds."""
        life = LIFE.get()
        ahead = 0.0 if life is None else life.machine.ahead_seconds
        return rows.milliseconds(self.clock.now()) + int(ahead * 1000)

    def clocks_were_right(self, for_seconds: float) -> bool:
        """For so long, up to now; what a process read before it was suspended it goes by after."""
        life = LIFE.get()
        now = asyncio.get_running_loop().time()
        since = now - for_seconds if life is None else life.awake_ago(for_seconds)
        return since >= self.wrong_until_seconds

    @property
    def _clocks_were_ever_wrong(self) -> bool:
        return self.wrong_until_seconds > float("-inf")

    def _moved(self, move: Moved) -> None:
        old, new, job_id = move.old, move.new, move.job_id
        assert old is not None
        now = self._now_there()
        held = old.lease_owner is not None and (old.lease_expires_at or 0) > now
        stolen = new.lease_owner not in {None, old.lease_owner}
        may = not (held and stolen) or not self.clocks_were_right(SLOW_PRESS_MS / 1000)
        self.demand(may, "lease", f"{job_id} of {old.lease_owner} taken away")
        if new.lease_owner not in {None, old.lease_owner}:
            self._wake(self.keen, job_id)
        if new.version == old.version and new.state == old.state:
            return  # a lease was taken or renewed
        self.touched[job_id] = asyncio.get_running_loop().time()
        self.demand(old.state not in ENDS, "I8", f"{job_id} had {old.state} already")
        self.demand(new.version == old.version + 1, "I8", f"{job_id} skipped a version")
        self.demand(
            new.cancel_requested >= old.cancel_requested, "I8", f"{job_id}: a Cancel was forgotten"
        )
        latest = max(now, self.limited_until_ms) + LONGEST_UNTIL_NEXT_LOOK_MS
        is_due = new.state in ENDS or new.next_action_at <= latest + CLOCKS_DIFFER_MS
        self.demand(is_due or self._clocks_were_ever_wrong, "I7", f"{job_id} is not due")
        if new.state != old.state:
            self._changed(move.job_id, old.state, new.state, now)

    @staticmethod
    def _wake(waiting: dict[str, list[asyncio.Future[None]]], job_id: str) -> None:
        for one in waiting.pop(job_id, ()):
            one.set_result(None)

    def _changed(self, job_id: str, old: str, new: str, now: int) -> None:
        self.tell(f"{whose()}: {job_id} {old} → {new}")
        self.states[job_id] = new
        for waiting in (self.curious, self.keen):
            self._wake(waiting, job_id)
        self.ways[f"{old} {new}"] += 1
        self.demand(new in WAYS.get(old, set()), "I8", f"{job_id} went from {old} to {new}")
        job = self._job(job_id)
        whole = job["storyboard_id"] == job_id
        if new in ENDS:
            is_free = whole or job["reuses"] is not None
            found, expected = self._resolutions(job_id), 0 if is_free else 1
            self.demand(
                found == expected, "I3", f"{job_id} is {new} and was resolved {found} times"
            )
        if new in ENDS and whole:
            self.shots.may_end(job, new)
            return
        if job["reuses"] is not None:
            self.demand(new in ENDS, "shots", f"{job_id} was there already, and is {new}")
            return
        if (old, new) in {("rendering", "queued"), ("uncertain", "queued")}:
            self.shots.may_be_retried(job)
        if (old, new) == ("submitting", "uncertain"):
            self._may_be_uncertain(job_id)
        if (old, new) == ("submitting", "cancelled"):
            self.demand(not self.runs[job_id], "I8", f"{job_id} was let go, and is paid for")
        if new == "expired":
            self._may_expire(self._job(job_id), now)
        if (old, new) == ("downloading", "failed"):
            job = self._job(job_id)
            is_late = now + CLOCKS_DIFFER_MS >= job["deadline_at"]
            may = job_id in self.spoilt or is_late or self._clocks_were_ever_wrong
            self.demand(may, "deadline", f"{job_id} was ready and in time, and was given up")

    def _may_be_uncertain(self, job_id: str) -> None:
        """Not what a process was just told of, which lives and did not sleep."""
        answer = self.answers.get(job_id)
        if answer is None:
            return
        now = asyncio.get_running_loop().time()
        ago = now - answer.at_seconds
        slept = (
            now - self.clock.jumped_at <= LEASE_SECONDS
        )  # a lease may have ended in the meantime
        suspended = answer.life.is_suspended or answer.life.suspended_seconds(now - LEASE_SECONDS)
        wrong = not self.clocks_were_right(LEASE_SECONDS)
        late = ago > ANSWER_WRITTEN_SECONDS
        excused = answer.life.is_over or slept or suspended or wrong or late
        self.demand(excused, "I5", f"the answer to {job_id} was thrown away")

    def _may_expire(self, job: Any, now: int) -> None:
        """Only what was just seen rendering, or what no one could look at for an hour."""
        look = self.looks.get(job["id"])
        if self._clocks_were_ever_wrong:
            seen = look is None or look.state in {"queued", "running", ""}
            self.demand(seen, "deadline", f"{job['id']} expired, last {look}")
            return
        passed = now - job["deadline_at"] + CLOCKS_DIFFER_MS
        self.demand(passed >= 0, "deadline", f"{job['id']} expired before its deadline")
        if look is None:
            self.demand(passed >= HOUR_MS, "deadline", f"{job['id']} expired unseen")
            return
        ago = asyncio.get_running_loop().time() - look.at_seconds
        seen = look.state in {"queued", "running"} and ago <= LOOKED_JUST_NOW_SECONDS
        unseen = look.failed >= FAILED_LOOKS_FEWEST and passed >= HOUR_MS
        self.demand(seen or unseen, "deadline", f"{job['id']} expired, last {look}")

    def _within_limits(self, job: Any) -> None:
        guild, user = job["guild_id"], job["user_id"]
        found = self.engine.ask("SELECT * FROM policies WHERE guild_id = ?", guild)
        policy = policies.policy_from(found[0] if found else None, GuildId(guild))
        rules = self._rules(policy.rules, job)
        self.written.setdefault(user, []).append(rows.milliseconds(self.clock.now()))
        self.demand(not policy.is_paused, "I9", f"{job['id']} was accepted in a pause")
        if not rules.exempt:
            self._demand_counts(job, guild, user, rules)
        draws = self.engine.ask(
            "SELECT a.kind, a.funded_micros - a.balance_micros AS used FROM accounts AS a"
            " JOIN ledger_entries AS e ON e.account_id = a.id"
            " JOIN ledger_transactions AS t ON t.id = e.transaction_id"
            " WHERE t.kind = 'reserve' AND e.micros < 0"
            " AND t.job_id IN (SELECT id FROM jobs WHERE id = ? OR storyboard_id = ?)",
            job["id"],
            job["id"],
        )
        allowance = None if rules.exempt or rules.allowance is None else rules.allowance.micros
        most = {"allowance": allowance, "pool": policy.pool_micros}
        for row in draws:
            limit = most.get(row["kind"])
            within = limit is None or row["used"] <= limit
            self.demand(within, "I9", f"{job['id']}: {row['kind']} {row['used']} of {limit}")

    def _demand_counts(self, job: Any, guild: int, user: int, rules: Any) -> None:
        mine = "SELECT COUNT(*) FROM jobs WHERE guild_id = ? AND user_id = ? AND shot_number IS NULL AND"
        [(opened,)] = self.engine.ask(f"{mine} state NOT IN {tuple(sorted(ENDS))}", guild, user)
        most = rules.open_jobs_most
        self.demand(most is None or opened <= most, "I9", f"{job['id']}: {opened} open of {most}")
        now = rows.milliseconds(self.clock.now())
        written = self.written[user]
        for rate in rules.rates or ():
            since = job["accepted_at"] - rate.per_seconds * 1000
            [(made,)] = self.engine.ask(f"{mine} accepted_at > ?", guild, user, since)
            # by its own word a slow request may be older than one that overtook it, hours later
            lately = sum(at > now - rate.per_seconds * 1000 for at in written)
            # what a clock made that was behind is free early, by as much
            right = self.clocks_were_right(rate.per_seconds + SLOW_PRESS_MS / 1000)
            within = min(made, lately) <= rate.most or not right
            self.demand(within, "I9", f"{job['id']}: {made} requests of {rate}")

    def _rules(self, server: Any, job: Any) -> Any:
        own, roles = None, []
        mine = self.roles[job["idempotency_key"]]
        for row in self.engine.ask(
            "SELECT * FROM policy_overrides WHERE guild_id = ?", job["guild_id"]
        ):
            override = policies.override_from(row)
            if override.subject.kind is SubjectKind.ROLE and override.subject.id in mine:
                roles.append(override.rules)
            if (
                override.subject.kind is SubjectKind.MEMBER
                and override.subject.id == job["user_id"]
            ):
                own = override.rules
        return effective(server, roles, own)

    def refused_by_limit(self, user: int, error: LimitReachedError, pressed_at: datetime) -> None:
        """A rate refuses only what really was asked for in its time, before the press."""
        if not self.clocks_were_right(ASKED_AGAIN_SECONDS):
            return
        now = rows.milliseconds(pressed_at)
        for one in error.refusals:
            if one.kind is LimitKind.RATE:
                since = now - one.asked * 1000 - CLOCKS_DIFFER_MS - SLOW_PRESS_MS
                made = sum(at > since for at in self.written.get(user, ()))
                text = f"{user} made {made} in {one.asked} s, and was refused as after {one.most}"
                self.demand(made >= one.most, "I9", text)

    def blocked_by_limit(self) -> bool:
        """Whether some service takes nothing yet, and said so."""
        return rows.milliseconds(self.clock.now()) < self.limited_until_ms

    def limited(self, until: datetime) -> None:
        self.limited_until_ms = max(self.limited_until_ms, rows.milliseconds(until))

    def stands_still(self, job_id: str, since_seconds: float) -> bool:
        """Whether no one has touched an open job, nor asked its service, for too long.

        Someone was there to do so, and its clock was right, since then.
        """
        look = self.looks.get(job_id)
        looked = look.at_seconds if look else 0.0
        last = max(self.touched[job_id], looked, since_seconds, self.wrong_until_seconds)
        return asyncio.get_running_loop().time() - last > ASKED_AGAIN_SECONDS

    # services

    def refused_content(self, provider: str, refusal: Refusal) -> None:
        """A request was refused for what it asks for."""
        self.refuses_contents = True
        self.tell(f"{provider} refuses a content with {refusal.status}: {refusal.error!r}")

    def sends(self, tag: str, owner: str) -> None:
        """A request that may cost money is on its way."""
        job_id = tag.rpartition("-")[0]
        self.tags[tag] += 1
        self.answers.pop(job_id, None)
        self.demand(self.tags[tag] == 1, "I5", f"{tag} was sent again")
        paid = self.runs[job_id] > self.shots.again[job_id]
        self.demand(not paid, "I5", f"{tag} is sent, and its video is paid for")
        self.shots.demand_turn(self._job(job_id))
        self.demand(job_id not in self.cancelled, "I5", f"{tag} is sent, and was cancelled")
        found = self.engine.ask("SELECT state FROM submissions WHERE tag = ?", tag)
        self.demand(found, "I5", f"{tag} is sent before its intent was written")
        if found:  # another process may have taken it for lost, if this one was slow
            open_states = {"intended", "uncertain", "abandoned"}
            self.demand(found[0]["state"] in open_states, "I5", f"{tag} was {found[0]['state']}")

    def paid(self, tag: str) -> None:
        """A service took it, and charges for it."""
        job_id = tag.rpartition("-")[0]
        self.runs[job_id] += 1
        most = 1 + self.shots.again[job_id]
        self.demand(self.runs[job_id] <= most, "I5", f"{job_id} was paid for twice")

    def answered(self, tag: str, life: Life) -> None:
        """A process was told that it was taken."""
        now = asyncio.get_running_loop().time()
        answer = Answer(tag, life, now)
        self.answers[tag.rpartition("-")[0]] = answer

    def looked(self, tag: str, state: str | None) -> None:
        """None: the look failed."""
        job_id = tag.rpartition("-")[0]
        now = asyncio.get_running_loop().time()
        if state in {"failed", "cancelled"}:
            self.shots.broke.add(tag)
        if state is not None:
            self.looks[job_id] = Look(state, now)
        else:
            last = self.looks.setdefault(job_id, Look("", now))
            last.failed += 1

    # Discord

    def posted(self, job_id: str, kind: str) -> None:
        """A new message stands in a channel."""
        self.posts[job_id, kind] += 1
        self.demand(self.posts[job_id, kind] == 1, "I6", f"a second {kind} of {job_id}")
        row = self.engine.ask(
            "SELECT state FROM deliveries WHERE job_id = ? AND kind = ?", job_id, kind
        )
        intended = row and row[0]["state"] in {"posting", "posted"}
        self.demand(intended, "I6", f"a {kind} of {job_id} without its intent")
        state, wanted = (
            self.states[job_id],
            {"video": {"succeeded", "failed", "expired"}, "failure": {"failed", "expired"}},
        )
        self.demand(state in wanted.get(kind, {state}), "I6", f"a {kind} of {job_id}, {state}")

    def deleted(self, job_id: str, kind: str, *, is_there: bool) -> None:
        """A message is deleted, or was, because a later one of its job is there."""
        later = {"card": ("video", "failure"), "failure": ("video",)}.get(kind, ())
        replaced = any(self.posts[job_id, one] for one in later)
        self.demand(replaced, "I11", f"the {kind} of {job_id} is deleted, and none came after it")
        self.in_vain[job_id] += not is_there
        few = self.in_vain[job_id] <= DELETED_IN_VAIN_MOST
        self.demand(few, "I11", f"the {kind} of {job_id} is deleted again and again")

    # questions

    def _job(self, job_id: str) -> Any:
        return self.engine.ask("SELECT * FROM jobs WHERE id = ?", job_id)[0]

    def _reservations(self, job_id: str) -> int:
        return self._transactions(job_id, ("reserve", "reserve"))

    def _resolutions(self, job_id: str) -> int:
        return self._transactions(job_id, ("settle", "release"))

    def _transactions(self, job_id: str, kinds: tuple[str, str]) -> int:
        query = "SELECT COUNT(*) FROM ledger_transactions WHERE job_id = ? AND kind IN (?, ?)"
        return int(self.engine.ask(query, job_id, *kinds)[0][0])


def instant(milliseconds: int) -> datetime:
    return rows.instant(milliseconds)
