"""NanoGPT's endpoints for videos: submit, status in both places, recover."""

import hashlib
import json
import secrets
from datetime import timedelta
from typing import Any

from aiohttp import web

from sandbox.providers.nanogpt.answers import Dialect, Manner, status_of
from sandbox.providers.nanogpt.endpoints.guards import KEY, address_of
from sandbox.providers.nanogpt.overrides import QuoteAmount
from sandbox.providers.nanogpt.refusals import Refusal
from sandbox.providers.nanogpt.runs import MICROS, Run
from sandbox.providers.nanogpt.service import NanoGpt
from sandbox.videos.sources import GivenVideo

Json = dict[str, Any]

RELATIVE_MODELS = ("sora-2", "grok-imagine-video")  # whose videos stand behind the key
QUOTE_MINUTES = 10
MOST_RECOVERED = 50


class Videos:
    """The handlers of one service."""

    def __init__(self, nanogpt: NanoGpt) -> None:
        self._nanogpt = nanogpt

    async def submit(self, request: web.Request) -> web.Response:
        nanogpt = self._nanogpt
        most, now = nanogpt.overrides.submissions_per_minute, nanogpt.clock.now()
        nanogpt.limits.ensure_not_too_often("submit", address_of(request), now, most)
        body = await given(request)
        source = await nanogpt.source_of(body)
        if KEY not in request:
            raise self._quote(body, source)
        run = nanogpt.accept(request[KEY], body, source)
        return web.json_response(self.receipt(run), status=nanogpt.overrides.submit_status)

    def receipt(self, run: Run) -> Json:
        """What a submission is answered with; of cost and balance only what is switched on."""
        overrides = self._nanogpt.overrides
        answer: Json = {"runId": run.id, "status": "pending", "model": run.model}
        if overrides.cost:
            answer["cost"] = run.cost_micros / MICROS
        answer["paymentSource"] = overrides.payment_source
        if overrides.remaining_balance:
            answer["remainingBalance"] = self._nanogpt.books.balances[run.key] / MICROS
        if overrides.submission == "current":
            answer |= {"id": run.id, "prechargeLabel": "Precharged"}
        return answer

    async def status(self, request: web.Request) -> web.Response:
        run = own_run(self._nanogpt, request, "requestId", "runId")
        return self._status(run, self._nanogpt.overrides.dialect)

    async def legacy_status(self, request: web.Request) -> web.Response:
        return self._status(own_run(self._nanogpt, request, "runId", "requestId"), "legacy")

    def _status(self, run: Run, dialect: Dialect) -> web.Response:
        overrides = self._nanogpt.overrides
        fresh = timedelta(seconds=overrides.unknown_seconds)
        if self._nanogpt.clock.now() < run.created_at + fresh:
            raise unknown()
        manner = Manner(
            dialect,
            overrides.words,
            overrides.output,
            overrides.failure,
            error_null=overrides.error_null,
            cost=overrides.cost,
        )
        return web.json_response(status_of(run, manner, address_of_video(self._nanogpt, run)))

    async def recover(self, request: web.Request) -> web.Response:
        nanogpt, now = self._nanogpt, self._nanogpt.clock.now()
        most = nanogpt.overrides.recoveries_per_minute
        nanogpt.limits.ensure_not_too_often("recover", address_of(request), now, most)
        limit = _count(request.query.get("limit", "10"))
        model, tag = request.query.get("model"), request.query.get("conversationUUID")
        found = [
            run
            for run in reversed(nanogpt.books.runs.values())
            if run.key == request[KEY]
            and model in {None, run.model}
            and tag in {None, run.body.get("conversationUUID")}
        ]
        return web.json_response({"data": [_recovered(run) for run in found[:limit]]})

    def _quote(self, body: Json, source: GivenVideo | None) -> Refusal:
        """The price of a submission without a key; nothing runs."""
        overrides = self._nanogpt.overrides
        usd = self._nanogpt.quote_micros(body, source) * overrides.quote_factor / MICROS
        amount = f"{usd:.6f}".rstrip("0").rstrip(".")
        name, until = f"pay_{secrets.token_hex(8)}", timedelta(minutes=QUOTE_MINUTES)
        addresses = {
            "statusUrl": f"https://nano-gpt.com/api/x402/status/{name}",
            "completeUrl": f"https://nano-gpt.com/api/x402/complete/{name}",
        }
        offer = {"scheme": "nano", "network": "nano-mainnet", "amountUsd": amount, **addresses}
        payment = {
            "version": 1,
            "paymentId": name,
            "requestHash": f"sha256:{hashlib.sha256(json.dumps(body).encode()).hexdigest()}",
            "expiresAt": (self._nanogpt.clock.now() + until).isoformat(),
            "amountUsd": amount,
            **addresses,
            "accepted": [offer],
        }
        text = "Payment required to complete this request."
        payment |= _odd_amount(overrides.quote_amount, usd)
        more: Json = {"payment": payment, "x402Version": 1, "accepts": []}
        if overrides.quote_amount == "missing":
            del payment["amountUsd"]
        if overrides.quote_amount == "elsewhere":
            more["amountUsd"] = payment.pop("amountUsd")
        return Refusal(overrides.quote_status, text, "insufficient_quota", **more)


def _odd_amount(kind: QuoteAmount, usd: float) -> Json:
    """The amount of a quote, where it isn't the usual text."""
    odd: Json = {
        "number": usd,
        "null": None,
        "list": [f"{usd:.6f}"],
        "words": "on request",
        "zero": "0",
        "negative": f"-{usd:.6f}",
        "huge": "1e12",
    }
    return {"amountUsd": odd[kind]} if kind in odd else {}


async def given(request: web.Request) -> Json:
    """The JSON object of a request. Raises Refusal."""
    try:
        body = json.loads(await request.text())
    except (ValueError, LookupError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Refusal(400, "Invalid JSON", "invalid_json")
    return body


def own_run(nanogpt: NanoGpt, request: web.Request, *names: str) -> Run:
    """The run that a request names in one of these ways. Raises Refusal."""
    run_id = next((request.query[name] for name in names if name in request.query), None)
    if not run_id:
        raise Refusal(400, f"Missing required parameter: {names[0]}")
    return ensure_own(nanogpt, request[KEY], run_id)


def ensure_own(nanogpt: NanoGpt, key: str, run_id: object) -> Run:
    """Raises Refusal for a run that is unknown or another key's."""
    run = nanogpt.books.runs.get(str(run_id))
    if run is None:
        raise unknown()
    if run.key != key:
        raise Refusal(403, "This video request belongs to another account")
    return run


def unknown() -> Refusal:
    return Refusal(404, "Video request not found")


def is_relative(nanogpt: NanoGpt, run: Run) -> bool:
    """Whether a video's address is a path of the API."""
    switched = nanogpt.overrides.relative_address
    return run.model in RELATIVE_MODELS if switched is None else switched


def address_of_video(nanogpt: NanoGpt, run: Run) -> str:
    if is_relative(nanogpt, run):
        return f"/api/generate-video/content?model={run.model}&runId={run.id}&variant=video"
    return stored(nanogpt, run)


def stored(nanogpt: NanoGpt, run: Run) -> str:
    return f"{nanogpt.storage_origin}/storage/{run.video}"


def _recovered(run: Run) -> Json:
    return {
        "runId": run.id,
        "id": run.id,
        "model": run.model,
        "status": run.state.lower(),
        "createdAt": run.created_at.isoformat(),
        "conversationUUID": run.body.get("conversationUUID"),
    }


def _count(value: str) -> int:
    """At most fifty. Raises Refusal."""
    if not value.isascii() or not value.isdecimal() or len(value) > 9:
        raise Refusal(400, "Invalid parameter: limit", "invalid_parameter_value", param="limit")
    return min(int(value), MOST_RECOVERED)
