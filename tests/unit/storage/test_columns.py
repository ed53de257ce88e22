"""A record's columns are spelled once: a new field is in every statement by itself."""

import contextlib
import re
import sqlite3
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import pytest

from bot.jobs.job import Artifact, Failure, FailureKind, Job, JobState
from bot.storage.migrations import due_migrations
from bot.storage.queries import load_queries
from bot.storage.rows import DELIVERIES, JOBS, SUBMISSIONS, Columns, expanded
from tests.factories import make_delivery, make_job, make_submission

WRITERS = ["insert_job", "update_jobs", "postpone_jobs"]
LEASES = {"lease_owner", "lease_expires_at"}  # of the store, not of the record


class Mood(StrEnum):
    GOOD = "good"


@dataclass(frozen=True)
class RatedJob(Job):
    """A job with new columns of every kind."""

    rating: int | None = None
    rated_at: datetime | None = None
    is_public: bool = False
    mood: Mood | None = None
    preview: Artifact | None = None


def columns_of(table):
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        for migration in due_migrations("sqlite", 0):
            connection.executescript(migration.sql)
        return {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}


@pytest.mark.parametrize(
    ("table", "columns", "others"),
    [
        ("jobs", JOBS, LEASES),
        ("submissions", SUBMISSIONS, set()),
        ("deliveries", DELIVERIES, set()),
    ],
    ids=["jobs", "submissions", "deliveries"],  # the same in every process that runs tests
)
def test_the_fields_of_a_record_are_the_columns_of_its_table(table, columns, others):
    assert {*columns.in_sql("columns").split(", "), *others} == columns_of(table)


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_no_marker_is_left_in_the_sql(engine):
    queries = load_queries(engine, "aiosqlite" if engine == "sqlite" else "asyncpg")

    for name in queries.available_queries:
        assert "{" not in getattr(queries, name).sql


@pytest.mark.parametrize("name", WRITERS)
def test_every_statement_that_writes_jobs_writes_all_that_may_change(name):
    sql = getattr(load_queries("sqlite", "aiosqlite"), name).sql
    state = set() if name != "postpone_jobs" else {"state", "state_changed_at"}

    assert {*JOBS.changes(make_job()), "version"} - state <= set(re.findall(r":(\w+)", sql))


def test_a_new_field_is_written_and_read_by_itself():
    columns = Columns(RatedJob, fixed={"id"}, own=JOBS.own)
    at = datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC)
    job = RatedJob(**{one.name: getattr(make_job(), one.name) for one in fields(Job)})
    rated = replace(
        job, rating=5, rated_at=at, is_public=True, mood=Mood.GOOD, preview=Artifact("a", 1)
    )

    for one in (job, rated):
        assert columns.read(columns.parameters(one)) == one
    for form in ("columns", "values", "changes", "excluded"):
        assert "rated_at" in expanded(f"{{jobs: {form}}}", {"jobs": columns})
    assert columns.changes(rated)["mood"] == "good"


def test_a_field_that_has_no_form_in_a_column_is_said_at_once():
    @dataclass
    class Odd:
        waits: timedelta

    with pytest.raises(TypeError, match="no form in a column"):
        Columns(Odd, fixed=())


def test_all_of_a_record_comes_back():
    failure = Failure(FailureKind.REFUSED, "why")
    job = make_job(state=JobState.FAILED, failure=failure, progress_percent=3)

    assert JOBS.read(JOBS.parameters(job)) == job
    submission = make_submission(job, artifact_addresses=("a", "b"))
    assert SUBMISSIONS.read(SUBMISSIONS.parameters(submission)) == submission
    delivery = make_delivery(job)
    assert DELIVERIES.read(DELIVERIES.parameters(delivery)) == delivery
