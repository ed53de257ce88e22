"""What admins are told about rules: what changes from what to what, and never how it is stored."""

import csv
import io
import re
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from bot.ids import ChannelId, EditId, GuildId, JobId, ModelId, UserId
from bot.money.admin import MAX_HISTORY
from bot.money.changes import (
    CHANGE_HOLDS_FOR,
    MakeGrant,
    OpenEvent,
    PastChange,
    PendingChange,
    Proposed,
    ResetPolicy,
    SetPolicy,
    SetRules,
)
from bot.money.limits import (
    Allowance,
    Policy,
    RateLimit,
    Rules,
)
from bot.money.policy import Subject, SubjectKind
from bot.money.reports import Report, Spending
from bot.money.windows import Window
from bot.presentation import money, policies
from tests.factories import NOW

GUILD, ADA, FERN = GuildId(1), UserId(2), UserId(3)
BEFORE = Policy(GUILD)
RICHER = replace(BEFORE, pool_micros=25_000_000, version=1)
ARTIST = Subject(SubjectKind.ROLE, 7)
SET = Rules(
    exempt=True,
    allowance=Allowance(1_500_000, Window.DAY),
    rates=(RateLimit(5, 3600),),
    open_jobs_most=1,
    video_micros_most=500_000,
    video_seconds_most=12,
    models=frozenset({ModelId("veo"), ModelId("wan")}),
    channels=frozenset({ChannelId(9)}),
)


def past(what, before, after):
    return PastChange(NOW, ADA, what, before, after)


def lines_of(*edits):
    return str(policies.history(edits).description).splitlines()


def test_the_log_says_from_what_to_what_a_rule_was_changed():
    [line] = lines_of(past("rules", BEFORE, RICHER))

    assert line.endswith("<@2> · pool: no limit → $25.00 per month")


def test_every_rule_has_words_before_and_after():
    changed = policies.changes_of_rules(Rules(), SET)

    assert changed == [
        "exempt from every limit except the pool: no → yes",
        "allowance: same as everyone → $1.50 per day",
        "requests: same as everyone → 5 per hour",
        "concurrent videos: same as everyone → 1",
        "maximum price: same as everyone → $0.50",
        "maximum length: same as everyone → 12 s",
        "models: same as everyone → `veo`, `wan`",
        "channels: same as everyone → <#9>",
    ]
    assert len(policies.changes_of_rules(SET, Rules())) == len(changed)


def test_every_switch_of_a_server_has_words_before_and_after():
    after = replace(RICHER, zone="Europe/Berlin", gift_micros_most=10_000, is_paused=True)

    assert policies.changes_of_policy(BEFORE, after) == [
        "videos: enabled → paused",
        "pool: no limit → $25.00 per month",
        "gifts: not allowed → up to $0.01 per day",
        "time zone: UTC → Europe/Berlin",
    ]
    assert policies.changes_of_policy(BEFORE, replace(BEFORE, version=9)) == []


@pytest.mark.parametrize(
    ("what", "before", "after", "said"),
    [
        (
            "rules of <@&7>",
            Rules(),
            Rules(open_jobs_most=4),
            "concurrent videos: same as everyone → 4",
        ),
        ("reset of all rules", RICHER, BEFORE, "pool: $25.00 per month → no limit"),
        ("grant to <@3>", "", "$2.50: won", "$2.50: won"),
        ("event in <#9>", "1 of 3 videos made", "closed", "1 of 3 videos made → closed"),
        ("rules", BEFORE, BEFORE, "nothing changed"),
    ],
)
def test_a_line_of_the_log_is_for_people(what, before, after, said):
    [line] = lines_of(past(what, before, after))

    assert line.endswith(f" · {said}" if what == "rules" else f" · {what}: {said}")
    assert "{" not in line
    assert "micros" not in line


def test_a_long_log_ends_with_a_whole_line():
    many = replace(
        BEFORE, rules=replace(SET, models=frozenset(ModelId("m" * 90 + str(n)) for n in range(99)))
    )
    edits = [past("rules", BEFORE, many)] * MAX_HISTORY

    lines = lines_of(*edits)

    assert sum(map(len, lines)) + len(lines) <= 4096
    assert len(lines) == MAX_HISTORY  # none is left out: the next page begins after them
    assert len(set(lines)) == 1


def test_an_admin_is_told_what_changes_and_until_when_the_button_works():
    edit = SetPolicy(RICHER)
    pending = PendingChange(EditId("e"), GUILD, ADA, edit, NOW + CHANGE_HOLDS_FOR)
    until = int((NOW + CHANGE_HOLDS_FOR).timestamp())

    asked = policies.describe_change(Proposed(edit, BEFORE, pending))
    made = policies.describe_change(Proposed(edit, BEFORE))

    assert "pool: no limit → $25.00 per month\nNothing changes until you press" in asked
    assert f"expires at <t:{until}:t>." in asked
    assert made == "✅ Done. Server-wide · pool: no limit → $25.00 per month"


def test_what_is_so_already_is_said_to_be():
    assert "already set that way" in policies.describe_change(Proposed(SetRules(ARTIST, SET), SET))


def test_a_role_that_loses_its_rules_is_named():
    told = policies.describe_change(Proposed(SetRules(ARTIST, Rules()), Rules(open_jobs_most=3)))

    assert "<@&7> · concurrent videos: 3 → same as everyone" in told
    assert "no longer have rules of their own" in told


def test_what_lasts_is_said_with_its_date():
    ends_at = NOW + timedelta(days=7)
    stamp = f"until <t:{int(ends_at.timestamp())}:f>"

    assert stamp in policies.change(MakeGrant(FERN, 500_000, "won", ends_at), BEFORE)
    assert stamp in policies.change(OpenEvent(ChannelId(9), 3, 500_000, ends_at), BEFORE)
    assert "All rules are reset" in policies.change(ResetPolicy(), BEFORE)


def test_a_months_report_shows_the_servers_name_plainly_however_long_it_is():
    name = ("**Our** `server` " * 6)[:100]

    title = policies.report(Report(f"{name} · November 2026", (), (), (), b"")).title or ""

    assert title.startswith("\\*\\*Our\\*\\* \\`server\\` ")
    assert title.endswith(" · November 2026")
    assert len(title) <= 256


def test_a_role_that_gets_less_than_everyone_is_said_to():
    edit = SetRules(ARTIST, SET)

    told = policies.describe_change(Proposed(edit, Rules(), stricter=("allowance", "rates")))

    assert told.endswith("less than everyone else: allowance, requests.")
    assert "less than" not in policies.describe_change(Proposed(edit, Rules()))
    limits = {field.name for field in fields(Rules)} - {"exempt", "priority"}
    assert set(money.WORDS_OF_RULES) == limits


@pytest.mark.parametrize(
    ("page", "has_older", "expected"),
    [
        (0, False, []),
        (0, True, [("Older ▶", 1)]),
        (2, True, [("◀ Newer", 1), ("Older ▶", 3)]),
        (3, False, [("◀ Newer", 2)]),
    ],
)
async def test_a_log_of_several_pages_has_ways_between_them(page, has_older, expected):
    view = policies.history_buttons(policies.HistoryPage(page), has_older=has_older)

    found: list[Any] = [] if view is None else view.children
    pages = [policies.parse_history(one.custom_id) for one in found]
    assert [(one.label, at and at.number) for one, at in zip(found, pages, strict=True)] == expected


@pytest.mark.parametrize("actor_id", [None, UserId(1 << 62)])
async def test_a_page_stays_with_the_admin_whose_changes_it_shows(actor_id):
    view = policies.history_buttons(policies.HistoryPage(1, actor_id), has_older=True)

    found: list[Any] = [] if view is None else view.children
    pages = [policies.parse_history(one.custom_id) for one in found]
    assert pages == [policies.HistoryPage(0, actor_id), policies.HistoryPage(2, actor_id)]


@pytest.mark.parametrize(
    "custom_id",
    ["", "v1:history:", "v1:history:-1", "v1:history:1x", "1", "v1:history:1:", "v1:history:1:x"],
)
def test_what_is_no_page_of_the_log_is_none(custom_id):
    assert policies.parse_history(custom_id) is None


# The kind: every cell that someone else wrote and that a spreadsheet would take for a formula.
@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", " =", "\n=", "\uff1d", "\uff20"])
def test_no_text_in_the_export_begins_as_a_formula(start):
    words = f"{start}1+1"
    spending = Spending(
        NOW, JobId("a"), FERN, ModelId(words), -90_000, 90_000, ChannelId(20), words
    )

    content = policies.csv_of([spending], {FERN: words}, {20: words}).decode()
    names, *rows = csv.reader(io.StringIO(content))

    assert len(rows) == 1
    cells = dict(zip(names, rows[0], strict=True))
    for column in ("model", "prompt", "member_name", "channel_name"):
        assert cells[column] == f"'{words}", column
    assert (cells["pool_usd"], cells["member_usd"]) == ("-0.090000", "0.090000")
    assert (cells["member"], cells["channel"]) == (str(FERN), "20")


@pytest.mark.parametrize("words", ["fox;=1+1", "fox; @SUM(A1)", "fox\t=1", 'fox";-1', "a|+1"])
def test_no_text_begins_as_a_formula_after_what_separates_cells_elsewhere(words):
    spending = Spending(NOW, JobId("a"), FERN, ModelId("m"), 1, 1, ChannelId(20), words)

    content = policies.csv_of([spending], {}, {}).decode()

    found = [cell.strip(' "\r\n') for cell in re.split(r"[;\t|]", content.partition("\n")[2])]
    assert len(found) == 2
    assert found[1].startswith("'")


def test_names_that_no_one_knows_are_left_empty_and_words_stay_as_they_are():
    spending = Spending(
        NOW, JobId("a"), FERN, ModelId("m"), 1, 1, ChannelId(20), 'a "fox",\nin = snow'
    )

    content = policies.csv_of([spending], {}, {}).decode()
    [row] = csv.DictReader(io.StringIO(content))

    assert row["prompt"] == 'a "fox",\nin = snow'
    assert (row["member_name"], row["channel_name"]) == ("", "")
