from datetime import timedelta

from bot.errors import StorageError
from bot.health import PROBE_SECONDS, STALE_SECONDS, HealthProbe
from bot.jobs.stores import OpenJobs
from tests.factories import NOW


class Store:
    """A database that answers while `is_up`."""

    def __init__(self):
        self.is_up = True
        self.notes = {}

    async def set_note(self, name, value):
        if not self.is_up:
            msg = "the disk is full"
            raise StorageError(msg)
        self.notes[name] = value

    async def count_open(self):
        return {
            "queued": OpenJobs(2, NOW - timedelta(seconds=30)),
            "rendering": OpenJobs(1, NOW + timedelta(seconds=30)),
        }


class Stopwatch:
    seconds = 100.0

    def __call__(self):
        return self.seconds


def make_probe(clock, store, stopwatch):
    return HealthProbe(lambda: True, store, clock, stopwatch)


async def test_it_is_ill_until_the_first_probe_and_then_says_what_that_found(clock):
    store = Store()
    probe = make_probe(clock, store, Stopwatch())
    before = probe.current()
    await probe.probe()
    found = probe.current()

    assert (before.is_fine, before.jobs) == (False, {})
    assert found.is_fine
    assert found.jobs == {"queued": 2, "rendering": 1}
    assert found.open_jobs == 3
    assert found.overdue_seconds == 30


async def test_a_database_that_fails_is_a_finding_and_one_that_hangs_too(clock):
    store, stopwatch = Store(), Stopwatch()
    probe = make_probe(clock, store, stopwatch)
    await probe.probe()
    stopwatch.seconds += STALE_SECONDS + 1
    hanging = probe.current()
    await probe.probe()
    again = probe.current()
    store.is_up = False
    await probe.probe()

    assert [hanging.database, again.database, probe.current().database] == [False, True, False]
    assert not probe.current().jobs


async def test_a_clock_that_jumps_ahead_makes_no_one_ill(clock):
    probe = make_probe(clock, Store(), Stopwatch())
    await probe.probe()
    clock.advance(400 * 86_400)

    assert probe.current().is_fine


def test_a_probe_has_three_tries_before_its_answer_is_stale():
    assert STALE_SECONDS >= 3 * PROBE_SECONDS
