"""What a chat model answers instead of a prompt, and what is made of it.

The family: a whole answer that is no completion; no choices, or one without a message; content that
is empty, null, a number, or in parts, some of them thoughts; thoughts in tags, closed, never opened,
never closed; a thought cut off at the limit; a fence, a preamble, quotes of any country, a JSON
object; an apology or a filter's refusal; the prompt as it was; twenty thousand characters; another
language, which only its member can judge. And the charge: in dollars, under either name, in XNO, by
tokens, or not at all.
"""

from decimal import Decimal

import pytest

from bot.providers.contract import Improved, ImprovementFault
from bot.providers.nanogpt.chat.completion import (
    MAX_CHARACTERS,
    TokenPrices,
    read_improved,
    read_prices,
    tidied,
)

FOX = "A red fox leaps through deep snow"
PRICES = TokenPrices("chatty", Decimal("0.25"), Decimal("1.5"))  # micros for a token


def completion(content, finish="stop", **more):
    message = {"role": "assistant", "content": content, **more.pop("message", {})}
    return {"choices": [{"index": 0, "message": message, "finish_reason": finish}], **more}


def read(body, original="a fox"):
    return read_improved(body, original, PRICES)


@pytest.mark.parametrize(
    "content",
    [
        FOX,
        f"  {FOX}\n",
        f'"{FOX}"',
        f"“{FOX}”",
        f"«{FOX}»",
        f"「{FOX}」",
        f"```\n{FOX}\n```",
        f"```text\n{FOX}```",
        f"Sure! Here is the improved prompt:\n\n{FOX}",
        f"Here\u2019s your enhanced prompt: {FOX}",
        f"**Improved prompt:** {FOX}",
        f'Certainly, here you go:\n"{FOX}"',
        f"Prompt: {FOX}",
        f"<think>The user wants a fox.</think>\n{FOX}",
        f"The user wants a fox.\n</think>\n\n{FOX}",
        f"{FOX} <reasoning>I added snow.</reasoning>",
        f"<think>a</think><THINKING>b</thinking>{FOX}",
        f'{{"prompt": "{FOX}"}}',
        f'```json\n{{"improved_prompt": "{FOX}"}}\n```',
        "A red fox\nleaps through\r\n deep\x00snow",
        [{"type": "text", "text": FOX}],
        [{"type": "reasoning", "text": "Hm."}, {"type": "output_text", "text": FOX}],
        [FOX],
        [{"text": FOX}, {"type": "image_url", "image_url": "x"}, None, 7],
    ],
)
def test_the_prompt_is_found_in_what_stands_around_it(content):
    assert read(completion(content)).prompt == FOX


@pytest.mark.parametrize(
    "text",
    [
        '"Go!" she says, and the fox runs after "him"',
        "Sure-footed goats climb: one slips",
        "Here be dragons, over a map of the sea",
        "A fox < a bear > a mouse",
        "Un renard roux saute dans la neige",
        "雪の中を走るキツネ",
        "{a fox} in brackets",
    ],
)
def test_a_prompt_that_only_looks_like_that_is_left_alone(text):
    assert read(completion(text)).prompt == text


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"choices": []}, ImprovementFault.EMPTY),
        ({"choices": None}, ImprovementFault.EMPTY),
        ({"choices": "none"}, ImprovementFault.EMPTY),
        ({"choices": [None]}, ImprovementFault.EMPTY),
        ({"choices": [{"text": FOX}]}, ImprovementFault.EMPTY),
        ({"choices": [{"message": FOX}]}, ImprovementFault.EMPTY),
        (completion(""), ImprovementFault.EMPTY),
        (completion(" \n "), ImprovementFault.EMPTY),
        (completion('""'), ImprovementFault.EMPTY),
        (completion("…"), ImprovementFault.EMPTY),
        (completion(None), ImprovementFault.EMPTY),
        (completion(None, message={"reasoning": FOX}), ImprovementFault.EMPTY),
        (completion(7), ImprovementFault.EMPTY),
        (completion({"text": FOX}), ImprovementFault.EMPTY),
        (completion([{"type": "thinking", "text": FOX}]), ImprovementFault.EMPTY),
        (completion([{"type": "text", "text": None}]), ImprovementFault.EMPTY),
        (completion(f"<think>{FOX}"), ImprovementFault.EMPTY),
        (completion(f"<think>{FOX}", "length"), ImprovementFault.CUT_OFF),
        (completion(FOX, "length"), ImprovementFault.CUT_OFF),
        (completion(FOX, "MAX_TOKENS"), ImprovementFault.CUT_OFF),
        (completion(FOX, "content_filter"), ImprovementFault.REFUSED),
        (completion(None, message={"refusal": "No."}), ImprovementFault.REFUSED),
        (completion("I'm sorry, but I can't help with that."), ImprovementFault.REFUSED),
        (completion("I\u2019m sorry, I cannot assist with this."), ImprovementFault.REFUSED),
        (completion("I can't create that content."), ImprovementFault.REFUSED),
        (completion("x" * (MAX_CHARACTERS + 1)), ImprovementFault.TOO_LONG),
        (completion("fox " * 5000), ImprovementFault.TOO_LONG),
        (completion("<think>" * 20_000), ImprovementFault.TOO_LONG),
        (completion("a  FOX"), ImprovementFault.UNCHANGED),
        (completion("“A fox”"), ImprovementFault.UNCHANGED),
    ],
)
def test_what_is_no_better_prompt_is_none(body, fault):
    assert read(body) == Improved(fault=fault)


@pytest.mark.parametrize("body", [None, [], "text", 7, {}, {"error": {"message": "x"}}])
def test_what_is_no_completion_at_all_is_not_read(body):
    assert read(body) is None


def test_a_prompt_of_the_longest_kind_is_taken():
    assert len(read(completion("x" * MAX_CHARACTERS)).prompt) == MAX_CHARACTERS


@pytest.mark.parametrize("open_tags", ["<think>" * 7000, "```\n" * 12_000, "{" * 49_000])
def test_an_answer_made_to_take_long_is_read_at_once(open_tags):
    assert len(tidied(open_tags)) <= len(open_tags)


@pytest.mark.parametrize(
    ("more", "micros"),
    [
        ({"x_nanogpt_pricing": {"cost": 0.000169, "paymentSource": "USD"}}, 169),
        ({"x_nanogpt_pricing": {"cost": "0.000169"}}, 169),
        ({"x_nanogpt_pricing": {"amount": 0.0002, "currency": "usd"}}, 200),
        ({"x_nanogpt_pricing": {"cost": 0, "paymentSource": "USD"}}, 0),
        ({"x_nanogpt_pricing": {"cost": 0.3, "paymentSource": "XNO"}}, None),
        ({"x_nanogpt_pricing": {"cost": -1}}, None),
        ({"x_nanogpt_pricing": {"cost": True}}, None),
        ({"x_nanogpt_pricing": {"cost": "NaN"}}, None),
        ({"x_nanogpt_pricing": "free"}, None),
        ({"usage": {"prompt_tokens": 100, "completion_tokens": 20}}, 55),
        ({"usage": {"prompt_tokens": 1, "completion_tokens": 0}}, 1),
        (
            {
                "usage": {"prompt_tokens": 100, "completion_tokens": 20},
                "x_nanogpt_pricing": {"cost": 0.3, "paymentSource": "XNO"},
            },
            55,
        ),
        ({"usage": {"prompt_tokens": 0, "completion_tokens": 0}}, None),
        ({"usage": {"prompt_tokens": "100", "completion_tokens": 20}}, None),
        ({"usage": {"prompt_tokens": -5, "completion_tokens": 20}}, None),
        ({"usage": None}, None),
        ({}, None),
    ],
)
def test_the_charge_is_what_the_service_says_or_its_price_for_the_tokens(more, micros):
    assert read(completion(FOX, **more)).charged_micros == micros
    assert read(completion("", **more)).charged_micros == micros


def listed(**pricing):
    return {"data": [None, {"id": "other"}, {"id": "chatty", "pricing": pricing}]}


@pytest.mark.parametrize(
    "body",
    [
        listed(prompt=0.25, completion=1.5),
        listed(prompt="0.25", completion="1.5", unit="per_million_tokens", currency="USD"),
    ],
)
def test_a_listed_price_is_read(body):
    assert read_prices(body, "chatty") == PRICES


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"data": None},
        {"data": [{"id": "chatty"}]},
        {"data": [{"id": "chatty", "pricing": None}]},
        listed(prompt=0.25),
        listed(prompt=None, completion=1.5),
        listed(prompt=-0.25, completion=1.5),
        listed(prompt=0.25, completion=1.5, unit="per_token"),
        listed(prompt=0.25, completion=1.5, currency="XNO"),
        listed(prompt=0.25, completion=True),
    ],
)
def test_a_price_that_cannot_be_read_is_unknown(body):
    assert read_prices(body, "chatty") is None
