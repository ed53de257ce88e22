"""NanoGPT's endpoints for models, balances and usage."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from sandbox.providers.nanogpt import catalog
from sandbox.providers.nanogpt.endpoints.guards import KEY
from sandbox.providers.nanogpt.limits import midnight
from sandbox.providers.nanogpt.refusals import Refusal
from sandbox.providers.nanogpt.runs import MICROS, Entry
from sandbox.providers.nanogpt.service import NanoGpt

Json = dict[str, Any]

USUAL_DAYS = 30
MOST_DAYS = 366
CACHE_TIME = timedelta(seconds=60)
GROUPINGS = {"day": "day", "model": "model", "day,model": "day,model", "model,day": "day,model"}
_OLD_PARAMETERS = ("duration", "page", "pageSize", "sort", "dir", "filter", "weekOffset", "tz")
_SHORT = ("id", "object", "created", "owned_by")


class Accounts:
    """The handlers of one service."""

    def __init__(self, nanogpt: NanoGpt) -> None:
        self._nanogpt = nanogpt
        self._usages: dict[tuple[str, str], tuple[datetime, Json]] = {}

    async def models(self, request: web.Request) -> web.Response:
        """Public, and so no proof of a key."""
        listed = self._nanogpt.models()
        if request.query.get("detailed", "true") == "false":
            listed = [{name: model[name] for name in _SHORT} for model in listed]
        meta = {"count": len(listed), "generated_at": self._nanogpt.clock.now().isoformat()}
        answer = {"object": "list", "data": listed, "meta": meta}
        return web.json_response(answer, headers={"Access-Control-Allow-Origin": "*"})

    async def balance(self, request: web.Request) -> web.Response:
        """Numbers as texts, unlike everywhere else."""
        micros = self._nanogpt.books.balances[request[KEY]]
        answer = {
            "usd_balance": f"{micros / MICROS:.8f}",
            "nano_balance": "0.00000000",
            "nanoDepositAddress": "nano_1sandbox",
        }
        return web.json_response(answer)

    async def usage(self, request: web.Request) -> web.Response:
        """What this key spent and got back; an answer is given again for up to a minute."""
        asked, now = (request[KEY], request.query_string), self._nanogpt.clock.now()
        made_at, answer = self._usages.get(asked, (now, None))
        if answer is None or now - made_at >= CACHE_TIME:
            answer = self._usage(request)
            self._usages[asked] = now, answer
        return web.json_response(answer)

    def _usage(self, request: web.Request) -> Json:
        grouping = GROUPINGS.get(request.query.get("group_by", "day,model"))
        if grouping is None or any(name in request.query for name in _OLD_PARAMETERS):
            raise Refusal(400, "Unsupported usage parameter.", envelope=4)
        now, key = self._nanogpt.clock.now(), request[KEY]
        first, last = _dates(request, now)
        entries = [
            entry
            for entry in self._nanogpt.books.entries
            if entry.key == key and first <= midnight(entry.at) <= last
        ]
        answer: Json = {
            "object": "usage",
            "scope": "current_key",
            "apiKey": {"id": list(self._nanogpt.books.balances).index(key) + 1},
            "from": _written(first),
            "to": _written(last),
            "timezone": "UTC",
            "groupBy": grouping,
            "asOf": now.isoformat(),
            "source": {"rollupDays": [], "liveDays": [_written(last)], "missingRollupDays": []},
            "totals": self._counted(entries),
        }
        return answer | self._grouped(entries, grouping)

    def _grouped(self, entries: list[Entry], grouping: str) -> Json:
        def day(entry: Entry) -> Json:
            return {"date": _written(entry.at)}

        def model(entry: Entry) -> Json:
            done = self._nanogpt.books.completions.get(entry.run)
            if done is not None:
                return {"model": done.model}
            run = self._nanogpt.books.runs[entry.run]
            found = catalog.found(run.model, old_slugs=True)
            return {"model": run.model if found is None else found["name"]}

        tables: Json = {}
        if "day" in grouping:
            tables["byDay"] = self._table(entries, day)
        if "model" in grouping:
            tables["byModel"] = self._table(entries, model)
        if grouping == "day,model":
            tables["byDayModel"] = self._table(entries, lambda entry: day(entry) | model(entry))
        return tables

    def _table(self, entries: Iterable[Entry], name: Callable[[Entry], Json]) -> list[Json]:
        """One row for each name, in the order in which they come up."""
        rows: dict[tuple[str, ...], list[Entry]] = defaultdict(list)
        for entry in entries:
            rows[tuple(name(entry).values())].append(entry)
        return [name(group[0]) | self._counted(group) for group in rows.values()]

    def _counted(self, entries: list[Entry]) -> Json:
        """Gross, given back, and what is left of it; videos use no tokens."""
        cost = sum(entry.amount_micros for entry in entries if entry.kind != "refund")
        back = sum(entry.amount_micros for entry in entries if entry.kind == "refund")
        completions = self._nanogpt.books.completions
        done = [completions[entry.run] for entry in entries if entry.run in completions]
        read = sum(one.input_tokens for one in done)
        written = sum(one.output_tokens for one in done)
        return {
            "requests": sum(entry.kind == "charge" for entry in entries),
            "costUsd": cost / MICROS,
            "refundedUsd": back / MICROS,
            "netCostUsd": max(0, cost - back) / MICROS,
            "inputTokens": read,
            "outputTokens": written,
            "reasoningTokens": 0,
            "totalTokens": read + written,
        }


def _dates(request: web.Request, now: datetime) -> tuple[datetime, datetime]:
    """The first and the last day, both included. Raises Refusal."""
    today = midnight(now)
    given = [request.query.get(name) for name in ("from", "to")]
    if given == [None, None]:
        return today - timedelta(days=USUAL_DAYS - 1), today
    try:
        first, last = (
            datetime.strptime(str(text), "%Y-%m-%d").replace(tzinfo=UTC) for text in given
        )
    except ValueError:
        text = "from and to must use YYYY-MM-DD UTC dates."
        raise Refusal(400, text, envelope=4) from None
    if not first <= last <= today or last - first >= timedelta(days=MOST_DAYS):
        raise Refusal(400, "The date range is not possible.", envelope=4)
    return first, last


def _written(day: datetime) -> str:
    return day.strftime("%Y-%m-%d")
