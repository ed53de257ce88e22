"""A server's money as one would reckon it on paper: what the real books are compared with.

It shares nothing with the code that it judges but the names of limits, accounts and accounts.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

GUILD = 10
FAR = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass
class Said:
    """The rules of a server, a role or a member; None: nothing is said. An allowance is (micros, window)."""

    exempt: bool | None = None
    allowance: tuple[int, str] | None = None
    rates: tuple[tuple[int, int], ...] | None = None  # (most, seconds)
    open_jobs_most: int | None = None
    video_micros_most: int | None = None
    video_seconds_most: int | None = None


@dataclass
class Account:
    """`funded - balance` was used."""

    ends_at: datetime | None
    owner: int | None = None
    is_grant: bool = False
    balance: int = 0
    funded: int = 0

    def fund_to(self, balance):
        self.funded += balance - self.balance
        self.balance = balance

    @property
    def used(self):
        return self.funded - self.balance


@dataclass
class Video:
    """From which accounts it was reserved, and what it came to."""

    key: str
    user: int
    cost: int
    at: datetime
    draws: list[tuple[str, int]]
    pool: str
    event: str | None
    paid: tuple[int, int] | None = None  # by member and server; None: has not ended
    is_refunded: bool = False


@dataclass
class Event:
    """A channel's."""

    source: str
    channel: int
    videos_most: int
    video_most: int
    ends_at: datetime | None
    videos: int = 0


@dataclass
class Gift:
    """Of some day."""

    giver: int
    to: int
    micros: int
    day: str


@dataclass
class Model:
    """One server."""

    zone: str
    now: datetime
    server: Said = field(default_factory=Said)
    roles: dict[int, Said] = field(default_factory=dict)
    members: dict[int, Said] = field(default_factory=dict)
    pool_micros: int | None = None
    gift_most: int | None = None
    is_paused: bool = False
    sources: dict[str, Account] = field(default_factory=dict)
    videos: dict[str, Video] = field(default_factory=dict)
    events: dict[int, Event] = field(default_factory=dict)  # by channel
    gifts: list[Gift] = field(default_factory=list)
    made: dict[tuple[int, int], list[datetime]] = field(default_factory=dict)  # by member, period

    # clocks

    def label(self, window):
        local = self.now.astimezone(ZoneInfo(self.zone))
        if window == "day":
            return f"{local:%Y-%m-%d}"
        if window == "week":
            year, week, _ = local.isocalendar()
            return f"{year}-W{week:02}"
        return f"{local:%Y-%m}"

    def end_of(self, window):
        """The first instant whose label is another, found by walking there."""
        day = self.now.astimezone(ZoneInfo(self.zone)).date()
        begins = {
            "day": lambda _: True,
            "week": lambda day: day.weekday() == 0,
            "month": lambda day: day.day == 1,
        }[window]
        day += timedelta(days=1)
        while not begins(day):
            day += timedelta(days=1)
        start = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(self.zone))
        return start.astimezone(UTC)

    # rules

    def rules(self, user, roles):
        own, said = self.members.get(user, Said()), [self.roles.get(role, Said()) for role in roles]

        def pick(name, best):
            if getattr(own, name) is not None:
                return getattr(own, name)
            of_roles = [getattr(one, name) for one in said if getattr(one, name) is not None]
            return best(of_roles) if of_roles else getattr(self.server, name)

        days = {"day": 1, "week": 7, "month": 30}
        return Said(
            exempt=pick("exempt", any),
            allowance=pick("allowance", lambda all_: max(all_, key=lambda a: a[0] / days[a[1]])),
            rates=pick("rates", _most_generous),
            open_jobs_most=pick("open_jobs_most", max),
            video_micros_most=pick("video_micros_most", max),
            video_seconds_most=pick("video_seconds_most", max),
        )

    # accounts

    def source(self, name, ends_at=None, owner=None):
        return self.sources.setdefault(name, Account(ends_at, owner))

    def allowance(self, user, rules):
        """Its name, and how much it gives in this window; None: as much as is asked."""
        if rules.exempt or rules.allowance is None:
            return f"{GUILD}:allowance:{user}:unlimited-{self.label('month')}", "month", None
        micros, window = rules.allowance
        return f"{GUILD}:allowance:{user}:{self.label(window)}", window, micros

    def grants(self, user):
        return {
            name: source
            for name, source in self.sources.items()
            if source.is_grant
            and source.owner == user
            and source.balance > 0
            and (source.ends_at or FAR) > self.now
        }

    def pool(self):
        return f"{GUILD}:pool:{self.label('month')}"

    def used(self, name):
        return self.sources[name].used if name in self.sources else 0

    def own_left(self, user, roles):
        name, _, micros = self.allowance(user, self.rules(user, roles))
        if micros is None:
            return None
        grants = sum(source.balance for source in self.grants(user).values())
        return max(micros - self.used(name), 0) + grants

    # requests

    def event_for(self, channels, cost):
        for channel in channels:
            event = self.events.get(channel)
            if event is not None and (event.ends_at or FAR) > self.now:
                fits = cost <= min(event.video_most, self.sources[event.source].balance)
                return event if fits and event.videos < event.videos_most else None
        return None

    def counted(self, user, period):
        since = self.now - timedelta(seconds=period)
        return [at for at in self.made.get((user, period), []) if since < at <= self.now]

    def refusals(self, user, roles, cost, channels, length):
        """The names of all limits that such a request meets, sorted; None: no one knows its length."""
        if self.is_paused:
            return ["paused"]
        rules = self.rules(user, roles)
        found = [] if rules.exempt else list(self._personal(user, roles, rules, cost, channels))
        if not rules.exempt and rules.video_seconds_most is not None:
            found += ["length"] if length is None or length > rules.video_seconds_most else []
        left = (self.pool_micros or 0) - self.used(self.pool())
        if self.pool_micros is not None and cost > left:
            found.append("pool")
        return sorted(found)

    def _personal(self, user, roles, rules, cost, channels):
        is_sponsored = self.event_for(channels, cost) is not None
        if not is_sponsored:
            if rules.video_micros_most is not None and cost > rules.video_micros_most:
                yield "video_cost"
            left = self.own_left(user, roles)
            if left is not None and cost > left:
                yield "allowance"
        open_videos = [
            video for video in self.videos.values() if video.user == user and not video.paid
        ]
        if rules.open_jobs_most is not None and len(open_videos) >= rules.open_jobs_most:
            yield "open_jobs"
        for most, period in rules.rates or ():
            if len(self.counted(user, period)) >= most:
                yield "rate"

    def accept(self, key, user, roles, cost, channels):
        rules = self.rules(user, roles)
        event = self.event_for(channels, cost)
        name, window, micros = self.allowance(user, rules)
        allowance = self.source(name, self.end_of(window), user)
        pool = self.source(self.pool(), self.end_of("month"))
        if event is not None:
            draws = [(event.source, cost)]
            event.videos += 1
        else:
            allowance.fund_to(cost if micros is None else max(micros - allowance.used, 0))
            draws = self._drawn({name: allowance} if micros is None else None, user, name, cost)
        limited = self.pool_micros is not None
        pool.fund_to(max((self.pool_micros or 0) - pool.used, 0) if limited else cost)
        for source, share in [*draws, (self.pool(), cost)]:
            self.sources[source].balance -= share
        for _, period in rules.rates or ():
            self.made.setdefault((user, period), []).append(self.now)
        self.videos[key] = Video(
            key, user, cost, self.now, draws, self.pool(), event.source if event else None
        )

    def _drawn(self, sources, user, allowance, micros):
        """What lapses first is used first."""
        if sources is None:
            sources = {allowance: self.sources[allowance], **self.grants(user)}
        draws = []
        for name in sorted(sources, key=lambda name: (sources[name].ends_at or FAR, name)):
            share = min(sources[name].balance, micros)
            micros -= share
            if share:
                draws.append((name, share))
        assert micros == 0
        return draws

    # ends

    def end(self, key, member, pool):
        video = self.videos[key]
        assert video.paid is None
        video.paid = (member, pool)
        self._resolve(video.draws, member)
        self._resolve([(video.pool, video.cost)], pool)
        if video.event and not member:
            self._event_of(video.event, -1)

    def _event_of(self, source, videos):
        for event in self.events.values():
            if event.source == source:
                event.videos += videos

    def _resolve(self, draws, spent):
        over = sum(share for _, share in draws) - spent
        for name, share in reversed(draws):
            back = min(share, max(over, 0))
            self.sources[name].balance += back
            over -= back
        missing = max(-over, 0) if over < 0 else 0
        held = sum(self.sources[name].balance for name, _ in draws) if missing else 0
        if missing > held:
            first = self.sources[draws[0][0]]
            first.fund_to(first.balance + missing - held)
        for name, _ in draws:
            share = min(missing, self.sources[name].balance)
            self.sources[name].balance -= share
            missing -= share

    def refund(self, key):
        video = self.videos[key]
        assert video.paid is not None
        member, pool = video.paid
        video.is_refunded = True
        self.sources[video.pool].balance += pool
        if member and video.event:
            self.sources[video.event].balance += member
            self._event_of(video.event, -1)
        elif member:
            name = f"{GUILD}:grant:{video.user}:refund-{key}"
            self.sources[name] = Account(None, video.user, is_grant=True, balance=member)

    # giving

    def grant(self, key, user, micros, ends_at):
        name = f"{GUILD}:grant:{user}:{key}"
        self.sources[name] = Account(ends_at, user, is_grant=True, balance=micros, funded=micros)

    def take_back(self, user, micros):
        """Whether there was so much."""
        grants = self.grants(user)
        if sum(source.balance for source in grants.values()) < micros:
            return False
        for name in sorted(grants, key=lambda name: (grants[name].ends_at or FAR, name)):
            share = min(micros, grants[name].balance)
            grants[name].fund_to(grants[name].balance - share)
            micros -= share
        return True

    def may_give(self, giver, roles, to, micros):
        left, day = self.own_left(giver, roles), self.label("day")
        given = sum(g.micros for g in self.gifts if (g.giver, g.day) == (giver, day))
        got = sum(g.micros for g in self.gifts if (g.to, g.day) == (to, day))
        if self.gift_most is None or left is None or giver == to:
            return False
        return max(given, got) + micros <= self.gift_most and micros <= left

    def give(self, key, giver, roles, to, micros):
        name, window, allowed = self.allowance(giver, self.rules(giver, roles))
        allowance = self.source(name, self.end_of(window), giver)
        allowance.fund_to(max((allowed or 0) - allowance.used, 0))
        draws = self._drawn(None, giver, name, micros)
        ends = [self.sources[source].ends_at or FAR for source, _ in draws]
        for source, share in draws:
            self.sources[source].balance -= share
        self.grant(f"gift-{key}", to, micros, None if min(ends) == FAR else min(ends))
        self.gifts.append(Gift(giver, to, micros, self.label("day")))

    def open_event(self, key, channel, videos, video_most, ends_at):
        """Whether there was room for one."""
        before = self.events.get(channel)
        if before is not None and (before.ends_at or FAR) > self.now:
            return False
        self.close_event(channel)
        source, micros = f"{GUILD}:event:{key}", videos * video_most
        self.sources[source] = Account(ends_at, balance=micros, funded=micros)
        self.events[channel] = Event(source, channel, videos, video_most, ends_at)
        return True

    def close_event(self, channel):
        """Whether there was one."""
        event = self.events.pop(channel, None)
        if event is not None:
            self.sources[event.source].fund_to(0)
        return event is not None

    # the whole

    def balances(self):
        """Of every account that is not empty, as the books must have them."""
        found = {name: source.balance for name, source in self.sources.items()}
        videos = list(self.videos.values())
        open_micros = sum(video.cost for video in videos if video.paid is None)
        kept = [video.paid for video in videos if video.paid and not video.is_refunded]
        found[f"{GUILD}:held"] = found[f"{GUILD}:pool_held"] = open_micros
        found[f"{GUILD}:spent"] = sum(member for member, _ in kept)
        found[f"{GUILD}:pool_spent"] = sum(pool for _, pool in kept)
        found[f"{GUILD}:issued"] = -sum(found.values())
        return {name: micros for name, micros in found.items() if micros}


def _most_generous(said):
    """What every role limits, each by its highest number."""
    shared = set.intersection(*({seconds for _, seconds in rates} for rates in said))
    return tuple(
        (max(most for rates in said for most, seconds in rates if seconds == period), period)
        for period in sorted(shared)
    )
