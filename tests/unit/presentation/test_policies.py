"""What admins are told about rules: what changes from what to what, and never how it is stored."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.edits import (
    EDIT_HOLDS_FOR,
    MakeGrant,
    OpenEvent,
    PastEdit,
    PendingEdit,
    Proposed,
    ResetPolicy,
    SetPolicy,
    SetRules,
)
from bot.domain.limits import Allowance, RateLimit, Rules
from bot.domain.policy import Policy, Subject, SubjectKind
from bot.domain.statements import Report
from bot.domain.windows import Window
from bot.ids import ChannelId, EditId, GuildId, ModelId, UserId
from bot.presentation import changes, policies
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
    film_micros_most=500_000,
    models=frozenset({ModelId("veo"), ModelId("wan")}),
    channels=frozenset({ChannelId(9)}),
)


def past(what, before, after):
    return PastEdit(NOW, ADA, what, before, after)


def lines_of(*edits):
    return str(policies.history(edits).description).splitlines()


def test_the_log_says_from_what_to_what_a_rule_was_changed():
    [line] = lines_of(past("rules", BEFORE, RICHER))

    assert line.endswith("<@2> · pool: no cap → $25.00 a month")


def test_every_rule_has_words_before_and_after():
    changed = changes.of_rules(Rules(), SET)

    assert changed == [
        "exempt from every limit but the pool: no → yes",
        "allowance: as for everybody → $1.50 a day",
        "wishes: as for everybody → 5 an hour",
        "at once: as for everybody → 1 film",
        "a film may cost: as for everybody → $0.50",
        "models: as for everybody → `veo`, `wan`",
        "channels: as for everybody → <#9>",
    ]
    assert len(changes.of_rules(SET, Rules())) == len(changed)


def test_every_switch_of_a_server_has_words_before_and_after():
    after = replace(RICHER, zone="Europe/Berlin", gift_micros_most=10_000, is_paused=True)

    assert changes.of_policy(BEFORE, after) == [
        "films: switched on → switched off",
        "pool: no cap → $25.00 a month",
        "gifts: not allowed → up to $0.01 a day",
        "time zone: UTC → Europe/Berlin",
    ]
    assert changes.of_policy(BEFORE, replace(BEFORE, version=9)) == []


@pytest.mark.parametrize(
    ("what", "before", "after", "said"),
    [
        ("rules of <@&7>", Rules(), Rules(open_jobs_most=4), "at once: as for everybody → 4 films"),
        ("reset of all rules", RICHER, BEFORE, "pool: $25.00 a month → no cap"),
        ("grant to <@3>", "", "$2.50: won", "$2.50: won"),
        ("event in <#9>", "1 of 3 films made", "closed", "closed · 1 of 3 films made"),
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
    edits = [past("rules", BEFORE, many)] * 15

    lines = lines_of(*edits)

    assert sum(map(len, lines)) + len(lines) <= 4096
    assert 1 < len(lines) <= 15
    assert len(set(lines)) == 1


def test_an_admin_is_told_what_changes_and_until_when_the_button_works():
    edit = SetPolicy(RICHER)
    pending = PendingEdit(EditId("e"), GUILD, ADA, edit, NOW + EDIT_HOLDS_FOR)
    until = int((NOW + EDIT_HOLDS_FOR).timestamp())

    asked = policies.told(Proposed(edit, BEFORE, pending))
    made = policies.told(Proposed(edit, BEFORE))

    assert "pool: no cap → $25.00 a month\nNothing is changed until you press" in asked
    assert f"works until <t:{until}:t>." in asked
    assert made == "✅ Done. For the whole server, pool: no cap → $25.00 a month"


def test_what_is_so_already_is_said_to_be():
    assert "so already" in policies.told(Proposed(SetRules(ARTIST, SET), SET))


def test_a_role_that_loses_its_rules_is_named():
    told = policies.told(Proposed(SetRules(ARTIST, Rules()), Rules(open_jobs_most=3)))

    assert "For <@&7>, at once: 3 films → as for everybody" in told
    assert "no rules of their own" in told


def test_what_lasts_is_said_with_its_date():
    ends_at = NOW + timedelta(days=7)
    stamp = f"until <t:{int(ends_at.timestamp())}:f>"

    assert stamp in policies.change(MakeGrant(FERN, 500_000, "won", ends_at), BEFORE)
    assert stamp in policies.change(OpenEvent(ChannelId(9), 3, 500_000, ends_at), BEFORE)
    assert "first day" in policies.change(ResetPolicy(), BEFORE)


def test_a_months_report_shows_the_servers_name_plainly_however_long_it_is():
    name = ("**Our** `server` " * 6)[:100]

    title = policies.report(Report(f"{name} · November 2026", (), (), (), b"")).title or ""

    assert title.startswith("\\*\\*Our\\*\\* \\`server\\` ")
    assert title.endswith(" · November 2026")
    assert len(title) <= 256
