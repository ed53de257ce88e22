"""Read the chat endpoint's answers and its price list; take nothing for a prompt that is none.

Sources: NanoGPT's pages on chat completions, text models, and pricing metadata, and reports of what
chat models answer instead of only what was asked for: their thoughts, a preamble, a fence, quotes,
an apology, or a thought cut off at the limit.
"""

import json
import math
import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import Field

from bot.providers.contract import Improved, ImprovementFault
from bot.providers.tolerance import Dollars, Table, Wire, Word, exact_micros

MAX_CHARACTERS = 1000  # of a prompt; so that the quote shows all of it
MAX_READ = 50_000  # characters; a longer answer is no prompt, whatever stands at its end
MILLION = 1_000_000

_CUT_OFF = {"length", "max_tokens"}
_FILTERED = {"content_filter", "content-filter", "safety"}
_THOUGHTS = "think|thinking|thought|thoughts|reasoning|reflection|analysis|scratchpad"
_THOUGHT_BEGINS = re.compile(rf"<(?:{_THOUGHTS})\b[^<>]*>", re.IGNORECASE)
_THOUGHT_ENDS = re.compile(rf"</(?:{_THOUGHTS})\s*>", re.IGNORECASE)
_FENCE = "```"
_LANGUAGE = re.compile(r"\A[\w-]*[ \t]*\n")
_PREAMBLE = re.compile(
    r"\A[\s*_#>\"\u201c]*(?:(?:sure|certainly|of course|absolutely|okay|ok)[,.!:][^\n:]{0,120}[:\n]"
    r"|here(?:'s|\u2019s| is| are)\b[^\n:]{0,120}:"
    r"|(?:the )?(?:improved|enhanced|better|rewritten|revised|optimi[sz]ed|final|video|new)?"
    r" ?(?:video )?prompt(?: \([^)\n]{0,40}\))?:)[\s*_]*",
    re.IGNORECASE,
)
_QUOTES = {
    '"': '"',
    "'": "'",
    "\u201c": "\u201d",
    "\u2018": "\u2019",
    "«": "»",
    "„": "\u201c",
    "「": "」",
    "`": "`",
}
_APOLOGY = re.compile(
    r"\A(?:i['\u2019]?m sorry|sorry|i am sorry|i apologi[sz]e)\b.{0,40}\b(?:can(?:no|['\u2019])t|unable|not able)"
    r"|\A(?:i(?:['\u2019]m| am) (?:unable|not able)|i (?:can(?:no|['\u2019])t|won['\u2019]t|will not))"
    r" (?:to )?(?:help|assist|create|write|fulfil|comply|provide|generate|do that|improve|rewrite)"
    r"|\Aas an ai\b",
    re.IGNORECASE | re.DOTALL,
)
_KEYS = ("prompt", "improved_prompt", "improvedPrompt", "text")


class _Pricing(Wire):
    """`x_nanogpt_pricing`: what was charged."""

    cost: Dollars = None
    amount: Dollars = None
    currency: Word = None
    payment_source: Word = Field(default=None, alias="paymentSource")

    def micros(self) -> int | None:
        """Return the charge; None in any other unit than dollars."""
        units = {(unit or "USD").upper() for unit in (self.currency, self.payment_source)}
        if units != {"USD"}:
            return None
        return self.amount if self.cost is None else self.cost


class _Completion(Wire):
    choices: Any = None
    usage: Table = Field(default_factory=dict)
    pricing: Table = Field(default_factory=dict, alias="x_nanogpt_pricing")


@dataclass(frozen=True, slots=True)
class TokenPrices:
    """A model's listed prices, in micros per token."""

    model_id: str
    input: Decimal
    output: Decimal

    def micros(self, input_tokens: int, output_tokens: int) -> int:
        """Return the price of these tokens, rounded up."""
        return math.ceil(self.input * input_tokens + self.output * output_tokens)


def read_prices(body: Any, model_id: str) -> TokenPrices | None:
    """Find a model's prices in the detailed list; None if they are not there or not in dollars."""
    listed = body.get("data") if isinstance(body, dict) else None
    for entry in listed if isinstance(listed, list) else ():
        pricing = entry.get("pricing") if isinstance(entry, dict) else None
        if not isinstance(pricing, dict) or entry.get("id") != model_id:
            continue
        rates = [exact_micros(pricing.get(name)) for name in ("prompt", "completion")]
        units = (pricing.get("unit", "per_million_tokens"), pricing.get("currency", "USD"))
        if units == ("per_million_tokens", "USD") and None not in rates:
            input_rate, output_rate = (Decimal(rate or 0) / MILLION for rate in rates)
            return TokenPrices(model_id, input_rate, output_rate)
    return None


def read_improved(body: Any, original: str, prices: TokenPrices | None) -> Improved | None:
    """Read a completion; None if it is none at all.

    The charge is what the service says, else its listed price for the tokens it counted.
    """
    if not isinstance(body, dict) or not {"choices", "usage", "x_nanogpt_pricing"} & set(body):
        return None
    found = _Completion.model_validate(body)
    charged = _Pricing.model_validate(found.pricing).micros()
    if charged is None and prices is not None:
        charged = _by_tokens(found.usage, prices)
    text_or_fault = _text_of(found.choices, original)
    if isinstance(text_or_fault, ImprovementFault):
        return Improved(fault=text_or_fault, charged_micros=charged)
    return Improved(text_or_fault, charged_micros=charged)


def _by_tokens(usage: dict[str, Any], prices: TokenPrices) -> int | None:
    counts = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
    tokens = [one for one in counts if isinstance(one, int) and not isinstance(one, bool)]
    if len(tokens) < len(counts) or not all(0 <= one <= 100 * MILLION for one in tokens):
        return None
    return prices.micros(*tokens) if any(tokens) else None  # zero: it did not count


def _text_of(choices: Any, original: str) -> str | ImprovementFault:
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        return ImprovementFault.EMPTY
    reason = choice.get("finish_reason")
    reason = reason.lower() if isinstance(reason, str) else ""
    refusal = message.get("refusal")
    if reason in _FILTERED or (isinstance(refusal, str) and refusal.strip()):
        return ImprovementFault.REFUSED
    if reason in _CUT_OFF:
        return ImprovementFault.CUT_OFF
    content = _joined(message.get("content"))
    if len(content) > MAX_READ:
        return ImprovementFault.TOO_LONG
    return judged(tidied(content), original)


def judged(text: str, original: str) -> str | ImprovementFault:
    """Return a tidied text if it is a better prompt, else what is wrong with it."""
    if not any(character.isalnum() for character in text):
        return ImprovementFault.EMPTY
    if _APOLOGY.search(text):
        return ImprovementFault.REFUSED
    if len(text) > MAX_CHARACTERS:
        return ImprovementFault.TOO_LONG
    if text.casefold() == tidied(original).casefold():
        return ImprovementFault.UNCHANGED
    return text


def tidied(content: str) -> str:
    """Return the prompt in a text as one line: no thoughts, fences, preambles or quotes."""
    text = _unwrapped(_unfenced(_spoken(content)).strip())
    text = _PREAMBLE.sub("", text, count=1).strip()
    text = " ".join("".join(map(_shown, text)).split())
    while len(text) > 1 and _QUOTES.get(text[0]) == text[-1] and text[0] not in text[1:-1]:
        text = text[1:-1].strip()
    return text


def _spoken(content: str) -> str:
    """Return what is not a thought: what follows the last one, or else comes before the first."""
    ends = list(_THOUGHT_ENDS.finditer(content))
    after = content[ends[-1].end() :] if ends else content
    begins = _THOUGHT_BEGINS.search(after)
    spoken = after if begins is None else after[: begins.start()]
    if spoken.strip() or not ends:
        return spoken
    begins = _THOUGHT_BEGINS.search(content)
    return "" if begins is None else content[: begins.start()]


def _unfenced(text: str) -> str:
    """Return what stands in the first fence, if there is one."""
    parts = text.split(_FENCE, 2)
    return text if len(parts) < 3 else _LANGUAGE.sub("", parts[1], count=1)


def _shown(character: str) -> str:
    return " " if unicodedata.category(character) in {"Cc", "Zl", "Zp"} else character


def _unwrapped(text: str) -> str:
    """Return the prompt of a JSON object, which a model may answer with."""
    if not text.startswith("{"):
        return text
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if not isinstance(body, dict):
        return text
    return next((body[key] for key in _KEYS if isinstance(body.get(key), str)), text)


def _joined(content: Any) -> str:
    """Return a message's text, which may come in parts; thoughts among them are left out."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return "".join(
        part if isinstance(part, str) else part["text"]
        for part in content[:100]
        if isinstance(part, str)
        or (
            isinstance(part, dict)
            and part.get("type", "text") in {"text", "output_text"}
            and isinstance(part.get("text"), str)
        )
    )
