"""A bot that worked for a while holds no more than before, and left nothing half done."""

import logging

import pytest

from tests.soaking.__main__ import is_fine, soak_in_a_town, told
from tests.soaking.samples import Sample, leaks, mb_an_hour, sample_from

REST = Sample(0.0, 80.0, files=30, tasks=13, open_jobs=0)
METRICS = """\
# HELP showreel_open_jobs jobs that have not ended
# TYPE showreel_open_jobs gauge
showreel_open_jobs 2.0
showreel_tasks 13.0
showreel_jobs{state="accepted"} 2.0
process_resident_memory_bytes 8.388608e+07
process_open_fds 30.0
"""


def test_a_sample_is_read_from_what_the_bot_tells_everybody():
    assert sample_from(METRICS, 5.0) == Sample(5.0, 80.0, files=30, tasks=13, open_jobs=2)


def test_growth_is_the_slope_and_no_single_peak():
    steady = [Sample(10.0 * number, 80.0, 30, 13, 0) for number in range(361)]
    peak = [*steady[:180], Sample(1800.0, 90.0, 30, 13, 0), *steady[181:]]
    growing = [Sample(one.seconds, 80 + one.seconds / 1800, 30, 13, 0) for one in steady]

    assert mb_an_hour(steady) == pytest.approx(0)
    assert mb_an_hour(peak) == pytest.approx(0, abs=0.01)
    assert mb_an_hour(growing) == pytest.approx(2)


@pytest.mark.parametrize(
    ("after", "names", "found"),
    [
        (REST, ["showreel.db", "films/a.mp4", "films/a.9.mp4", "films/a.lock"], []),
        (Sample(9.0, 99.0, 29, 12, 0), [], []),
        (Sample(9.0, 80.0, 30, 14, 0), [], ["tasks: 13 before, 14 after"]),
        (Sample(9.0, 80.0, 31, 13, 0), [], ["open files: 30 before, 31 after"]),
        (REST, ["films/a.0af3.part"], ["left over: films/a.0af3.part"]),
        (REST, ["films/a.shot-0.mp4"], ["left over: films/a.shot-0.mp4"]),
    ],
)
def test_what_is_not_given_back_is_named(after, names, found):
    assert leaks(REST, after, names) == found


@pytest.mark.killing
@pytest.mark.timeout(300)
async def test_after_forty_films_the_bot_holds_no_more_than_before(tmp_path):
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # other processes make it slow
    outcome = await soak_in_a_town(tmp_path / "town", 3, seconds=20, wishes_a_minute=120)

    assert outcome.verdict.wishes == 64
    assert is_fine(outcome), told(outcome)
    assert "balance" in outcome.audit
