"""Every command of the real tree: with success, by someone who may not, and after a restart.

The kind: a command that no one ever uses in a test may do anything. What a command does is read
back from the books, not from its answer. A new command without a row here fails the first test.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import discord
import pytest

from bot.catalog.request import Origin
from bot.composition import Application
from bot.guilds.settings import LogLevel
from bot.ids import ChannelId, GuildId, UserId
from bot.money.limits import (
    Allowance,
    Policy,
    RateLimit,
    Rules,
)
from bot.money.policy import Subject, SubjectKind
from bot.money.windows import Window
from tests.office import Office, card_of
from tests.people import Person, Upload
from tests.pictures import picture
from tests.studio import SHORT, Json, Studio, buttons_of, settled_answer

EVERYONE = "everyone may"
Effect = Callable[["Stage"], Awaitable[Any]]


@dataclass
class Stage:
    """A running bot, its people, and how their server stands."""

    studio: Studio
    parts: Application
    admin: Office
    member: Office
    began_at: datetime

    @property
    def guild(self) -> GuildId:
        return GuildId(int(self.studio.people.guild["id"]))

    @property
    def fern(self) -> UserId:
        return UserId(int(self.member.person.id))

    async def policy(self) -> Policy:
        return await self.parts.stores.policies.policy(self.guild)

    async def rules(self, user_id: UserId) -> Rules:
        subject = Subject(SubjectKind.MEMBER, user_id)
        return await self.parts.stores.policies.override(self.guild, subject)

    async def granted(self) -> int:
        place = Origin(self.guild, ChannelId(int(self.member.channel)), self.fern)
        budget = await self.parts.stores.money.budget(place, self.parts.clock.now())
        return sum(one.balance_micros for one in budget.grants)

    async def moved(self, kind: str) -> bool:
        """Whether such a movement of the member's money was booked since this bot started."""
        found = await self.parts.stores.money.transactions(self.guild, self.fern, 50)
        return any(one.kind == kind and one.at >= self.began_at for one in found)


@dataclass(frozen=True)
class Row:
    """A command as it succeeds: `effect` is read back, and must be `expected`."""

    options: Json
    effect: Effect
    expected: Any
    refused: str = "Manage Server"  # what someone reads who may not


def of_policy(name: str) -> Effect:
    async def read(stage: Stage) -> Any:
        return getattr(await stage.policy(), name)

    return read


def of_rules(name: str) -> Effect:
    async def read(stage: Stage) -> Any:
        return getattr((await stage.policy()).rules, name)

    return read


def of_fern(name: str) -> Effect:
    async def read(stage: Stage) -> Any:
        return getattr(await stage.rules(stage.fern), name)

    return read


def answers(command: str, what: Callable[[Json], Any]) -> Effect:
    """For what only shows something: what the admin's answer holds."""

    async def read(stage: Stage) -> Any:
        return what(await stage.admin.ask(command))

    return read


async def events(stage: Stage) -> list[int]:
    opened = await stage.parts.stores.policies.events(stage.guild, stage.parts.clock.now())
    return [one.videos_left for one in opened]


def of_settings(name: str) -> Effect:
    async def read(stage: Stage) -> Any:
        found = await stage.parts.client.services.guild_admin.settings(stage.guild)
        return getattr(found, name)

    return read


async def logs_trouble_to_videos(stage: Stage) -> bool:
    channel = await of_settings("log_channel_id")(stage)
    level = await of_settings("log_level")(stage)
    return (str(channel), level) == (stage.admin.channel, LogLevel.TROUBLE)


async def whole_policy(stage: Stage) -> Any:
    policy = await stage.policy()
    return policy.rules, policy.pool_micros, policy.zone, policy.is_paused


FERN, VIDEOS, JOB = "<fern>", "<videos>", "<job>"  # put in their places by the test
FIRST_DAY = Policy(GuildId(0))
ADMINS: dict[str, Row] = {
    "settings confirm-above": Row(
        {"dollars": "0.70"}, of_settings("confirm_above_micros"), 700_000
    ),
    "settings buttons": Row({"who": "maker"}, of_settings("buttons"), "maker"),
    "settings cards": Row({"place": "channel", "keep": True}, of_settings("keeps_cards"), True),
    "settings improve": Row({"offer": "on"}, of_settings("improves_prompts"), True),
    "settings pictures": Row({"who": "ask"}, of_settings("pictures"), "ask"),
    "settings recipe": Row({"write": "off"}, of_settings("has_recipe"), False),
    "settings log-channel": Row(
        {"channel": VIDEOS, "level": "trouble"}, logs_trouble_to_videos, True
    ),
    "settings default-model": Row(
        {"kind": "text", "model": SHORT["model"]}, of_settings("text_model_id"), SHORT["model"]
    ),
    "settings show": Row({}, answers("settings show", lambda one: "$0.70" in one["content"]), True),
    "quota-admin allowance": Row(
        {"dollars": "2", "period": "day"},
        of_rules("allowance"),
        Allowance(2_000_000, Window.DAY),
    ),
    "quota-admin requests": Row(
        {"limits": "90 per minute"}, of_rules("rates"), (RateLimit(90, 60),)
    ),
    "quota-admin concurrency": Row({"videos": 4}, of_rules("open_jobs_most"), 4),
    "quota-admin max-price": Row({"dollars": "0.50"}, of_rules("video_micros_most"), 500_000),
    "quota-admin max-length": Row({"seconds": 60}, of_rules("video_seconds_most"), 60),
    "quota-admin models": Row(
        {"action": "allow", "model": SHORT["model"]},
        of_rules("models"),
        frozenset({SHORT["model"]}),
    ),
    "quota-admin channels": Row(
        {"action": "allow", "channel": VIDEOS},
        lambda stage: _size(of_rules("channels")(stage)),
        1,
    ),
    "quota-admin grant": Row(
        {"member": FERN, "dollars": "1", "reason": "won"}, lambda stage: stage.moved("grant"), True
    ),
    "quota-admin exempt": Row({"exempt": True, "member": FERN}, of_fern("exempt"), True),
    "quota-admin priority": Row({"first": True, "member": FERN}, of_fern("priority"), True),
    "quota-admin clear": Row({"member": FERN}, lambda stage: stage.rules(stage.fern), Rules()),
    "quota-admin event-open": Row({"videos": 2, "max_price": "0.20"}, events, [2]),
    "quota-admin event-close": Row({}, events, []),
    "quota-admin gifts": Row({"dollars": "1"}, of_policy("gift_micros_most"), 1_000_000),
    "quota-admin pool": Row({"dollars": "25"}, of_policy("pool_micros"), 25_000_000),
    "quota-admin timezone": Row({"zone": "Europe/Berlin"}, of_policy("zone"), "Europe/Berlin"),
    "quota-admin pause": Row({}, of_policy("is_paused"), True),
    "quota-admin resume": Row({}, of_policy("is_paused"), False),
    "quota-admin refund": Row(
        {"video": JOB, "reason": "black"}, lambda stage: stage.moved("refund"), True
    ),
    "quota-admin show": Row(
        {}, answers("quota-admin show", lambda one: "$25.00" in card_of(one)["text"]), True
    ),
    "quota-admin usage": Row(
        {}, answers("quota-admin usage", lambda one: "By member" in card_of(one)), True
    ),
    "quota-admin export": Row(
        {}, answers("quota-admin export", lambda one: len(one["attachments"])), 1
    ),
    "quota-admin history": Row(
        {}, answers("quota-admin history", lambda one: "pool" in card_of(one)["text"]), True
    ),
    "moderation block": Row(
        {"member": FERN, "reason": "rude"},
        lambda stage: stage.parts.stores.blocks.is_blocked(stage.guild, stage.fern),
        True,
        "Manage Messages",
    ),
    "moderation blocked": Row(
        {},
        answers("moderation blocked", lambda one: "rude" in card_of(one)["text"]),
        True,
        "Manage Messages",
    ),
    "moderation unblock": Row(
        {"member": FERN},
        lambda stage: stage.parts.stores.blocks.is_blocked(stage.guild, stage.fern),
        False,
        "Manage Messages",
    ),
    "moderation words add": Row(
        {"words": "gore, bad word"},
        lambda stage: _size(stage.parts.stores.words.list_words(stage.guild)),
        2,
        "Manage Messages",
    ),
    "moderation words list": Row(
        {},
        answers("moderation words list", lambda one: card_of(one)["text"]),
        "bad word\ngore",
        "Manage Messages",
    ),
    "moderation words remove": Row(
        {"word": "GORE"},
        lambda stage: _size(stage.parts.stores.words.list_words(stage.guild)),
        1,
        "Manage Messages",
    ),
    "quota-admin reset": Row(
        {},
        whole_policy,
        (FIRST_DAY.rules, FIRST_DAY.pool_micros, FIRST_DAY.zone, FIRST_DAY.is_paused),
    ),
}
SHOWS = {
    name
    for name in ADMINS
    if name.split()[1]
    in {"show", "usage", "export", "history", "blocked"} | {"moderation words list"}
}
MEMBERS = {  # what someone reads who may not
    "video": "0 videos in progress; the limit is 0",
    "create": "0 videos in progress; the limit is 0",
    "storyboard": "0 videos in progress; the limit is 0",
    "Remix video": "0 videos in progress; the limit is 0",
    "Extend video": "0 videos in progress; the limit is 0",
    "Report": EVERYONE,
    "Details": EVERYONE,
    "Animate": "0 videos in progress; the limit is 0",
    "preset save": "Manage Server",
    "preset use": "0 videos in progress; the limit is 0",
    "preset list": EVERYONE,
    "preset delete": "Manage Server",
    "show": "Only the member who requested this video",
    "quota gift": "Gifts aren't allowed",
    "quota show": EVERYONE,
    "quota month": EVERYONE,
    "privacy export": EVERYONE,
    "privacy pictures": EVERYONE,
    "privacy policy": EVERYONE,
    "privacy recipe": EVERYONE,
    "models list": EVERYONE,
    "models favorite": EVERYONE,
    "models compare": EVERYONE,
}


async def _size(found: Awaitable[Any]) -> int:
    return len(await found)


async def show_to_everyone(studio: Studio) -> None:
    """As an admin may, in the server's settings: then only the bot's own check is left."""
    application = studio.sandbox.discord.world.application
    path = f"{studio.sandbox.origin}/api/v10/applications/{application.id}/commands"
    headers = {"Authorization": f"Bot {application.token}"}
    async with studio.people.session.get(path, headers=headers) as answer:
        commands = await answer.json()
    for command in commands:
        changed = {"default_member_permissions": None}
        address = f"{path}/{command['id']}"
        async with studio.people.session.patch(address, json=changed, headers=headers) as answer:
            assert answer.status == 200


@pytest.fixture
def stage_of(studio: Studio, ada: Person, fern: Person) -> Callable[..., Any]:
    videos = studio.people.channel("videos")

    def made(parts: Application, admins: Any, members: Any) -> Stage:
        offices = Office(ada, videos, admins), Office(fern, videos, members)
        return Stage(studio, parts, *offices, parts.clock.now())

    return made


async def test_every_command_has_a_row(studio):
    async with studio.bot() as parts:
        tree = parts.client.tree
        commands = {one.qualified_name for one in tree.walk_commands() if not _is_group(one)}
        kinds = (discord.AppCommandType.message, discord.AppCommandType.user)
        menus = {one.name for kind in kinds for one in tree.get_commands(type=kind)}

    assert commands | menus == set(ADMINS) | set(MEMBERS)


def _is_group(command: Any) -> bool:
    return hasattr(command, "commands")


@pytest.mark.timeout(600)
async def test_every_admins_command_works_is_refused_and_works_after_a_restart(
    studio, ada, fern, stage_of
):
    for is_restarted in (False, True):
        async with studio.bot() as parts:
            async with fern.watching() as members:
                stage = stage_of(parts, members, members)
                assert "Accepted" in await stage.member.request()
                [video] = await studio.videos(members)
                job = buttons_of(video)[0]["custom_id"].rpartition(":")[2]
                if not is_restarted:
                    await show_to_everyone(studio)
                    await refuse_all(stage, _with_places(stage, job))
            async with ada.watching() as admins:
                stage = stage_of(parts, admins, admins)
                for name, options in _with_places(stage, job).items():
                    await use(stage, name, options)
            assert await parts.stores.money.audit() == []


def _with_places(stage: Stage, job: str) -> dict[str, Json]:
    places = {FERN: str(stage.fern), VIDEOS: stage.admin.channel, JOB: job}
    return {
        name: {key: places.get(str(value), value) for key, value in row.options.items()}
        for name, row in ADMINS.items()
    }


async def refuse_all(stage: Stage, rows: dict[str, Json]) -> None:
    """By a member to whom the commands are shown; nothing is changed, nothing is noted."""
    before = await whole_policy(stage)
    for name, options in rows.items():
        message = await stage.member.ask(name, **options)
        assert ADMINS[name].refused in message["content"], name
        assert not message["components"], name
        assert not message["embeds"], name
    assert await whole_policy(stage) == before
    assert await stage.parts.stores.policies.history(stage.guild, 10) == []


async def use(stage: Stage, name: str, options: Json) -> None:
    """With success, agreed to where that is asked for; its effect is read back."""
    row = ADMINS[name]
    if name not in SHOWS:
        message = await stage.admin.ask(name, **options)
        if message["components"]:
            pressed = await stage.admin.person.press(message, buttons_of(message)[0]["custom_id"])
            await settled_answer(stage.admin.person, stage.admin.watch, pressed)
    assert await row.effect(stage) == row.expected, name


@pytest.mark.timeout(600)
async def test_every_members_command_works_is_refused_and_works_after_a_restart(
    studio, ada, fern, stage_of
):
    for is_restarted in (False, True):
        async with studio.bot() as parts:
            for act in (
                allow_all,
                make_videos,
                read_all,
                *([] if is_restarted else [refuse_members]),
            ):
                # the sandbox lets go of people who do not read for long
                async with ada.watching() as admins, fern.watching() as members:
                    await act(stage_of(parts, admins, members))


async def allow_all(stage: Stage) -> None:
    await stage.admin.set("concurrency")
    await stage.admin.set("requests", limits="none")


async def make_videos(stage: Stage) -> None:
    """By words, by shots and from a picture: each is one video more."""
    member = stage.member
    assert "Accepted" in await member.request()
    form = await member.person.command(member.channel, "storyboard")
    opened = await member.watch.until(lambda kind, data: _is_form(kind, data, form["id"]))
    sent = await member.person.submit(opened, {"shots": "a fox\na bear"})
    assert "Accepted" in await settled_answer(member.person, member.watch, sent)
    [video] = await stage.studio.videos(member.watch)
    made = [
        *await animated(member),
        await created(member),
        await made_of_preset(member),
        await settled_answer(member.person, member.watch, await remixed(member, video)),
    ]
    for said in made:
        assert "Accepted" in said
    videos = await stage.studio.videos(member.watch, 6)
    assert len({video["id"] for video in videos}) == 6


async def made_of_preset(member: Office) -> str:
    noir = {"name": "Noir", "template": "noir, {prompt}"}
    saved = await member.ask("preset save", **noir, **SHORT)
    assert "Saved “Noir”" in saved["content"]
    assert "noir, " in card_of(await member.ask("preset list"))["text"]
    said = await member.ask("preset use", name="noir", prompt="a fox")
    assert "Deleted your preset" in (await member.ask("preset delete", name="Noir"))["content"]
    return str(said["content"])


async def remixed(member: Office, video: Json) -> Json:
    """The record of the form of "Remix video", sent as it is shown."""
    record = await member.person.menu(member.channel, "Remix video", video["id"])
    form = await member.watch.until(lambda kind, data: _is_form(kind, data, record["id"]))
    sent: Json = await member.person.submit(form, {})
    return sent


async def extended(member: Office) -> str:
    """What is said to "Extend video" of the latest video."""
    video = await own_video(member)
    record = await member.person.menu(member.channel, "Extend video", video["id"])
    return await settled_answer(member.person, member.watch, record)


async def own_video(member: Office) -> Json:
    """The latest video in the channel."""
    there = await member.person.read(member.channel)
    return next(one for one in there if any("v1:more:" in str(row) for row in one["components"]))


async def created(member: Office) -> str:
    form = await member.person.command(member.channel, "create")
    opened = await member.watch.until(lambda kind, data: _is_form(kind, data, form["id"]))
    sent = await member.person.submit(opened, {"prompt": "a fox", "model": [SHORT["model"]]})
    return await settled_answer(member.person, member.watch, sent)


async def animated(member: Office) -> list[str]:
    upload = Upload("a.png", picture(), "image/png")
    message = await member.person.say(member.channel, "", upload)
    record = await member.person.animate(member.watch, member.channel, message["id"])
    return [await settled_answer(member.person, member.watch, record)]


async def refused_presets(stage: Stage) -> dict[str, str]:
    """Those of the server, and one of it that someone uses who may make no video."""
    ours = {"name": "Ours", "template": "ours {prompt}", "server": True}
    member = stage.member
    said = {"preset save": (await member.ask("preset save", **ours))["content"]}
    async with stage.admin.person.watching() as watch:
        admin = Office(stage.admin.person, stage.admin.channel, watch)
        assert "Saved “Ours”" in (await admin.ask("preset save", **ours))["content"]
    used = await member.ask("preset use", name="Ours", prompt="a fox")
    said["preset use"] = used["content"]
    said["preset delete"] = (await member.ask("preset delete", name="Ours"))["content"]
    return said


def _is_form(kind: str, data: Json, record: str) -> bool:
    return kind == "INTERACTION_RECORD" and data["id"] == record and bool(data.get("modal"))


async def read_all(stage: Stage) -> None:
    """What shows a member something, and a gift, which is read back."""
    admin, member = stage.admin, stage.member
    assert card_of(await member.ask("models list"))["title"]
    compared = await member.ask("models compare", model_1=SHORT["model"], model_2="sora-2")
    assert compared["embeds"] or "There's no model" in compared["content"]
    assert "Server pool this month" in card_of(await member.ask("quota show"))
    assert (await member.ask("quota month"))["attachments"]
    choices = await member.person.complete(member.channel, "show", {"video": "fox"}, "video")
    shown = await member.ask("show", video=choices[0]["value"])
    assert "a fox" in shown["content"]

    video = await own_video(member)
    described = await member.person.menu(member.channel, "Details", video["id"])
    assert "**Model**" in await settled_answer(member.person, member.watch, described)
    assert "The whole video will be" in await extended(member)
    record = await member.person.menu(member.channel, "Report", video["id"])
    form = await member.watch.until(lambda kind, data: _is_form(kind, data, record["id"]))
    sent = await member.person.submit(form, {"reason": "It is rude."})
    assert "The moderators have" in await settled_answer(member.person, member.watch, sent)

    await admin.set("allowance", dollars="5", period="day")
    await admin.set("gifts", dollars="1")
    before = await stage.granted()
    given = await admin.ask("quota gift", member=member.person.id, dollars="0.10")
    assert "You gave" in given["content"]
    assert await stage.granted() == before + 100_000
    await admin.set("gifts", dollars="none")
    await admin.set("allowance", dollars="none", period="day")


async def refuse_members(stage: Stage) -> None:
    """By someone whom the server's rules allow none of it, and who has nothing in progress."""
    member = stage.member
    while await stage.parts.stores.jobs.list_active():
        await stage.parts.clock.sleep(0.05)
    choices = await member.person.complete(member.channel, "show", {"video": "fox"}, "video")
    await stage.admin.set("concurrency", videos=0, member=member.person.id)
    await stage.admin.set("allowance", dollars="5", period="day")
    jobs = len(stage.studio.runs)
    form = await member.person.command(member.channel, "storyboard")
    opened = await member.watch.until(lambda kind, data: _is_form(kind, data, form["id"]))
    sent = await member.person.submit(opened, {"shots": "a fox\na bear"})
    remix = await remixed(member, await own_video(member))
    juno = stage.studio.people.person("Juno")
    async with juno.watching() as watch:
        foreign = await juno.command(member.channel, "show", {"video": choices[0]["value"]})
        said = {
            "video": await member.request(),
            "storyboard": await settled_answer(member.person, member.watch, sent),
            "Animate": (await animated(member))[0],
            "create": await created(member),
            **await refused_presets(stage),
            "Remix video": await settled_answer(member.person, member.watch, remix),
            "Extend video": await extended(member),
            "show": await settled_answer(juno, watch, foreign),
            "quota gift": (await member.ask("quota gift", member=juno.id, dollars="1"))["content"],
        }
    assert set(said) == {name for name, refused in MEMBERS.items() if refused is not EVERYONE}
    for name, text in said.items():
        assert MEMBERS[name] in text, name
    assert len(stage.studio.runs) == jobs
    await stage.admin.set("clear", member=member.person.id)
