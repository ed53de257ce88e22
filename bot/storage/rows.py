"""Converts rows to records; the only place that knows how instants and requests are stored.

A record's fields are its columns, in SQL as in parameters. The rejected alternative is one list per
statement that writes a job: there were three, and a column missing from one was lost silently. Only
the fields that never change are named.
"""

import contextlib
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, Generic, NewType, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter

from bot.catalog.request import VideoRequest
from bot.errors import UnreadableRowError
from bot.ids import JobId, UserId
from bot.jobs.job import Failure, FailureKind, Job
from bot.jobs.messages import Delivery
from bot.jobs.queue import Line, Turn, Waiting
from bot.jobs.submission import Submission
from bot.polling.history import VideoKind

Record = TypeVar("Record")
Row = Mapping[str, Any]
Parameters = dict[str, Any]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_MARKER = re.compile(r"\{(\w+): (\w+)(?: but ([\w, ]+))?\}")

__all__ = [
    "DELIVERIES",
    "JOBS",
    "RESTORE",
    "SUBMISSIONS",
    "TABLES",
    "Parameters",
    "Row",
    "delivery_from",
    "instant",
    "instant_or_none",
    "job_from",
    "line_from",
    "milliseconds",
    "milliseconds_or_none",
    "picture_keys_in",
    "reading",
    "request_from",
    "request_json",
    "stored_kind",
    "submission_from",
    "waiting_from",
]
RESTORE = "restore a backup, on SQLite with `python -m bot db restore FILE`"
_DAMAGE = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
_REQUEST: TypeAdapter[VideoRequest] = TypeAdapter(VideoRequest)
_NEWER_FIELDS = ("is_spoiler", "source_video", "parent", "continuous")
_PICTURE_KEY = re.compile(r'"key": "([^"\\]+)"')


def milliseconds(instant: datetime) -> int:
    """Milliseconds since 1970 of an aware instant. Raises TypeError for a naive one."""
    return (instant - _EPOCH) // _MILLISECOND


def instant(stored: int) -> datetime:
    return _EPOCH + stored * _MILLISECOND


Form = Callable[[Any], Any] | None  # None: stored unchanged


@dataclass(frozen=True, slots=True)
class Codec:
    """Storage of one field: its columns, their values and how to read it back."""

    columns: tuple[str, ...]
    write: Callable[[Any], tuple[Any, ...]]
    read: Callable[[Row], Any]


_AS_IS: tuple[Form, Form] = (None, None)


@dataclass(frozen=True, slots=True)
class _Writer:
    """How to write some fields: their values, fetched at once, and the form of each."""

    values: Callable[[Any], tuple[Any, ...]]
    forms: list[tuple[str, Form, Codec | None]]


class Columns(Generic[Record]):
    """The columns of `record`; `fixed` fields never change after the insert.

    `own` holds the codecs of fields whose type does not determine how they are stored.
    """

    def __init__(
        self,
        record: type[Record],
        *,
        fixed: Collection[str],
        own: Mapping[str, Codec] | None = None,
    ) -> None:
        hints, self.own = get_type_hints(record), own or {}
        names = [field.name for field in fields(record)]  # type: ignore[arg-type]  # a dataclass
        self._record = record
        self._forms = {name: _forms_of(name, hints[name]) for name in names if name not in self.own}
        self._all = tuple(names)
        self._changing = tuple(name for name in names if name not in fixed)
        self._readers = [
            (name, self.own.get(name), self._forms.get(name, _AS_IS)[1]) for name in names
        ]
        self._whole = self._writer(self._all)
        self._writers: dict[tuple[str, ...], _Writer] = {}

    def parameters(self, record: Record) -> Parameters:
        """Parameters for an insert: all columns."""
        return _written(record, self._whole)

    def changes(self, record: Record, *keys: str) -> Parameters:
        """Parameters for an update: the mutable columns, and the `keys` that find its row."""
        writer = self._writers.get(keys)
        if writer is None:
            writer = self._writers[keys] = self._writer((*keys, *self._changing))
        return _written(record, writer)

    def read(self, row: Row) -> Record:
        """Read a row; in the record's order, since naming 28 arguments takes twice as long."""
        return self._record(
            *[
                codec.read(row)
                if codec is not None
                else row[name]
                if form is None
                else form(row[name])
                for name, codec, form in self._readers
            ]
        )

    def in_sql(self, form: str, without: Collection[str] = ()) -> str:
        """A column list for a statement: `columns`, `values`, `changes` or `excluded`.

        `changes` leaves out `version`, which every update writes in its own way.
        """
        if form in {"columns", "values"}:
            named = self._columns(self._all)
            return ", ".join(named if form == "columns" else [f":{one}" for one in named])
        left_out = {"version", *without}
        source = {"changes": ":", "excluded": "excluded."}[form]
        changing = [one for one in self._columns(self._changing) if one not in left_out]
        return ", ".join(f"{one} = {source}{one}" for one in changing)

    def _columns(self, names: Sequence[str]) -> list[str]:
        own = self.own
        return [one for name in names for one in (own[name].columns if name in own else (name,))]

    def _writer(self, names: tuple[str, ...]) -> _Writer:
        forms = [(name, self._forms.get(name, _AS_IS)[0], self.own.get(name)) for name in names]
        return _Writer(attrgetter(*names), forms)


def _written(record: Any, writer: _Writer) -> Parameters:
    written: Parameters = {}
    for value, (name, form, codec) in zip(writer.values(record), writer.forms, strict=True):
        if codec is None:
            written[name] = value if form is None else form(value)
        else:
            written.update(zip(codec.columns, codec.write(value), strict=True))
    return written


def expanded(sql: str, tables: Mapping[str, Columns[Any]]) -> str:
    """Replace each marker, such as `{jobs: changes but state}`, with its column list."""

    def listed(marker: re.Match[str]) -> str:
        table, form, without = marker.groups()
        return tables[table].in_sql(form, (without or "").split(", "))

    return _MARKER.sub(listed, sql)


def _forms_of(name: str, hint: Any) -> tuple[Form, Form]:
    """Writer and reader for a field of this type. Raises TypeError for unknown types."""
    kinds = get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)
    [kind, *others] = [_plain(one) for one in kinds if one is not NoneType]
    if others or not isinstance(kind, type):
        msg = f"{name}: {hint} has no form in a column"
        raise TypeError(msg)
    write, read = _forms(kind)
    return (write, read) if NoneType not in kinds else (_or_none(write), _or_none(read))


def _plain(hint: Any) -> Any:
    while isinstance(hint, NewType):
        hint = hint.__supertype__
    return hint


def _forms(kind: type) -> tuple[Form, Form]:
    if kind is datetime:
        return milliseconds, instant
    if kind is bool:
        return int, bool
    if issubclass(kind, StrEnum):
        return str, kind
    if is_dataclass(kind):
        adapter = TypeAdapter(kind)
        return lambda value: json.dumps(asdict(value)), adapter.validate_json
    if kind in {int, float, str}:
        return None, None
    msg = f"{kind} has no form in a column"
    raise TypeError(msg)


def _or_none(form: Form) -> Form:
    return None if form is None else lambda value: None if value is None else form(value)


def milliseconds_or_none(value: datetime | None) -> int | None:
    return None if value is None else milliseconds(value)


def instant_or_none(stored: int | None) -> datetime | None:
    return None if stored is None else instant(stored)


@contextlib.contextmanager
def reading(what: str) -> Iterator[None]:
    """Raise UnreadableRowError for any damage that a disk or an editor left in a row.

    `what` names the row, such as "job abc".
    """
    try:
        yield
    except _DAMAGE as error:
        raise _unreadable(what, error) from error


def _unreadable(what: str, error: Exception) -> UnreadableRowError:
    why = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no more'}"
    return UnreadableRowError(f"the database is damaged: {what} can't be read ({why}); {RESTORE}")


def job_from(row: Row) -> Job:
    """Read a job. Raises UnreadableRowError.

    Without `reading`, which costs a tenth of it: every poll reads a job.
    """
    try:
        return JOBS.read(row)
    except _DAMAGE as error:
        raise _unreadable(f"job {row['id']}", error) from error


def request_json(request: VideoRequest) -> str:
    """Write a request as JSON; older versions, which may run beside this one, lack some fields."""
    details = asdict(request)
    for name in _NEWER_FIELDS:
        if not details[name]:
            del details[name]
    for part in (details, *details["shots"]):
        _leave_out_empty_owners(part["image"], part["end_image"], *part["reference_images"])
    _leave_out_empty_owners(details.get("source_video"))
    for shot in details["shots"]:
        for name in ("duration_seconds", "reuses"):
            if shot[name] is None:
                del shot[name]
    return json.dumps(details)


def _leave_out_empty_owners(*sources: dict[str, Any] | None) -> None:
    for source in sources:
        if source is not None and not source["owners"]:
            del source["owners"]


@lru_cache(maxsize=256)  # requests never change, and every poll reads them; more wastes memory
def request_from(stored: str) -> VideoRequest:
    """Parse a request. Raises ValueError for anything else, down to each field's type."""
    return _REQUEST.validate_json(stored)


def picture_keys_in(stored: str) -> list[str]:
    """Keys of a request's pictures, found without parsing: there may be very many."""
    return _PICTURE_KEY.findall(stored)


def waiting_from(row: Row) -> Waiting:
    return Waiting(
        JobId(row["id"]),
        UserId(row["user_id"]),
        instant(row["accepted_at"]),
        bool(row["has_priority"]),
    )


def line_from(rows: Sequence[Row]) -> Line:
    """A queue from rows that each repeat the number of waiting jobs."""
    if not rows:
        return Line()
    turns = [Turn(JobId(row["id"]), bool(row["has_priority"]), int(row["number"])) for row in rows]
    first = int(rows[0]["first"])
    return Line(tuple(turns), first, int(rows[0]["videos"]) - first)


def submission_from(row: Row) -> Submission:
    """Read a submission. Raises UnreadableRowError."""
    with reading(f"submission {row['id']} of job {row['job_id']}"):
        return SUBMISSIONS.read(row)


def delivery_from(row: Row) -> Delivery:
    """Read a delivery. Raises UnreadableRowError."""
    with reading(f"message {row['kind']} of job {row['job_id']}"):
        return DELIVERIES.read(row)


def stored_kind(kind: VideoKind) -> str:
    """The column `subject`: without the provider, and without the count of a single shot."""
    size = (kind.model_id, kind.duration_seconds or "", kind.resolution or "")
    several = (kind.shots,) if kind.shots > 1 else ()
    return "|".join(str(part) for part in (*size, *several))


def _failure_from(row: Row) -> Failure | None:
    kind = row["failure_kind"]
    return Failure(FailureKind(kind), row["failure_text"] or "") if kind else None


def _failure_columns(failure: Failure | None) -> tuple[str | None, str | None]:
    return (None, None) if failure is None else (failure.kind.value, failure.text)


def _addresses_from(row: Row) -> tuple[str, ...]:
    return tuple(filter(None, (row["artifact_address"] or "").split("\n")))


JOBS = Columns(
    Job,
    fixed={
        *("id", "idempotency_key", "guild_id", "channel_id", "user_id", "source_message_id"),
        *("request", "provider", "cost_micros", "cost_is_estimate", "expected_seconds"),
        *("accepted_at", "has_priority", "storyboard_id", "shot_number", "reuses"),
    },
    own={
        "request": Codec(
            ("request",),
            lambda request: (request_json(request),),
            lambda row: request_from(row["request"]),
        ),
        "failure": Codec(("failure_kind", "failure_text"), _failure_columns, _failure_from),
    },
)
SUBMISSIONS = Columns(
    Submission,
    fixed={"id", "job_id", "attempt", "provider", "tag", "intended_at"},
    own={
        "artifact_addresses": Codec(
            ("artifact_address",),
            lambda addresses: ("\n".join(addresses) or None,),
            _addresses_from,
        )
    },
)
DELIVERIES = Columns(Delivery, fixed={"job_id", "kind", "guild_id", "owed_at"})
TABLES: Mapping[str, Columns[Any]] = {
    "jobs": JOBS,
    "submissions": SUBMISSIONS,
    "deliveries": DELIVERIES,
}
