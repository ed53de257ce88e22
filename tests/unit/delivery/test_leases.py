"""A lease is renewed while its work lasts, and its loss ends the work before the next request.

The kind: a process is suspended, slow, cut off from its database or has a wrong clock, at any point
of a post, for less or more than its lease.
"""

import asyncio
import math
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession, web
from aiohttp.test_utils import TestServer

from bot.client import Client, fenced_requests
from bot.delivery.leases import (
    FENCE_RENEWALS,
    RENEWALS,
    Lease,
    ensure_lease,
    instants,
    nonce_is_trusted,
    pass_fence,
    trust_nonce,
)
from bot.errors import LeaseLostError, StorageError
from bot.instants import CLOCKS_DIFFER_BY
from bot.jobs.messages import EDITING_LEASE
from bot.retries import LONGEST_WAIT, POSTING_LEASE
from tests.crash.virtual_time import LoopClock, VirtualTimeLoop
from tests.factories import NOW
from tests.fakes.clock import FakeClock
from tests.fakes.messenger import NONCES_KEPT_FOR

LASTS = timedelta(seconds=120)


class Books:
    """Where a lease is written down; `answers` are what the next renewals raise."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.renewals = 0

    async def renew(self):
        self.renewals += 1
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer


def in_virtual_time(main):
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)


async def work(lease, seconds):
    async with lease.held():
        await lease._clock.sleep(seconds)


def test_work_that_takes_longer_than_a_lease_keeps_it_by_renewing():
    async def main():
        books = Books()
        await work(Lease(books.renew, LASTS, LoopClock()), 210)
        return books.renewals

    assert in_virtual_time(main()) == 210 // (120 // RENEWALS)


def test_work_ends_soon_after_someone_has_taken_over():
    async def main():
        loop = asyncio.get_running_loop()
        lease = Lease(Books(None, LeaseLostError()).renew, LASTS, LoopClock())
        with pytest.raises(LeaseLostError):
            await work(lease, 1000)
        return loop.time()

    assert in_virtual_time(main()) == pytest.approx(2 * 120 / RENEWALS)


def test_a_database_that_is_away_for_a_while_costs_no_lease():
    async def main():
        away = [StorageError() for _ in range(RENEWALS - 2)]
        await work(Lease(Books(*away).renew, LASTS, LoopClock()), 300)

    in_virtual_time(main())


def test_work_ends_with_its_lease_while_the_database_is_away():
    async def main():
        loop = asyncio.get_running_loop()
        away = [StorageError() for _ in range(100)]
        with pytest.raises(LeaseLostError):
            await work(Lease(Books(*away).renew, LASTS, LoopClock()), 1000)
        return loop.time()

    assert in_virtual_time(main()) == pytest.approx(120)


def test_a_timeout_of_the_work_itself_is_no_lost_lease():
    async def main():
        async with Lease(Books().renew, LASTS, LoopClock()).held():
            raise TimeoutError

    with pytest.raises(TimeoutError):
        in_virtual_time(main())


def test_work_that_slept_through_its_lease_is_cancelled_before_its_next_step():
    """As after SIGSTOP: the timers of the work and of the lease are due in the same instant."""
    steps = []

    async def main():
        loop = asyncio.get_running_loop()
        clock = LoopClock()
        async with Lease(Books().renew, LASTS, clock).held():
            loop.call_later(1, suspend, loop)
            await clock.sleep(5)
            steps.append("posted")

    def suspend(loop):
        loop._jumping.jumped_seconds += 600

    with pytest.raises(LeaseLostError):
        in_virtual_time(main())
    assert steps == []


async def test_the_first_request_needs_no_renewal_and_every_repeated_one_does():
    books = Books()
    async with Lease(books.renew, LASTS, FakeClock()).held():
        await pass_fence()
        assert books.renewals == 0
        await pass_fence()
        await pass_fence()
        assert books.renewals == 2


async def test_a_request_after_a_long_preparation_renews_first():
    books, clock = Books(), FakeClock()
    async with Lease(books.renew, LASTS, clock).held():
        clock.advance(30)
        await pass_fence()

    assert books.renewals == 1


async def test_a_lease_whose_writing_took_long_counts_from_before_it_and_is_renewed_first():
    """As where the process was suspended before it heard that the lease is its own."""
    books, clock = Books(), FakeClock()
    taken_at = instants(clock)
    clock.advance(100)
    async with Lease(books.renew, LASTS, clock, taken_at).held():
        ensure_lease()
        await pass_fence()
        assert books.renewals == 1

    clock.advance(20)
    async with Lease(books.renew, LASTS, clock, taken_at).held():
        with pytest.raises(LeaseLostError):
            ensure_lease()


@pytest.mark.parametrize(("answers_after", "renewals"), [((1,), 1), ((9, 1), 2), ((9, 9, 1), 3)])
async def test_a_renewal_whose_answer_came_late_is_repeated(answers_after, renewals):
    clock, books, seconds = FakeClock(), Books(), list(answers_after)

    async def renew():
        await books.renew()
        clock.advance(seconds.pop(0))

    lease = Lease(renew, LASTS, clock, instants(clock))
    clock.advance(10)  # so that the lease must be renewed

    await lease.pass_fence()

    assert books.renewals == renewals


async def test_a_takeover_during_a_slow_renewal_stops_the_request():
    clock, books = FakeClock(), Books(None, LeaseLostError())

    async def renew():
        await books.renew()
        clock.advance(27)

    lease = Lease(renew, LASTS, clock, instants(clock))
    clock.advance(10)

    with pytest.raises(LeaseLostError):
        await lease.pass_fence()


async def test_a_database_that_is_always_slow_stops_no_request():
    clock, books = FakeClock(), Books()

    async def renew():
        await books.renew()
        clock.advance(9)

    lease = Lease(renew, LASTS, clock, instants(clock))
    clock.advance(10)

    await lease.pass_fence()

    assert books.renewals == FENCE_RENEWALS


async def test_a_paused_machine_whose_clocks_stood_still_is_stopped_by_the_database():
    """Neither clock has moved, and another process took over in the meantime."""
    lease = Lease(Books(LeaseLostError()).renew, LASTS, FakeClock())
    async with lease.held():
        await pass_fence()
        with pytest.raises(LeaseLostError):
            await pass_fence()


async def test_a_machine_that_slept_is_stopped_by_its_own_clock_even_without_a_database():
    """The loop's clock stood still, the machine's went on."""
    clock = FakeClock()
    async with Lease(Books().renew, LASTS, clock).held():
        clock.advance(120)
        with pytest.raises(LeaseLostError):
            ensure_lease()


async def test_a_clock_that_is_put_back_ends_no_lease():
    clock = FakeClock()
    async with Lease(Books().renew, LASTS, clock).held():
        clock.advance(-3600)
        ensure_lease()
        await pass_fence()


async def test_nothing_is_asked_where_no_lease_is_held():
    async with Lease(Books().renew, LASTS, FakeClock()).held():
        pass

    ensure_lease()
    await pass_fence()


class Channel:
    """A server that takes messages; `refuses` so many of them with a 503."""

    def __init__(self, refuses=0):
        self.refuses = refuses
        self.asked = 0
        self.taken = []

    async def take(self, request):
        self.asked += 1
        content = await request.read()
        if self.asked <= self.refuses:
            return web.Response(status=503)
        self.taken.append(content)
        return web.Response()


async def pieces(*between):
    """An upload, between whose pieces something happens."""
    for act in between:
        yield b"x" * 1000
        act()
    yield b"end"


async def send(channel, lease, method="POST", *, data=None, times=1):
    server = TestServer(web.Application())
    server.app.router.add_route("*", "/", channel.take)
    async with server, ClientSession(trace_configs=[fenced_requests()]) as session, lease.held():
        for _ in range(times):
            async with session.request(method, server.make_url("/"), data=data) as response:
                await response.read()


async def test_a_request_that_the_library_repeats_passes_the_fence_again():
    channel, books = Channel(refuses=1), Books(LeaseLostError())
    with pytest.raises(LeaseLostError):
        await send(channel, Lease(books.renew, LASTS, FakeClock()), data=b"video", times=2)

    assert (channel.asked, channel.taken) == (1, [])


async def test_reading_needs_no_lease():
    channel, books = Channel(), Books(LeaseLostError())
    await send(channel, Lease(books.renew, LASTS, FakeClock()), "GET", times=3)

    assert (channel.asked, books.renewals) == (3, 0)


async def test_an_upload_that_slept_through_its_lease_is_never_completed():
    channel, clock = Channel(), FakeClock()
    video = pieces(lambda: None, lambda: clock.advance(500))
    with pytest.raises((ClientError, LeaseLostError)):
        await send(channel, Lease(Books().renew, LASTS, clock), data=video)

    assert channel.taken == []


@pytest.mark.parametrize("slept", [80, 100])
async def test_a_post_that_trusts_a_nonce_is_not_begun_once_it_is_too_old(slept):
    """The kind: suspended between the decision and the request, for less than the lease lasts."""
    books, clock = Books(), FakeClock()
    async with Lease(books.renew, LASTS, clock).held():
        trust_nonce(timedelta(seconds=90))
        clock.advance(slept)
        if slept < 90:
            await pass_fence()
        else:
            with pytest.raises(LeaseLostError, match="nonce"):
                await pass_fence()


async def test_an_upload_that_was_begun_in_time_is_not_cut_short_by_its_nonce():
    clock = FakeClock()
    async with Lease(Books().renew, LASTS, clock).held():
        trust_nonce(timedelta(seconds=90))
        await pass_fence()
        clock.advance(100)
        ensure_lease()


async def test_no_nonce_is_trusted_where_no_lease_is_held():
    trust_nonce(timedelta(0))
    await pass_fence()


async def test_no_rate_limit_is_waited_out_for_as_long_as_a_post_is_leased():
    """What is limited for longer is tried again by the process that holds the lease then."""
    services: Any = SimpleNamespace(clock=FakeClock())
    client = Client(services, ())

    waits = timedelta(seconds=client.http.max_ratelimit_timeout or math.inf)

    assert 2 * waits < POSTING_LEASE < LONGEST_WAIT  # a limit of the route, then a global one
    assert EDITING_LEASE < POSTING_LEASE


@pytest.mark.parametrize("apart", [timedelta(), CLOCKS_DIFFER_BY / 2, CLOCKS_DIFFER_BY])
def test_no_nonce_is_trusted_that_discord_may_have_forgotten(apart):
    """Another machine, whose clock is that far behind, posts again: before it is forgotten, or never."""
    began = NOW
    forgotten = began + NONCES_KEPT_FOR

    assert not nonce_is_trusted(began, 2, forgotten - apart)
    assert nonce_is_trusted(began, 1, began + timedelta(seconds=10))
