"""Members who request, think better of it and press twice.

What one of them does is done in a process, and ends with it: then no one answers.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from bot.catalog.capability import Capability
from bot.catalog.pricing import Price
from bot.catalog.request import Origin, Shot, VideoRequest, single_requests
from bot.errors import (
    DuplicateRequestError,
    JobNotFoundError,
    LeaseLostError,
    NotYourJobError,
    StorageError,
    TooLateToCancelError,
    UserFacingError,
)
from bot.ids import ChannelId, GuildId, IdempotencyKey, JobId, MessageId, RoleId, UserId
from bot.jobs.job import Cancellation
from bot.jobs.messages import DeliveryKind, DeliveryState, deleted
from bot.money.limits import LimitReachedError
from bot.ordering import derive
from bot.ordering.quotes import Quote
from tests.factories import make_image, make_request
from tests.simulation.processes import Program
from tests.simulation.services import SimulatedMessenger
from tests.simulation.shots import ENDS
from tests.simulation.watch import Watch
from tests.simulation.weather import WorldClock, excused

STORYBOARDS = 0.5  # of the requests, on a day that has them
GUILD, ELSEWHERE = GuildId(10), GuildId(11)
CHANNELS = (ChannelId(21), ChannelId(22), ChannelId(23))
MEMBERS = 4
ROLE = 77
DOLLAR = 1_000_000
MEDDLED = 0.15  # of the requests: someone presses what is not theirs
IN_A_BURST = 0.35  # of all requests: by one member at one instant
LOOKS, BETWEEN_LOOKS_SECONDS = 20, 20.0  # at a video, before more is made of it
SEQUELS = ("again", "extend", "remake", "remix")  # by the buttons under a video
SEQUELS_MOST = 2  # one of another
PATIENCE_TRIES = 3  # of a member who is told of a limit


class suppressed:  # noqa: N801 - as `contextlib.suppress`
    """These, and what the weather made; whatever else a press meets is a finding."""

    def __init__(self, *errors: type[Exception]) -> None:
        self._errors = errors

    def __enter__(self) -> None:
        """Nothing yet."""

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> bool:
        return isinstance(error, self._errors) or (error is not None and excused(error))


class NobodyError(Exception):
    """The process ended before it answered, or there is none."""


@dataclass
class People:
    """Everyone, and what they were told. `alive` are the processes that would answer now."""

    random: Random
    clock: WorldClock
    watch: Watch
    messenger: SimulatedMessenger
    capabilities: Mapping[str, Capability]
    tell: Callable[[str], None]
    has_storyboards: bool = False
    has_sequels: bool = False
    alive: list[Program] = field(default_factory=list)
    accepted: set[IdempotencyKey] = field(default_factory=set)
    told: dict[IdempotencyKey, Cancellation] = field(default_factory=dict)
    taken_down: set[str] = field(default_factory=set)  # jobs of which someone deleted a message

    async def at(self, program: Program, act: Coroutine[Any, Any, Any]) -> Any:
        """What a program answers. Raises NobodyError where it ends first."""
        task = program.life.start(act)
        answered = asyncio.get_running_loop().create_future()

        def heard(*_: object) -> None:
            if not answered.done():
                answered.set_result(None)

        task.add_done_callback(heard)
        program.life.hears.append(heard)
        await answered
        program.life.hears.remove(heard)
        if not task.done():
            raise NobodyError
        return task.result()

    async def someone(self, act: Callable[[Program], Coroutine[Any, Any, Any]]) -> Any:
        """Any of the processes. Raises NobodyError."""
        programs = [program for program in self.alive if not program.life.is_over]
        if not programs:
            raise NobodyError
        program = self.random.choice(programs)
        return await self.at(program, act(program))

    async def member(self, number: int, arrive_within_seconds: float) -> None:
        """One request, from the first press to the last."""
        key = IdempotencyKey(f"interaction:{number}")
        user = UserId(30 + self.random.randrange(MEMBERS))
        if self.random.random() < IN_A_BURST:
            user = UserId(30)
            await self.clock.sleep(arrive_within_seconds / 3)
        else:
            await self.clock.sleep(self.random.uniform(0, arrive_within_seconds))
        place = self._place(user, number)
        quote = self._quote(number)
        self.watch.roles[key] = frozenset(place.role_ids)
        if self.random.random() < 0.2:  # pressed twice
            twice = [self._ask(key, place, quote), self._ask(key, place, quote)]
            await asyncio.gather(*twice)
        else:
            await self._ask(key, place, quote)
        if key in self.accepted:
            await self._afterwards(key, user, place)
            if self.has_sequels:
                await self._make_more(key, place)

    def _place(self, user: UserId, number: int) -> Origin:
        """Roles come and go."""
        roles = frozenset({RoleId(ROLE)}) if self.random.random() < 0.3 else frozenset[RoleId]()
        channel = self.random.choice(CHANNELS)
        return Origin(GUILD, channel, user, MessageId(500 + number), role_ids=roles)

    def _quote(self, number: int) -> Quote:
        if self.has_storyboards and self.random.random() < STORYBOARDS:
            return self._storyboard()
        capability = self.capabilities[self.random.choice(sorted(self.capabilities))]
        image = make_image(key=f"{number}.png") if self.random.random() < 0.4 else None
        request = make_request(model_id=capability.model_id, image=image)
        cost = self.random.choice([100_000, 300_000, 500_000, 900_000])
        return Quote(request, capability, Price(cost), expected_seconds=60)

    def _storyboard(self) -> Quote:
        """Several shots, each with its own price; where it can be, now and then a chain."""
        capability = self.capabilities[self.random.choice(sorted(self.capabilities))]
        count = self.random.choice([2, 3, 3, 6])
        continuous = capability.takes_files and self.random.random() < 0.5
        shots = tuple(Shot(f"scene {number}") for number in range(1, count + 1))
        request = make_request(model_id=capability.model_id, shots=shots, continuous=continuous)
        costs = [self.random.choice([10_000, 50_000, 100_000]) for _ in shots]
        quotes = [
            Quote(single, capability, Price(cost), expected_seconds=60)
            for single, cost in zip(single_requests(request), costs, strict=True)
        ]
        return Quote(request, capability, Price(sum(costs)), 60 * count, shots=tuple(quotes))

    async def _make_more(self, key: IdempotencyKey, place: Origin) -> None:
        """One video of another, as long as each ends while its member still looks."""
        first = place.source_message_id or 0
        for number in range(1, SEQUELS_MOST + 1):
            if not await self._has_ended(self._job_id(key)):
                return
            place = replace(place, source_message_id=MessageId(first + 100 * number))
            how = self.random.choice(SEQUELS)
            request = await self._derived(JobId(self._job_id(key)), how, place)
            if request is None:
                return
            key = IdempotencyKey(f"{key}-{how}-{number}")
            self.watch.roles[key] = frozenset(place.role_ids)
            await self._ask(key, place, self._priced(request))
            if key not in self.accepted:
                return
            await self._afterwards(key, place.user_id, place)

    async def _has_ended(self, job_id: str) -> bool:
        for _ in range(LOOKS):
            if self.watch.states[job_id] in ENDS:
                return True
            await self.clock.sleep(BETWEEN_LOOKS_SECONDS)
        return False

    async def _derived(self, job_id: JobId, how: str, place: Origin) -> VideoRequest | None:
        """What a button under the video asks for; None where it is refused or no one answers."""
        self.tell(f"{place.user_id} presses {how} under {job_id}")
        derive_it = {
            "again": self._again,
            "extend": self._extend,
            "remake": self._remake,
            "remix": self._remix,
        }[how]
        with suppressed(NobodyError, UserFacingError):
            derived: VideoRequest = await self.someone(
                lambda program: derive_it(program, job_id, place)
            )
            return derived
        return None

    async def _again(self, program: Program, job_id: JobId, place: Origin) -> VideoRequest:
        return await program.sequels.again(job_id, place)

    async def _extend(self, program: Program, job_id: JobId, place: Origin) -> VideoRequest:
        job = await program.sequels.parent(job_id, place)
        return (await program.extending.of_job(job, place)).request

    async def _remake(self, program: Program, job_id: JobId, place: Origin) -> VideoRequest:
        number = self.random.randint(1, max(len(self.watch.shots.list_of(job_id)), 1))
        return await program.remaking.remake(job_id, number, "", place)

    async def _remix(self, program: Program, job_id: JobId, place: Origin) -> VideoRequest:
        """With other words, and now and then a shot more or less."""
        original = (await program.sequels.parent(job_id, place)).request
        lines = [f"{line}, by night" for line in derive.text_of(original).splitlines()]
        if original.shots:
            lines = self.random.choice(
                [lines, [*lines, "the end"], lines[: max(len(lines) - 1, 2)]]
            )
        changed = replace(original, prompt="\n".join(lines))
        return derive.remixed(original, changed, job_id)

    def _priced(self, request: VideoRequest) -> Quote:
        """Each new shot at a price of its own; what is there already costs nothing."""
        [capability] = [
            one for one in self.capabilities.values() if one.model_id == request.model_id
        ]
        if not request.shots:
            cost = self.random.choice([100_000, 300_000, 500_000])
            return Quote(request, capability, Price(cost), expected_seconds=60)
        quotes = []
        for shot, single in zip(request.shots, single_requests(request), strict=True):
            cost = self.random.choice([10_000, 50_000, 100_000]) if shot.reuses is None else 0
            seconds = 60 if shot.reuses is None else 0
            quotes.append(Quote(single, capability, Price(cost), seconds))
        total = sum(quote.price.cost_micros for quote in quotes)
        return Quote(request, capability, Price(total), 60, shots=tuple(quotes))

    async def _ask(self, key: IdempotencyKey, place: Origin, quote: Quote) -> None:
        tries = 0
        while tries < PATIENCE_TRIES and key not in self.accepted:
            pressed_at = self.clock.now()
            try:
                await self.someone(lambda one: one.accepting.accept(quote, place, key))
            except DuplicateRequestError:
                self._accepted(key)
            except LimitReachedError as error:
                tries += 1
                self.watch.refused_by_limit(place.user_id, error, pressed_at)
                self.tell(f"{key} is told: {error}")
                await self.clock.sleep(self.random.uniform(5, 60))
            except NobodyError:
                await self.clock.sleep(5)
            except StorageError as error:
                if not excused(error):
                    raise
                await self.clock.sleep(5)
            else:
                self._accepted(key)

    def _accepted(self, key: IdempotencyKey) -> None:
        self.accepted.add(key)
        self.tell(f"{key} is told: accepted")

    async def _afterwards(self, key: IdempotencyKey, user: UserId, place: Origin) -> None:
        dice = self.random.random()
        shots = self.watch.shots.list_of(self._job_id(key))
        if shots and dice < 0.1:
            await self._cancel_at_the_start(key, user, shots[0])
            return
        await self.clock.sleep(self.random.choice([0.01, 1, 60, 300]) * self.random.random())
        with suppressed(NobodyError, TooLateToCancelError):
            if self.random.random() < MEDDLED:
                await self._meddle(key, user)
            if dice < 0.2:
                await self._cancel(key, user)
            elif dice < 0.4:
                await self._cancel_in_the_midst(key, user)
            elif dice < 0.45:
                await self._cancel_reaction(key, user, place)
            elif dice < 0.55:
                self._delete_card(key)
            elif dice < 0.65:
                await self._delete_video(key)

    async def _meddle(self, key: IdempotencyKey, user: UserId) -> None:
        """Someone else presses the same button, or presses it as if in another server."""
        job_id = JobId(self._job_id(key))
        stranger = UserId(30 + (user - 30 + 1) % MEMBERS)
        who, where = self.random.choice([(stranger, GUILD), (user, ELSEWHERE)])
        refusal = JobNotFoundError if where == ELSEWHERE else NotYourJobError
        self.tell(f"{who} of {where} presses Cancel on {key}, which is {user}'s")
        try:
            await self.someone(
                lambda one: one.cancelling.cancel(
                    job_id, where, who, is_moderator=where == ELSEWHERE, though_spent=True
                )
            )
        except refusal:
            return
        self.watch.demand(False, "I8", f"{who} of {where} cancelled {job_id} of {user}")

    async def _cancel(self, key: IdempotencyKey, user: UserId) -> None:
        """Pressed again where no one answered."""
        job_id = self._job_id(key)
        [row] = self.watch.engine.ask("SELECT guild_id FROM jobs WHERE id = ?", job_id)
        guild = GuildId(row["guild_id"])
        for _ in range(self.random.choice([1, 1, 3])):
            self.tell(f"{key} presses Cancel")
            with suppressed(NobodyError):
                told = await self.someone(
                    lambda one: one.cancelling.cancel(
                        JobId(job_id), guild, user, is_moderator=False, though_spent=True
                    )
                )
                self._was_told(key, job_id, told)
                return
            await self.clock.sleep(2)

    async def _cancel_in_the_midst(self, key: IdempotencyKey, user: UserId) -> None:
        """Right when the video goes from one state to the next."""
        job_id = self._job_id(key)
        wanted = self.random.choice(("submitting", "uncertain", "rendering", "downloading"))
        while (state := self.watch.states[job_id]) not in {wanted, *ENDS}:
            await self.watch.next_move(job_id)
        if state == wanted:
            await self._cancel(key, user)

    async def _cancel_at_the_start(self, key: IdempotencyKey, user: UserId, shot: str) -> None:
        """Right when a process takes the first shot of a storyboard in hand."""
        if self.watch.states[shot] == "queued":
            await self.watch.next_lease(shot)
        with suppressed(NobodyError, TooLateToCancelError):
            await self._cancel(key, user)

    def _was_told(self, key: IdempotencyKey, job_id: str, told: Cancellation) -> None:
        self.tell(f"{key} is told: {told}")
        self.told[key] = told
        if told is Cancellation.CANCELLED:
            self.watch.cancelled |= {job_id, *self.watch.shots.list_of(job_id)}

    async def _cancel_reaction(self, key: IdempotencyKey, user: UserId, place: Origin) -> None:
        source = place.source_message_id
        assert source is not None
        taken = await self.someone(lambda one: one.cancelling.cancel_by_reaction(source, user))
        if taken.cancelled:
            self._was_told(key, self._job_id(key), Cancellation.CANCELLED)

    def _delete_card(self, key: IdempotencyKey) -> None:
        """A moderator deletes what stands there."""
        for card in self.messenger.of(JobId(self._job_id(key)), DeliveryKind.CARD):
            if self._is_noted(card.job_id, "card"):
                self.messenger.deleted.add(card.id)
                self.taken_down.add(card.job_id)
                self.tell(f"the card of {card.job_id} is deleted")

    async def _delete_video(self, key: IdempotencyKey) -> None:
        """By the button below it."""

        async def pressed(program: Program) -> None:
            video = await program.store.find_delivery(JobId(self._job_id(key)), DeliveryKind.VIDEO)
            if video is not None and video.state is DeliveryState.POSTED:
                at = self.watch.clock.now()
                await program.store.save_delivery(deleted(video), replaces_at=at)
                assert video.message_id is not None
                self.messenger.deleted.add(video.message_id)
                self.taken_down.add(video.job_id)

        with contextlib.suppress(LeaseLostError):  # someone else moved it in the meantime
            await self.someone(pressed)

    def _job_id(self, key: IdempotencyKey) -> str:
        found = self.watch.engine.ask("SELECT id FROM jobs WHERE idempotency_key = ?", key)
        return str(found[0]["id"])

    def _is_noted(self, job_id: str, kind: str) -> bool:
        query = "SELECT 1 FROM deliveries WHERE job_id = ? AND kind = ? AND state = 'posted'"
        return bool(self.watch.engine.ask(query, job_id, kind))
