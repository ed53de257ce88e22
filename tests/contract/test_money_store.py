"""What a server decides is kept as it was said, noted with its author, and overwritten by no one."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.catalog.request import Shot
from bot.errors import InvalidRequestError, PolicyChangedError, StorageError
from bot.guilds.audit import AuditNote
from bot.guilds.settings import GuildSettings
from bot.ids import ChannelId, EditId, GuildId, JobId, ModelId, ProviderName, RoleId, UserId
from bot.money.changes import (
    CloseEvent,
    MakeGrant,
    OpenEvent,
    PastChange,
    PendingChange,
    RefundJob,
    ResetPolicy,
    SetPolicy,
    SetRules,
)
from bot.money.limits import (
    Allowance,
    LimitKind,
    Policy,
    RateLimit,
    Rules,
)
from bot.money.policy import Override, Subject, SubjectKind
from bot.money.windows import Window
from tests.contract.branches import ADMIN, CENT, PLACE, at_once, by
from tests.contract.databases import on_databases
from tests.factories import NOW, make_request

GUILD, MEMBER = PLACE.guild_id, PLACE.user_id
HIGH = 1 << 62  # ids are this large
FULL = Rules(
    exempt=False,
    allowance=Allowance(5 * CENT, Window.WEEK),
    rates=(RateLimit(3, 60), RateLimit(20, 86_400)),
    open_jobs_most=4,
    video_micros_most=90 * CENT,
    video_seconds_most=12,
    models=frozenset({ModelId("veo"), ModelId("wan")}),
    channels=frozenset({ChannelId(HIGH), ChannelId(7)}),
)
ROLE = Subject(SubjectKind.ROLE, HIGH)
ARTIST = Subject(SubjectKind.MEMBER, MEMBER)
EVENT = OpenEvent(PLACE.channel_id, 3, 10 * CENT)
EDITS = {
    "policy": SetPolicy(replace(Policy(GUILD), rules=FULL, pool_micros=1, gift_micros_most=2)),
    "rules of a role": SetRules(ROLE, FULL),
    "silence of a member": SetRules(ARTIST, Rules()),
    "no rates": SetRules(ARTIST, Rules(rates=(), models=frozenset())),
    "grant": MakeGrant(MEMBER, 5 * CENT, "a prize 🎁", NOW + timedelta(days=1)),
    "grant to a member with roles": MakeGrant(
        MEMBER, 5 * CENT, "a prize", None, frozenset({RoleId(HIGH), RoleId(7)})
    ),
    "grant forever": MakeGrant(MEMBER, -5 * CENT, ""),
    "event": replace(EVENT, ends_at=NOW + timedelta(days=1)),
    "end of an event": CloseEvent(PLACE.channel_id),
    "refund": RefundJob(JobId("abc"), "it was black"),
    "reset": ResetPolicy(),
}


@on_databases
async def test_a_server_that_decided_nothing_has_the_rules_of_the_first_day(branch):
    assert await branch.money_store.policy(GUILD) == Policy(GUILD)
    assert await branch.money_store.overrides(GUILD) == []
    assert await branch.money_store.override(GUILD, ROLE) == Rules()
    assert await branch.money_store.history(GUILD, 10) == []


@on_databases
async def test_a_policy_is_read_as_it_was_written(branch):
    policy = Policy(
        GUILD,
        rules=FULL,
        pool_micros=1_000_000_000_000,
        zone="Europe/Berlin",
        gift_micros_most=CENT,
        is_paused=True,
    )

    await branch.money_store.apply(by("a"), SetPolicy(policy))

    assert await branch.money_store.policy(GUILD) == replace(policy, version=1)
    assert await branch.money_store.policy(GuildId(99)) == Policy(GuildId(99))


@on_databases
async def test_a_policy_that_someone_else_changed_in_the_meantime_is_not_overwritten(branch):
    read = await branch.money_store.policy(GUILD)
    await branch.money_store.apply(by("a"), SetPolicy(replace(read, pool_micros=1)))

    with pytest.raises(PolicyChangedError):
        await branch.money_store.apply(by("b"), SetPolicy(replace(read, pool_micros=2)))

    assert (await branch.money_store.policy(GUILD)).pool_micros == 1
    assert len(await branch.money_store.history(GUILD, 10)) == 1


@on_databases
async def test_of_changes_made_at_once_from_the_same_rules_exactly_one_holds(branches):
    read = await branches[0].money_store.policy(GUILD)

    answers = await at_once(
        *(
            branches[n % len(branches)].money_store.apply(
                by(f"edit-{n}"), SetPolicy(replace(read, pool_micros=n))
            )
            for n in range(9)
        )
    )

    won = [n for n, answer in enumerate(answers) if answer is None]
    assert len(won) == 1
    assert all(isinstance(answer, PolicyChangedError) for answer in answers if answer)
    assert await branches[-1].money_store.policy(GUILD) == replace(
        read, pool_micros=won[0], version=1
    )


@on_databases
async def test_overrides_are_kept_by_role_and_member_and_removed_by_saying_nothing(branch):
    await branch.money_store.apply(by("a"), SetRules(ROLE, FULL))
    await branch.money_store.apply(by("b"), SetRules(ARTIST, Rules(rates=())))
    assert await branch.money_store.overrides(GUILD) == [
        Override(ARTIST, Rules(rates=())),
        Override(ROLE, FULL),
    ]
    assert await branch.money_store.override(GUILD, ROLE) == FULL

    await branch.money_store.apply(by("c"), SetRules(ROLE, Rules(open_jobs_most=1)))
    await branch.money_store.apply(by("d"), SetRules(ARTIST, Rules()))

    assert await branch.money_store.overrides(GUILD) == [Override(ROLE, Rules(open_jobs_most=1))]
    assert await branch.money_store.overrides(GuildId(99)) == []


@on_databases
async def test_a_change_of_rules_is_in_force_with_the_next_request(branch):
    artist = replace(PLACE, role_ids=frozenset({RoleId(HIGH), RoleId(1)}))
    await branch.decide(rules=Rules(rates=(), open_jobs_most=0))
    assert await branch.request(artist) is LimitKind.OPEN_JOBS

    await branch.money_store.apply(by("role"), SetRules(ROLE, Rules(open_jobs_most=1)))
    await branch.request(artist)
    assert await branch.request(artist) is LimitKind.OPEN_JOBS
    assert await branch.request(PLACE) is LimitKind.OPEN_JOBS  # has not the role

    await branch.money_store.apply(by("member"), SetRules(ARTIST, Rules(exempt=True)))
    assert not isinstance(await branch.request(PLACE), LimitKind)


@on_databases
async def test_a_members_rules_are_those_of_their_budget(branch):
    """The rules alone are read in a third of the statements."""
    artist = replace(PLACE, role_ids=frozenset({RoleId(HIGH), RoleId(1)}))
    await branch.decide(rules=Rules(rates=(), models=frozenset({ModelId("kling")})))
    await branch.money_store.apply(by("role"), SetRules(ROLE, FULL))
    found = [await branch.money_store.rules(place) for place in (PLACE, artist)]
    budgets = [await branch.money_store.budget(place, NOW) for place in (PLACE, artist)]
    await branch.money_store.apply(by("member"), SetRules(ARTIST, Rules(exempt=True)))
    exempt = await branch.money_store.rules(artist)

    assert found == [budget.rules for budget in budgets]
    assert [rules.allowed_models for rules in found] == [{ModelId("kling")}, FULL.models]
    assert exempt.allowed_models is None


@on_databases
async def test_the_length_of_a_video_is_judged_when_its_job_is_written(branch):
    storyboard = make_request(shots=(Shot("a fox"), Shot("a bear")))  # of 5 s each
    await branch.decide(rules=Rules(video_seconds_most=9))
    assert not isinstance(await branch.request(), LimitKind)
    assert await branch.request(request=storyboard) is LimitKind.LENGTH

    await branch.money_store.apply(by("member"), SetRules(ARTIST, Rules(video_seconds_most=10)))
    assert not isinstance(await branch.request(request=storyboard), LimitKind)


@on_databases
async def test_a_paused_server_takes_no_request(branch):
    await branch.decide(is_paused=True)
    assert await branch.request() is LimitKind.PAUSED

    await branch.decide(is_paused=False)
    assert not isinstance(await branch.request(), LimitKind)


@on_databases
async def test_a_reset_forgets_the_rules_and_keeps_the_books(branch):
    await branch.money_store.apply(by("a"), SetRules(ROLE, FULL))
    await branch.money_store.apply(by("b"), MakeGrant(MEMBER, CENT, "a prize"))
    await branch.decide(pool_micros=CENT, is_paused=True)

    await branch.money_store.apply(by("c"), ResetPolicy())

    assert await branch.money_store.policy(GUILD) == Policy(GUILD, version=2)
    assert await branch.money_store.overrides(GUILD) == []
    assert await branch.balances() == {"10:grant:30:b": CENT, "10:issued": -CENT}
    await branch.decide(pool_micros=7)
    assert (await branch.money_store.policy(GUILD)).version == 3


@on_databases
async def test_every_change_is_noted_with_its_author_and_what_it_changed(branch):
    job = await branch.request()
    await branch.end(job, charged_micros=9 * CENT)
    edits = [
        SetPolicy(replace(Policy(GUILD), is_paused=True)),
        SetRules(ROLE, Rules(open_jobs_most=1)),
        SetRules(ARTIST, Rules(exempt=True)),
        SetRules(ROLE, Rules()),
        MakeGrant(MEMBER, 5 * CENT, "a prize"),
        MakeGrant(MEMBER, -2 * CENT, "a mistake"),
        EVENT,
        CloseEvent(PLACE.channel_id),
        RefundJob(job.id, "it was black"),
        ResetPolicy(),
    ]

    for number, edit in enumerate(edits):
        at = NOW + timedelta(seconds=number)
        await branch.money_store.apply(by(f"edit-{number}", at, UserId(number + 1)), edit)

    history = await branch.money_store.history(GUILD, 99)
    assert [line.at for line in history] == [NOW + timedelta(seconds=n) for n in range(9, -1, -1)]
    assert [line.actor_id for line in history] == list(range(10, 0, -1))
    said = [(line.what, line.before, line.after) for line in reversed(history)]
    assert said[0][0] == "rules"
    assert not said[0][1].is_paused
    assert said[0][2].is_paused
    assert said[1:9] == [
        (f"rules of <@&{HIGH}>", Rules(), Rules(open_jobs_most=1)),
        (f"rules of <@{MEMBER}>", Rules(), Rules(exempt=True)),
        (f"rules of <@&{HIGH}>", Rules(open_jobs_most=1), Rules()),
        (f"grant to <@{MEMBER}>", "", "$0.05: a prize"),
        (f"grant to <@{MEMBER}>", "", "$0.02 withdrawn: a mistake"),
        (f"event in <#{PLACE.channel_id}>", "", "3 videos up to $0.10"),
        (f"event in <#{PLACE.channel_id}>", "0 of 3 videos made", "closed"),
        (f"refund of video {job.id}", "", "$0.09: it was black"),
    ]
    assert said[9][0] == "reset of all rules"
    assert await branch.money_store.history(GUILD, 1) == history[:1]
    assert await branch.money_store.history(GuildId(99), 99) == []


@on_databases
@pytest.mark.parametrize(
    "edit", [CloseEvent(PLACE.channel_id), RefundJob(JobId("x"), "why"), MakeGrant(MEMBER, -1, "")]
)
async def test_what_cannot_be_done_leaves_no_trace(branch, edit):
    with pytest.raises(InvalidRequestError):
        await branch.money_store.apply(by("a"), edit)

    assert await branch.money_store.history(GUILD, 10) == []
    assert await branch.balances() == {}


@on_databases
async def test_a_change_is_made_once_for_each_key(branches):
    grant = MakeGrant(MEMBER, CENT, "a prize")

    answers = await at_once(
        *(branches[n % len(branches)].money_store.apply(by("same"), grant) for n in range(6))
    )

    assert answers.count(None) == 1
    assert all(isinstance(answer, StorageError) for answer in answers if answer)
    assert await branches[0].balances() == {"10:grant:30:same": CENT, "10:issued": -CENT}
    assert len(await branches[0].money_store.history(GUILD, 10)) == 1


def pending(edit, key="pending", expires_at=NOW + timedelta(minutes=10)):
    return PendingChange(EditId(key), GUILD, ADMIN, edit, expires_at)


@on_databases
@pytest.mark.parametrize("name", EDITS)
async def test_a_change_that_waits_is_found_as_it_was_shown(branch, name):
    waiting = pending(EDITS[name])

    await branch.money_store.keep(waiting)

    assert await branch.money_store.find_pending(waiting.id) == waiting
    assert await branch.money_store.find_pending(EditId("another")) is None


@on_databases
async def test_a_change_that_waits_is_taken_once_however_many_press(branches):
    waiting = pending(EDITS["grant"])
    await branches[0].money_store.keep(waiting)

    answers = await at_once(
        *(branches[n % len(branches)].money_store.take_pending(waiting.id) for n in range(12))
    )

    assert sorted(answers) == [False] * 11 + [True]
    assert await branches[0].money_store.find_pending(waiting.id) is None


@on_databases
async def test_a_change_that_no_one_confirmed_is_forgotten_in_time(branch):
    await branch.money_store.keep(pending(EDITS["reset"], "old"))
    later = NOW + timedelta(minutes=30)
    await branch.money_store.keep(pending(EDITS["reset"], "newer", later))
    assert await branch.money_store.find_pending(EditId("old")) is not None

    long_after = NOW + timedelta(hours=1, minutes=10)
    await branch.money_store.keep(pending(EDITS["reset"], "newest", long_after))

    assert await branch.money_store.find_pending(EditId("old")) is None
    assert await branch.money_store.find_pending(EditId("newer")) is not None


@on_databases
@pytest.mark.parametrize(
    "statement", ["UPDATE policy_history SET actor_id = 2", "DELETE FROM policy_history"]
)
async def test_the_audit_log_is_never_rewritten(branch, statement):
    await branch.money_store.apply(by("a"), ResetPolicy())

    with pytest.raises(StorageError, match="never"):
        async with branch.engine.transaction() as tx:
            await tx.connection.execute(statement)

    [line] = await branch.money_store.history(GUILD, 10)
    assert line == PastChange(NOW, ADMIN, "reset of all rules", line.before, line.after)


@on_databases
async def test_settings_and_their_line_in_the_audit_log_are_written_together(branch):
    guilds, money_store = branch.guilds, branch.money_store
    here, there = GuildSettings(GUILD, 5), GuildSettings(GuildId(11), 6)
    await guilds.put(here, AuditNote(by("a"), "confirm above", "$0.50", "$0.01"))
    await guilds.put(there)
    with pytest.raises(StorageError):
        await guilds.put(replace(here, confirm_above_micros=7), AuditNote(by("a"), "the same key"))

    assert await guilds.get(GUILD) == here
    [line] = await money_store.history(GUILD, 10)
    assert (line.what, line.before, line.after) == ("confirm above", "$0.50", "$0.01")
    assert line.actor_id == ADMIN
    assert await money_store.history(GuildId(11), 10) == []


@on_databases
async def test_the_audit_log_is_read_page_by_page(branch):
    for number in range(5):
        at = NOW + timedelta(seconds=number)
        settings = GuildSettings(GUILD, number)
        await branch.guilds.put(settings, AuditNote(by(f"edit-{number}", at), f"change {number}"))

    pages = [await branch.money_store.history(GUILD, 2, skip) for skip in (0, 2, 4, 6)]

    assert [[one.what for one in page] for page in pages] == [
        ["change 4", "change 3"],
        ["change 2", "change 1"],
        ["change 0"],
        [],
    ]


@on_databases
async def test_the_audit_log_can_be_of_one_admin_alone(branch):
    for number in range(4):
        at = NOW + timedelta(seconds=number)
        actor = replace(by(f"edit-{number}", at), user_id=UserId(70 + number % 2))
        settings = GuildSettings(GUILD, number)
        await branch.guilds.put(settings, AuditNote(actor, f"change {number}"))

    async def found(actor_id, skip=0):
        page = await branch.money_store.history(GUILD, 2, skip, actor_id=UserId(actor_id))
        return [one.what for one in page]

    assert await found(71) == ["change 3", "change 1"]
    assert await found(71, 1) == ["change 1"]
    assert await found(70) == ["change 2", "change 0"]
    assert await found(72) == []


@on_databases
async def test_the_servers_that_wait_for_a_provider_are_those_with_open_jobs(branch):
    ended = await branch.request()
    await branch.cancel(ended)
    assert await branch.guilds.list_waiting_for(ended.provider) == []

    for guild in (12, 11, 12):
        await branch.request(guild_id=GuildId(guild), place=replace(PLACE, guild_id=GuildId(guild)))

    assert await branch.guilds.list_waiting_for(ended.provider) == [11, 12]
    assert await branch.guilds.list_waiting_for(ProviderName("another")) == []
