"""NanoGPT's endpoints for text models: their list, and chat completions without streaming.

Sources: its pages on chat completions, on text models and on pricing metadata. The charge is made
once the answer is written; usage comes only when it is asked for.
"""

import math
import secrets
from collections.abc import Callable
from typing import Any, Literal

from aiohttp import web

from sandbox.providers.nanogpt.endpoints.guards import KEY
from sandbox.providers.nanogpt.endpoints.videos import given
from sandbox.providers.nanogpt.limits import ensure_affordable, midnight
from sandbox.providers.nanogpt.refusals import Refusal
from sandbox.providers.nanogpt.runs import MICROS, Completion
from sandbox.providers.nanogpt.service import NanoGpt

Json = dict[str, Any]
Finish = Literal["stop", "length", "content_filter"]

CHARACTERS_A_TOKEN = 4
LONG = 20_000  # characters
_PRICES = {  # dollars for a million tokens: read, written
    "google/gemini-3.1-flash-lite": (0.25, 1.5),
    "openai/gpt-5.2": (1.75, 14.0),
    "chatty-1": (2.5, 10.0),
}
_BLOCKED = "blockedword"
_ENDING = (
    "seen from low down in soft evening light, in slow, even motion; the camera glides closer, with"
    " shallow focus and warm, natural colors"
)
_FILTERED = "Your request was blocked by content moderation."
_FINISHES: dict[str, Finish] = {"cut_off": "length", "refused": "content_filter"}
_ANSWERS: dict[str, Callable[[str, str], Any]] = {  # by the switch: of the prompt and a better one
    "prompt": lambda _, better: better,
    "no_choices": lambda _, better: better,
    "wrapped": lambda _, better: f'Sure! Here is the improved prompt:\n\n"{better}"',
    "thoughts": lambda prompt, better: f"<think>The user wants {prompt}.\n</think>\n\n{better}",
    "parts": lambda _, better: [
        {"type": "reasoning", "text": "Hm."},
        {"type": "text", "text": better},
    ],
    "echo": lambda prompt, _: prompt,
    "empty": lambda _prompt, _better: "",
    "refused": lambda _prompt, _better: "",
    "null": lambda _prompt, _better: None,
    "number": lambda _prompt, _better: 7,
    "cut_off": lambda prompt, _: f"<think>The user wants {prompt}",
    "sorry": lambda _prompt, _better: "I'm sorry, but I can't help with that request.",
    "long": lambda _, better: (f"{better} " * LONG)[:LONG],
}


class Chats:
    """The handlers of one service."""

    def __init__(self, nanogpt: NanoGpt) -> None:
        self._nanogpt = nanogpt

    async def models(self, request: web.Request) -> web.Response:
        """Public; prices only where details are asked for."""
        detailed = request.query.get("detailed") == "true"
        listed = [self._entry(name, detailed=detailed) for name in self._names()]
        return web.json_response({"object": "list", "data": listed})

    async def complete(self, request: web.Request) -> web.Response:
        nanogpt, body = self._nanogpt, await given(request)
        model, prompt = self._model(body), _asked(body)
        text, finish = self._written(prompt, _most_tokens(body))
        read = _tokens("".join(str(one.get("content")) for one in body["messages"]))
        written = _tokens(_spoken(text))
        key, now = request[KEY], nanogpt.clock.now()
        cost = math.ceil(_cost_micros(model, read, written) * nanogpt.overrides.chat_cost_factor)
        if nanogpt.overrides.daily_usd is not None:
            spent = nanogpt.books.spent_micros(key, midnight(now))
            ensure_affordable(spent, cost, nanogpt.overrides.daily_usd, now)
        if cost > nanogpt.books.balances[key]:
            raise Refusal(402, "Insufficient balance", requiredBalance=cost / MICROS)
        name = f"chatcmpl-{secrets.token_hex(8)}"
        done = Completion(name, key, model, prompt, cost, now, read, written)
        nanogpt.books.complete(done)
        return web.json_response(self._answer(done, body, text, finish))

    def _answer(self, done: Completion, body: Json, text: Any, finish: Finish) -> Json:
        answer: Json = {
            "id": done.id,
            "object": "chat.completion",
            "created": int(done.at.timestamp()),
            "model": done.model,
            "choices": [_choice(text, finish)],
        }
        if self._nanogpt.overrides.chat == "no_choices":
            answer["choices"] = []
        if body.get("include_usage") is True:
            answer["usage"] = {
                "prompt_tokens": done.input_tokens,
                "completion_tokens": done.output_tokens,
                "total_tokens": done.input_tokens + done.output_tokens,
            }
        pricing: Json = {"inputTokens": done.input_tokens, "outputTokens": done.output_tokens}
        dollars = done.cost_micros / MICROS
        match self._nanogpt.overrides.chat_pricing:
            case "cost":
                pricing |= {"cost": dollars, "paymentSource": "USD", "billedToTeam": False}
            case "amount":
                pricing |= {"amount": dollars, "currency": "USD"}
            case "xno":
                pricing |= {"cost": dollars * 2, "paymentSource": "XNO"}
            case "missing":
                return answer
        return answer | {"x_nanogpt_pricing": pricing}

    def _written(self, prompt: str, most_tokens: int | None) -> tuple[Any, Finish]:
        """What the model answers, as it is switched."""
        if _BLOCKED in prompt.lower():
            raise Refusal(400, _FILTERED, "content_policy_violation")
        overrides = self._nanogpt.overrides
        better = overrides.chat_text or f"{prompt.strip().rstrip('.')}, {_ENDING}."
        finish = _FINISHES.get(overrides.chat, "stop")
        text = _ANSWERS[overrides.chat](prompt, better)
        is_long = isinstance(text, str) and most_tokens is not None and _tokens(text) > most_tokens
        if is_long and most_tokens is not None and overrides.chat != "long":  # which heeds no limit
            text, finish = text[: most_tokens * CHARACTERS_A_TOKEN], "length"
        return text, finish

    def _names(self) -> list[str]:
        return [name for name in _PRICES if name not in self._nanogpt.overrides.withdrawn]

    def _entry(self, name: str, *, detailed: bool) -> Json:
        maker = name.partition("/")[0]
        entry = {"id": name, "object": "model", "created": 1760000000, "owned_by": maker}
        if not detailed:
            return entry
        read, written = _PRICES[name]
        prices = {"prompt": read, "completion": written}
        more = {"currency": "USD", "unit": "per_million_tokens"}
        return entry | {
            "name": name.rpartition("/")[2],
            "context_length": 128_000,
            "max_output_tokens": 16_384,
            "pricing": prices | more,
        }

    def _model(self, body: Json) -> str:
        name = body.get("model")
        if not isinstance(name, str) or not name:
            text = "Missing required parameter: model"
            raise Refusal(400, text, "missing_required_parameter", param="model")
        if name not in self._names():
            raise Refusal(400, "Model not found", "model_not_found", param="model")
        return name


def _asked(body: Json) -> str:
    """The last thing that the user says. Raises Refusal."""
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        text = "Missing required parameter: messages"
        raise Refusal(400, text, "missing_required_parameter", param="messages")
    asked = [one for one in messages if isinstance(one, dict) and one.get("role") == "user"]
    if len(asked) == 0 or not all(isinstance(one, dict) for one in messages):
        text = "Invalid parameter: messages"
        raise Refusal(400, text, "invalid_parameter_value", param="messages")
    if body.get("stream"):
        text = "This sandbox does not stream."
        raise Refusal(400, text, "invalid_parameter_value", param="stream")
    return str(asked[-1].get("content") or "")


def _most_tokens(body: Json) -> int | None:
    most = body.get("max_tokens")
    if most is None:
        return None
    if not isinstance(most, int) or most < 1:
        text = "Invalid parameter: max_tokens"
        raise Refusal(400, text, "invalid_parameter_value", param="max_tokens")
    return most


def _choice(text: Any, finish: Finish) -> Json:
    message = {"role": "assistant", "content": text}
    return {"index": 0, "message": message, "finish_reason": finish}


def _spoken(text: Any) -> str:
    """All that was written, and is charged."""
    if isinstance(text, list):
        return "".join(part["text"] for part in text)
    return "" if text is None else str(text)


def _tokens(text: str) -> int:
    return math.ceil(len(text) / CHARACTERS_A_TOKEN)


def _cost_micros(model: str, read: int, written: int) -> float:
    """Dollars for a million are micros for one."""
    prices = _PRICES[model]
    return prices[0] * read + prices[1] * written
