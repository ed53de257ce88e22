"""Draws a month's spending as one picture, for Discord's dark background.

Above the sum so far, against the limit; below the cost of each day; on the right the shares of
members or models. Positions are in pixels from the upper left corner. Only matplotlib's objects are
used, never its `pyplot`, which keeps every figure for the whole process.

Names may hold any Unicode: matplotlib brings DejaVu Sans, with the letters of Europe, Arabic and
Hebrew; a system font fills in the rest, and a sign that no font has becomes a box.
"""

import io
import unicodedata
from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from itertools import accumulate

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager, get_font
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, MaxNLocator

from bot.catalog.pricing import dollars
from bot.money.reports import Total, UsageChart

BOX = "□"
LONGEST = 80  # signs drawn of a name; Discord's own names have at most 100
_MAX_MARKS = 2  # accents per letter; a taller stack would run into its neighbours
_LEFT_OUT = {"Cc", "Cf", "Me"}  # controls, directions and joiners; circles around a letter
_OVERLAY = 1  # combining class of strokes through a letter
_FIRST = "DejaVu Sans"
_STEP_IN = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Droid Sans Fallback",
    "WenQuanYi Zen Hei",
    "Noto Sans Thai",
    "Noto Sans Devanagari",
    "Noto Emoji",
    "Symbola",
)

WIDTH, HEIGHT = 1200, 675
MAX_SHARES = 8
_DPI = 100
_POINT = 72 / _DPI  # points per pixel
_MARGIN = 44
_GROUND, _LINES, _TRACK = "#1e1f22", "#35373c", "#2b2d31"
_BRIGHT, _PLAIN, _QUIET = "#f2f3f5", "#dbdee1", "#a3a9b3"
_BAR, _BACK, _FINE, _NEAR, _OVER = "#6f7bf7", "#80848e", "#2dc770", "#f0b232", "#f2555a"
_NEAR_SHARE = 0.8  # of the limit
_LEAST = 0.02  # dollars: the smallest range of an axis
_LEFT, _RIGHT = 150, 694  # of the two panels, if there are shares
_SHARES_LEFT = 736
_SHARES_TOP, _ROW, _BAR_HEIGHT = 186, 52, 10
_MAX_TICKS = 9
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@cache
def families() -> list[str]:
    """Fonts for text, in order: the first that has a letter draws it."""
    here = set(fontManager.get_font_names())
    return [_FIRST, *(name for name in _STEP_IN if name in here)]


@cache
def _drawable() -> frozenset[int]:
    files = [fontManager.findfont(FontProperties(family=[name])) for name in families()]
    return frozenset().union(*(get_font(file).get_charmap() for file in files))


def drawable(name: str) -> str:
    """The name on one line, without control signs, undrawable ones as boxes."""
    details = ""
    marks = 0
    for sign in unicodedata.normalize("NFC", " ".join(name.split()))[:LONGEST]:
        kind = unicodedata.category(sign)
        marks = marks + 1 if kind == "Mn" else 0
        if kind in _LEFT_OUT or marks > _MAX_MARKS or unicodedata.combining(sign) == _OVERLAY:
            continue
        if ord(sign) in _drawable():
            details += sign
        elif not marks and not details.endswith(BOX):
            details += BOX
    return details.strip() or BOX


def fit(text: Text, width: float) -> None:
    """Shorten a text on a figure to at most `width` pixels."""
    details = text.get_text()
    while len(details) > 1 and text.get_window_extent().width > width:
        details = details[:-1].rstrip()
        text.set_text(f"{details}…")


def draw_usage(chart: UsageChart) -> bytes:
    """Draw a PNG of 1200 by 675 pixels. Draws every name, and raises nothing."""
    figure = Figure(figsize=(WIDTH / _DPI, HEIGHT / _DPI), dpi=_DPI, facecolor=_GROUND)
    FigureCanvasAgg(figure)  # attaches itself to the figure, which can then measure texts
    days = _days(chart)
    micros = [chart.by_day.get(day, 0) for day in days]
    title = _write(figure, drawable(chart.title), _MARGIN, 68, size=44, colour=_BRIGHT, bold=True)
    fit(title, WIDTH - 2 * _MARGIN)
    if any(micros) or chart.shares:
        _draw_month(figure, chart, days, micros)
    else:
        _draw_nothing(figure)
    target = io.BytesIO()
    figure.savefig(target, format="png", dpi=_DPI)
    return target.getvalue()


def _days(chart: UsageChart) -> list[date]:
    count = max((chart.last - chart.first).days, 0) + 1
    return [chart.first + timedelta(days=number) for number in range(count)]


def _draw_nothing(figure: Figure) -> None:
    _write(figure, "No videos yet", WIDTH / 2, HEIGHT / 2, size=44, colour=_QUIET, to="center")


def _draw_month(
    figure: Figure, chart: UsageChart, days: Sequence[date], micros: Sequence[int]
) -> None:
    right = _RIGHT if chart.shares else WIDTH - _MARGIN
    _write(figure, _summary(chart, sum(micros)), _MARGIN, 118, size=32, colour=_PLAIN)
    _write(figure, "So far", _MARGIN, _SHARES_TOP - 22, size=27)
    _draw_so_far(_panel(figure, 194, 386, right), chart.limit_micros, micros)
    _write(figure, "Day by day", _MARGIN, 440, size=27)
    _draw_days(_panel(figure, 462, 618, right), days, micros)
    if chart.shares:
        shares_title = _write(
            figure, drawable(chart.shares_title), _SHARES_LEFT, _SHARES_TOP - 22, size=27
        )
        fit(shares_title, WIDTH - _MARGIN - _SHARES_LEFT)
        _draw_shares(figure, _rows(chart.shares))


def _summary(chart: UsageChart, total: int) -> str:
    limit = "" if chart.limit_micros is None else f" of {dollars(chart.limit_micros)}"
    videos = sum(share.videos for share in chart.shares)
    return f"{dollars(total)}{limit}{f' for {_videos(videos)}' if chart.shares else ''}"


def _videos(count: int) -> str:
    return f"{count:,} video{'' if count == 1 else 's'}"


def _write(
    figure: Figure,
    text: str,
    x: float,
    y: float,
    *,
    size: float,
    colour: str = _QUIET,
    bold: bool = False,
    to: str = "left",
) -> Text:
    """Draw one line on its baseline; dollar signs never start mathematics."""
    return figure.text(
        x / WIDTH,
        1 - y / HEIGHT,
        text,
        size=size * _POINT,
        color=colour,
        weight="bold" if bold else "normal",
        ha=to,
        family=families(),
        parse_math=False,
    )


def _panel(figure: Figure, top: float, bottom: float, right: float) -> Axes:
    """Axes with faint horizontal lines and amounts on the left."""
    box = (_LEFT / WIDTH, 1 - bottom / HEIGHT, (right - _LEFT) / WIDTH, (bottom - top) / HEIGHT)
    axes = figure.add_axes(box, facecolor=_GROUND)
    axes.spines[:].set_visible(False)
    axes.set_axisbelow(True)
    axes.grid(axis="y", color=_LINES, linewidth=1)
    axes.tick_params(length=0, labelsize=25 * _POINT, labelcolor=_QUIET, pad=8)
    axes.yaxis.set_major_locator(MaxNLocator(3))
    axes.yaxis.set_major_formatter(FuncFormatter(_amount))
    axes.xaxis.set_visible(False)
    return axes


def _amount(value: float, _position: int | None = None) -> str:
    """A round number of dollars on an axis, such as $0.005, $20 or -$1,500."""
    digits = f"{abs(value):,.6f}".rstrip("0").rstrip(".")
    if 0 < len(digits.partition(".")[2]) < 2:
        digits += "0"
    return f"{'-' if value < 0 else ''}${digits}"


def _in_dollars(micros: int) -> float:
    return micros / 1_000_000


def _draw_so_far(axes: Axes, limit: int | None, micros: Sequence[int]) -> None:
    """Draw the running sum up to the last day with a video, and the limit dashed."""
    end = max((number for number, spent in enumerate(micros) if spent), default=0) + 1
    sums = [_in_dollars(so_far) for so_far in accumulate(micros[:end])]
    colour = _colour_of(sum(micros), limit)
    axes.fill_between(range(end), sums, color=colour, alpha=0.16, linewidth=0)
    axes.plot(range(end), sums, color=colour, linewidth=3, solid_joinstyle="round")
    axes.plot([end - 1], sums[-1:], color=colour, marker="o", markersize=9, clip_on=False)
    highest = max(sums)
    if limit is not None:
        highest = max(highest, _in_dollars(limit))
        _draw_limit(axes, _in_dollars(limit))
    axes.set_xlim(-0.6, len(micros) - 0.4)
    axes.set_ylim(min(0, *sums), max(highest, _LEAST) * 1.16)


def _draw_limit(axes: Axes, limit: float) -> None:
    """Draw the limit, labelled on the left, where sums are still low."""
    axes.axhline(limit, color=_PLAIN, linewidth=2, dashes=(5, 4))
    axes.annotate(
        "limit",
        (0, limit),
        (0, 9 * _POINT),
        size=24 * _POINT,
        color=_PLAIN,
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
    )


def _colour_of(total: int, limit: int | None) -> str:
    if limit is None or total < limit * _NEAR_SHARE:
        return _FINE
    return _NEAR if total < limit else _OVER


def _draw_days(axes: Axes, days: Sequence[date], micros: Sequence[int]) -> None:
    """Draw one bar per day; grey below zero, where refunds exceed spending."""
    spent = [_in_dollars(one) for one in micros]
    axes.bar(
        range(len(days)), spent, width=0.72, color=[_BAR if one > 0 else _BACK for one in spent]
    )
    if max(spent) < _LEAST:
        axes.set_ylim(min(0, *spent), _LEAST)
    axes.yaxis.set_major_locator(MaxNLocator(2))
    axes.set_xlim(-0.6, len(days) - 0.4)
    axes.xaxis.set_visible(True)
    axes.tick_params(axis="x", pad=12)
    ticks = _ticks(len(days))
    axes.set_xticks(ticks, _labels([days[number] for number in ticks]))


def _ticks(count: int) -> list[int]:
    """The first day and every fifth; of a longer period as many as fit."""
    step = 1 if count <= _MAX_TICKS else max(5, -(-count // _MAX_TICKS))
    return sorted({0, *range(step - 1, count, step)})


def _labels(days: Sequence[date]) -> list[str]:
    """Labels of days; with the month where it changes."""
    before = [None, *(day.month for day in days)]
    return [
        f"{day.day}" if day.month == month else f"{day.day} {_MONTHS[day.month - 1]}"
        for day, month in zip(days, before, strict=False)
    ]


def _rows(shares: Sequence[Total]) -> list[Total]:
    """The highest shares, and all others as one."""
    others = shares[MAX_SHARES:]
    if not others:
        return list(shares)
    videos, micros = sum(one.videos for one in others), sum(one.micros for one in others)
    return [*shares[:MAX_SHARES], Total(f"others ({len(others):,})", videos, micros)]


def _draw_shares(figure: Figure, rows: Sequence[Total]) -> None:
    width = WIDTH - _MARGIN - _SHARES_LEFT
    highest = max(1, *(row.micros for row in rows))
    for number, row in enumerate(rows):
        line = _SHARES_TOP + 18 + number * _ROW
        amount = _write(
            figure, dollars(row.micros), WIDTH - _MARGIN, line, size=25, colour=_PLAIN, to="right"
        )
        name = _write(figure, drawable(row.name), _SHARES_LEFT, line, size=25, colour=_BRIGHT)
        fit(name, width - amount.get_window_extent().width - 20)
        _bar(figure, line + 9, width, _TRACK)
        colour = _BACK if number == MAX_SHARES else _BAR
        _bar(figure, line + 9, width * max(row.micros, 0) / highest, colour)


def _bar(figure: Figure, top: float, width: float, colour: str) -> None:
    corner = (_SHARES_LEFT / WIDTH, 1 - (top + _BAR_HEIGHT) / HEIGHT)
    size = (width / WIDTH, _BAR_HEIGHT / HEIGHT)
    bar = Rectangle(corner, *size, transform=figure.transFigure, color=colour, linewidth=0)
    figure.add_artist(bar)
