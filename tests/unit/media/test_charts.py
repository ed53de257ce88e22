"""A month's money in one picture, whatever the month held and whatever people call themselves."""

import asyncio
import io
import logging
import random
import threading
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from PIL import Image

from bot.media.charts import PngCharts
from bot.media.drawing import BOX, MAX_SHARES, draw_usage, drawable
from bot.money.reports import Total, UsageChart

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)
DOLLAR = 1_000_000
GROUND = (0x1E, 0x1F, 0x22)
BARS, OTHERS, FINE, OVER = (
    (0x6F, 0x7B, 0xF7),
    (0x80, 0x84, 0x8E),
    (0x2D, 0xC7, 0x70),
    (0xF2, 0x55, 0x5A),
)

HOSTILE = [
    "",
    " \n\t ",
    "$x^2$ and $\\frac{1}{0}$",
    "costs $5, not $6",
    "🦊✨ 👩‍👩‍👧‍👦 🏳️‍🌈",
    "田中太郎",
    "عبد الله",
    "שלום עולם",
    "\u202eevil\u202c",
    "\ud800 alone",
    "z\u0338\u0321\u0322\u0325\u0326a\u20dd",
    "﷽" * 30,
    "\0\x07",
    "W" * 4000,
    "कविता ภาษาไทย \U0010ffff",
]


def make_chart(**fields: Any) -> UsageChart:
    told: dict[str, Any] = {
        "title": "Videos in October 2026",
        "first": FIRST,
        "last": LAST,
        "by_day": {FIRST: 3 * DOLLAR, LAST: 2 * DOLLAR},
        "limit_micros": 50 * DOLLAR,
        "shares_title": "By member",
        "shares": (Total("Aurora", 3, 4 * DOLLAR), Total("Mika", 2, DOLLAR)),
    }
    return UsageChart(**(told | fields))


def shares(count):
    return tuple(Total(f"member {number}", 1, DOLLAR) for number in range(count))


def seen(png):
    """The picture, which must be one, of the promised size."""
    with Image.open(io.BytesIO(png)) as picture:
        assert (picture.format, picture.size) == ("PNG", (1200, 675))
        return picture.convert("RGB")


def area(picture, colour):
    """How many pixels have exactly this colour."""
    counts = {shade: count for count, shade in picture.getcolors(1 << 24)}
    return counts.get(colour, 0)


def test_a_chart_is_a_png_of_1200_by_675_on_discords_dark_ground():
    picture = seen(draw_usage(make_chart()))

    assert picture.getpixel((0, 0)) == GROUND
    assert area(picture, GROUND) > 1200 * 675 / 2
    assert area(picture, BARS) > 1000


def test_an_empty_month_says_so_and_shows_neither_bars_nor_lines():
    picture = seen(draw_usage(make_chart(by_day={}, shares=())))

    assert area(picture, GROUND) > 1200 * 675 * 0.97
    assert area(picture, BARS) == area(picture, FINE) == 0


def test_every_day_of_a_month_has_its_bar():
    days = {FIRST + timedelta(days=number): DOLLAR for number in range(31)}

    picture = seen(draw_usage(make_chart(by_day=days, shares=())))

    row = [picture.getpixel((x, 600)) == BARS for x in range(1200)]
    assert sum(now and not before for before, now in pairwise(row)) == 31


def test_a_day_on_which_more_was_given_back_than_spent_is_grey():
    given_back = make_chart(by_day={FIRST: DOLLAR, LAST: -DOLLAR}, shares=())

    assert area(seen(draw_usage(given_back)), OTHERS) > 100


@pytest.mark.parametrize(("limit", "colour"), [(None, FINE), (50 * DOLLAR, FINE), (DOLLAR, OVER)])
def test_the_line_turns_red_where_the_limit_is_passed(limit, colour):
    picture = seen(draw_usage(make_chart(limit_micros=limit)))

    assert area(picture, colour) > 500


def test_what_is_more_than_eight_shares_is_summed_as_others():
    eight, nine = (
        seen(draw_usage(make_chart(shares=shares(MAX_SHARES + more)))) for more in (0, 1)
    )

    assert area(eight, OTHERS) == 0
    assert area(nine, OTHERS) > 1000


def test_thousands_of_videos_of_thousands_of_members_are_one_picture():
    die = random.Random(7)  # noqa: S311 - repeatable, nothing secret
    many = tuple(Total(f"member {n}", 3, die.randrange(10**12)) for n in range(5000))
    days = {FIRST + timedelta(days=n): die.randrange(10**15) for n in range(31)}

    seen(draw_usage(make_chart(by_day=days, shares=many)))


@pytest.mark.parametrize(
    "fields",
    [
        {"limit_micros": 0},
        {"by_day": {FIRST: 1}},
        {"by_day": {FIRST: -1}, "shares": (Total("Mika", -1, -DOLLAR),)},
        {"by_day": {}, "shares": (Total("Mika", 0, 0),)},
        {"by_day": {FIRST - timedelta(days=9): DOLLAR}},
        {"first": LAST, "last": FIRST},
        {"last": FIRST},
        {"last": date(2027, 10, 31)},
    ],
)
def test_no_month_is_too_strange_to_draw(fields):
    seen(draw_usage(make_chart(**fields)))


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_breaks_a_chart(name, caplog):
    everywhere = make_chart(title=name, shares_title=name, shares=(Total(name, 1, DOLLAR),) * 9)

    with caplog.at_level(logging.WARNING):
        picture = seen(draw_usage(everywhere))

    edge = [picture.getpixel((1199, y)) for y in range(675)]
    assert set(edge) == {GROUND}  # and nothing runs out of it


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.text(st.characters(exclude_categories=())), min_size=1, max_size=9))
def test_whatever_people_call_themselves_is_drawn(names):
    seen(draw_usage(make_chart(shares=tuple(Total(name, 1, DOLLAR) for name in names))))


@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        ("Zoë Ångström", "Zoë Ångström"),
        ("$5 & $6", "$5 & $6"),
        ("line\nbreak\ttab", "line break tab"),
        ("\u202eevil", "evil"),
        ("z\u0338o\u20dd", "zo"),
        ("\U0010ffff\U0010fffe!", f"{BOX}!"),
        ("\0", BOX),
    ],
)
def test_a_name_is_written_as_it_can_be(name, drawn):
    assert drawable(name) == drawn


async def test_other_tasks_go_on_while_a_chart_is_drawn():
    begun, others_went_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def draw(chart):
        loop.call_soon_threadsafe(begun.set)
        assert others_went_on.wait(30)
        return draw_usage(chart)

    drawing = asyncio.gather(PngCharts(draw).usage(make_chart()))
    await begun.wait()
    others_went_on.set()

    seen(*await drawing)


async def test_charts_are_drawn_one_at_a_time_even_when_no_one_waits_any_more():
    begun, may_end = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    under_way, most = 0, 0

    def draw(chart):
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        loop.call_soon_threadsafe(begun.set)
        assert may_end.wait(30)
        under_way -= 1
        return b""

    charts = PngCharts(draw)
    given_up = asyncio.gather(charts.usage(make_chart()))
    await begun.wait()
    given_up.cancel()
    others = asyncio.gather(*(charts.usage(make_chart()) for _ in range(5)))
    may_end.set()

    assert await others == [b""] * 5
    assert most == 1


async def test_the_port_draws_the_chart():
    seen(await PngCharts().usage(make_chart()))
