"""A bot that worked for a while holds no more than before, and left nothing half done."""

import ctypes
import logging
import sys

import pytest

from bot import __main__ as program
from tests.soaking.__main__ import is_fine, soak_in_a_town, told
from tests.soaking.samples import Sample, grown_mb, leaks, mb_an_hour, sample_from

REST = Sample(0.0, 80.0, files=30, tasks=13, open_jobs=0)
METRICS = """\
# HELP showreel_open_jobs jobs that have not ended
# TYPE showreel_open_jobs gauge
showreel_open_jobs 2.0
showreel_tasks 13.0
showreel_jobs{state="queued"} 2.0
process_resident_memory_bytes 8.388608e+07
process_open_fds 30.0
"""


def test_a_sample_is_read_from_what_the_bot_tells_everyone():
    assert sample_from(METRICS, 5.0) == Sample(5.0, 80.0, files=30, tasks=13, open_jobs=2)


def test_growth_is_the_slope_and_no_single_peak():
    steady = [Sample(10.0 * number, 80.0, 30, 13, 0) for number in range(361)]
    peak = [*steady[:180], Sample(1800.0, 90.0, 30, 13, 0), *steady[181:]]
    growing = [Sample(one.seconds, 80 + one.seconds / 1800, 30, 13, 0) for one in steady]

    assert mb_an_hour(steady) == pytest.approx(0)
    assert mb_an_hour(peak) == pytest.approx(0, abs=0.01)
    assert mb_an_hour(growing) == pytest.approx(2)


def test_growth_is_counted_from_the_first_ten_minutes_on():
    filling = [Sample(10.0 * number, 80 + min(number, 60), 30, 13, 0) for number in range(361)]
    growing = [Sample(one.seconds, 80 + one.seconds / 600, 30, 13, 0) for one in filling]

    assert grown_mb(filling) == 0
    assert grown_mb(growing) == pytest.approx(5, abs=0.2)
    assert grown_mb(growing[:60]) is None


@pytest.mark.parametrize(
    ("after", "names", "found"),
    [
        (REST, ["showreel.db", "videos/a.mp4", "videos/a.9.mp4", "videos/a.lock"], []),
        (Sample(9.0, 99.0, 29, 12, 0), [], []),
        (Sample(9.0, 80.0, 30, 14, 0), [], ["tasks: 13 before, 14 after"]),
        (Sample(9.0, 80.0, 31, 13, 0), [], ["open files: 30 before, 31 after"]),
        (REST, ["videos/a.0af3.part"], ["left over: videos/a.0af3.part"]),
        (REST, ["videos/a.shot-0.mp4"], ["left over: videos/a.shot-0.mp4"]),
    ],
)
def test_what_is_not_given_back_is_named(after, names, found):
    assert leaks(REST, after, names) == found


class Glibc:
    """A C library that notes how its memory is to be kept."""

    def __init__(self):
        self.switches = []

    def mallopt(self, switch, value):
        self.switches.append((switch, value))
        return 1


def test_threads_share_one_arena_and_large_blocks_are_given_back(monkeypatch):
    library = Glibc()
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: library)

    program.keep_memory_low()

    assert library.switches == [
        (program.M_ARENA_MAX, 1),
        (program.M_MMAP_THRESHOLD, 131_072),
        (program.M_TRIM_THRESHOLD, 131_072),
    ]


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_a_c_library_without_arenas_is_left_alone(monkeypatch, platform):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: object())

    program.keep_memory_low()  # raises nothing


@pytest.mark.killing
@pytest.mark.timeout(300)
async def test_after_forty_videos_the_bot_holds_no_more_than_before(tmp_path):
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # other processes make it slow
    outcome = await soak_in_a_town(tmp_path / "town", 3, seconds=20, requests_a_minute=120)

    assert outcome.verdict.requests == 64
    assert is_fine(outcome), told(outcome)
    assert "balance" in outcome.audit
