"""Every action on a video in every situation: what is said, what it costs, and nothing else.

One bot goes through all actions of a situation, and a row has what comes of one: the answer without
its ids and times, the files that come with it, and the price of the one video that is accepted. At
0, no job is accepted and no money moves. What was accepted is then made, posted and paid for.

What can't occur has no row: Discord has no buttons and no menu of a message that is gone, so that
only what was opened before is used then; and other bots' videos have no buttons of ours.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from bot.catalog.request import Origin
from bot.ids import ChannelId, GuildId, JobId, UserId
from bot.jobs.job import JobState
from sandbox.discord.rules.uploads import Upload as BotsUpload
from tests.integration.test_extending import red_for
from tests.integration.test_video_buttons import Desk, at_desk, named
from tests.people import Person, Upload
from tests.pictures import picture
from tests.studio import SHORT, Json, Studio, buttons_of, is_failure, opened_form

MONTH = timedelta(days=31)  # a day longer than videos are kept
GUARD = "Max"  # a moderator, who also posts the picture; members' private answers are not his
GOES_ON = ("v1:confirm:", "v1:recipe:")  # what is pressed in an answer, to the end of an action
VARIABLE = {
    r"https://discord\.com/channels/[0-9/]+": "<link>",
    r"<t:[0-9]+:[a-zA-Z]>": "<time>",
    r"<@[0-9]+>": "<member>",
    r"<#[0-9]+>": "<channel>",
    r"Job [0-9a-z]+": "Job <id>",
    r"\*\*Seed\*\* [0-9]+": "**Seed** <number>",
    r"\S+-[0-9a-z]{6}\.mp4": "<video>.mp4",
}


@dataclass(frozen=True)
class Row:
    """What comes of an action; `costs` is in millionths of a dollar."""

    said: str
    costs: int = 0


@dataclass
class Tour:
    """A member who goes through the actions on a video, a storyboard and a picture.

    More and Share were pressed before anything happened; so were forms, where they are in `opened`.
    """

    desk: Desk
    name: str
    video: Json
    board: Json
    picture: Json
    more: Json = field(default_factory=dict)
    more_board: Json = field(default_factory=dict)
    question: Json = field(default_factory=dict)
    opened: dict[str, Json] = field(default_factory=dict)
    others: int = 0  # videos that were posted here, and not made by this member

    @property
    def studio(self) -> Studio:
        return self.desk.studio

    @property
    def person(self) -> Person:
        return self.desk.offices[self.name].person

    @property
    def place(self) -> Origin:
        office = self.desk.offices[self.name]
        guild = GuildId(int(self.studio.people.guild["id"]))
        return Origin(guild, ChannelId(int(office.channel)), UserId(int(office.person.id)))

    async def look_around(self) -> None:
        self.more = await self.desk.press(self.name, self.video, "more")
        self.more_board = await self.desk.press(self.name, self.board, "more")
        self.question = await self.desk.press(self.name, self.video, "share")

    async def open_forms(self) -> None:
        for action in ("Remix", "Re-make a shot", "Animate", "Remix video", "Report"):
            record = await ACTIONS[action].begin(self)
            self.opened[action] = await opened_form(self.desk.offices[self.name].watch, record)

    async def menu(self, command: str, message: Json) -> Json:
        record: Json = await self.person.menu(message["channel_id"], command, message["id"])
        return record

    async def answered(self, record: Json) -> Json:
        """The record once it has an answer: a message with words, or a form."""

        def is_answered(kind: str, data: Json) -> bool:
            if kind != "INTERACTION_RECORD" or data["id"] != record["id"]:
                return False
            return bool(data.get("modal") or (data.get("message") or {}).get("content"))

        found: Json = await self.desk.offices[self.name].watch.until(is_answered)
        return found

    async def take(self, action: str) -> str:
        """Take the action to its end; return the last answer."""
        step = ACTIONS[action]
        found = self.opened.get(action) or await self.answered(await step.begin(self))
        while True:
            if found.get("modal"):
                found = await self.answered(await self.person.submit(found, step.fields))
                continue
            message = found["message"]
            goes_on = [
                one["custom_id"]
                for one in buttons_of(message)
                if one.get("custom_id", "").startswith(GOES_ON)
            ]
            if not goes_on:
                return read(message)
            message = message | {"channel_id": self.video["channel_id"]}
            found = await self.answered(await self.person.press(message, goes_on[0]))

    async def books(self) -> tuple[set[JobId], int]:
        """This member's videos, and the money that they hold or have spent."""
        stores, place = self.desk.parts.stores, self.place
        jobs = await stores.jobs.list_active(user_id=place.user_id)  # first: they end in between
        jobs += await stores.jobs.list_ended(place.guild_id, place.user_id, 100)
        budget = await stores.money.budget(place, self.desk.parts.clock.now())
        return {job.id for job in jobs if not job.is_shot}, budget.allowance.used_micros

    async def go(self, rows: dict[str, Row]) -> dict[str, Row]:
        """Take each of these actions; return what came of them."""
        found: dict[str, Row] = {}
        made: set[JobId] = set()
        runs = len(self.studio.runs)
        for action in rows:
            if action == "Remove":  # last, for nothing is made of a removed video
                await self._see_made(made)
            jobs, used = await self.books()
            said = await self.take(action)
            jobs_after, used_after = await self.books()
            new, cost = jobs_after - jobs, used_after - used
            assert bool(new) == bool(cost), action
            assert len(new) <= 1, action
            made |= new
            found[action] = Row(said, cost)
        if "Remove" not in rows:
            await self._see_made(made)
        assert len(self.studio.runs) == runs + len(made)
        return found

    async def _see_made(self, made: set[JobId]) -> None:
        """All that was accepted is posted, at its price."""
        _, used = await self.books()
        watch = self.desk.offices[GUARD].watch
        for number in range(self.others + len(made)):
            ended = await watch.nth(number, has_ended)
            assert not is_failure("MESSAGE_CREATE", ended), ended["content"]
        jobs = [await self.desk.parts.stores.jobs.get(one) for one in made]
        assert {job.state for job in jobs} <= {JobState.SUCCEEDED}
        assert (await self.books())[1] == used


def has_ended(kind: str, data: Json) -> bool:
    files = data["attachments"] if kind == "MESSAGE_CREATE" else []
    return is_failure(kind, data) or any(one["filename"].endswith(".mp4") for one in files)


def read(message: Json) -> str:
    said = str(message["content"])
    for pattern, word in VARIABLE.items():
        said = re.sub(pattern, word, said)
    return said + "".join(f" [{file['filename']}]" for file in message["attachments"])


@dataclass(frozen=True)
class Action:
    """How it begins, and what its form is filled in with."""

    begin: Callable[[Tour], Awaitable[Json]]
    fields: Json = field(default_factory=dict)


def below_video(action: str) -> Action:
    async def press(tour: Tour) -> Json:
        record: Json = await tour.person.press(tour.video, named(tour.video, action))
        return record

    return Action(press, {"prompt": "a bear in rain"} if action == "remix" else {})


def below_more(action: str) -> Action:
    async def press(tour: Tour) -> Json:
        record: Json = await tour.person.press(tour.more, named(tour.more, action))
        return record

    return Action(press)


async def share(tour: Tour) -> Json:
    pictures = tour.studio.people.channel("pictures")
    select = named(tour.question, "sharein")
    record: Json = await tour.person.press(tour.question, select, pictures)
    return record


async def remake(tour: Tour) -> Json:
    record: Json = await tour.person.press(tour.more_board, named(tour.more_board, "remake"))
    return record


def menu(command: str, *, on_picture: bool = False, **fields: str) -> Action:
    async def choose(tour: Tour) -> Json:
        return await tour.menu(command, tour.picture if on_picture else tour.video)

    return Action(choose, fields)


ACTIONS = {
    "Details": below_more("details"),
    "First frame": below_more("firstframe"),
    "Last frame": below_more("lastframe"),
    "Share": Action(share),
    "Again": below_video("again"),
    "Extend": below_video("extend"),
    "Remix": below_video("remix"),
    "Loop": below_more("loop"),
    "Better": below_more("better"),
    "Re-make a shot": Action(remake, {"shot": ["2"], "prompt": "a bear"}),
    "Animate": menu("Animate", on_picture=True),
    "Animate a video": menu("Animate"),
    "Extend video": menu("Extend video"),
    "Extend a picture": menu("Extend video", on_picture=True),
    "Remix video": menu("Remix video", prompt="a bear in fog"),
    "Report": menu("Report", reason="It is rude."),
    "Details of the message": menu("Details"),
    "Remove": below_more("delete"),
}


def hurry(desk: Desk) -> None:
    """Expect each model to be as quick as it is here, so that no test waits for a poll."""
    catalog = desk.parts.catalog
    catalog.replace([replace(one, expected_seconds=1) for one in catalog])


async def opened(desk: Desk, name: str) -> Tour:
    """Fern's video and storyboard, and a picture of the moderator's."""
    hurry(desk)
    admin, fern, guard = (desk.offices[one] for one in ("Ada", "Fern", GUARD))
    await admin.set("requests", limits="none")
    await admin.set("concurrency", videos=50)
    assert "Accepted" in await fern.request()
    video = await desk.next_video(guard)
    command = await fern.person.command(fern.channel, "storyboard", SHORT)
    form = await opened_form(fern.watch, command)
    await fern.person.submit(form, {"shots": "a hare in the grass\nan owl at night"})
    board = await desk.next_video(guard)
    upload = Upload("sky.png", picture(size=(640, 360)), "image/png")
    shown = await guard.person.say(guard.channel, "sky", upload)
    tour = Tour(desk, name, video, board, shown, others=2)
    await tour.look_around()
    return tour


# --- what happens


async def nothing(_tour: Tour) -> None:
    """Another member comes by."""


async def month_passes(tour: Tour) -> None:
    """For Discord, the service and the bot, which deletes what it kept."""
    tour.studio.sandbox.clock.advance(MONTH.total_seconds())
    vars(tour.desk.parts.clock)["now"] = tour.studio.sandbox.clock.now
    for _ in range(MONTH.days + 1):  # a day in each round, whatever the clock says
        await tour.desk.parts.loops.retention.run_once()
    assert not list((tour.studio.folder / "videos").glob("*.mp4"))


async def all_copies_expire(tour: Tour) -> None:
    """Only the message still has the video."""
    for path in tour.studio.sandbox.nanogpt.service.folder.glob("*.mp4"):
        path.unlink()
    await month_passes(tour)


async def member_is_blocked(tour: Tour) -> None:
    told = await tour.desk.offices[GUARD].ask("moderation block", member=tour.person.id)
    assert "Their videos in progress go on." in told["content"]


async def money_runs_out(tour: Tour) -> None:
    admin = tour.desk.offices["Ada"]
    await admin.set("allowance", member=tour.person.id, dollars="0", period="day")


async def maker_removes_all(tour: Tour) -> None:
    await tour.open_forms()
    for video in (tour.video, tour.board):
        said = await tour.desk.more("Fern", video, "delete")
        assert said["content"] == "Video removed."
    await tour.desk.offices[GUARD].person.delete(tour.picture)


async def moderator_deletes_all(tour: Tour) -> None:
    """With Discord's own menu, of which the bot is not asked."""
    await tour.open_forms()
    for message in (tour.video, tour.board, tour.picture):
        await tour.desk.offices[GUARD].person.delete(message)


async def all_is_gone(tour: Tour) -> None:
    await all_copies_expire(tour)
    await moderator_deletes_all(tour)


async def another_bot_posts(tour: Tour, content: bytes | None = None) -> None:
    """Either a video of its own, or Fern's, which says how it was made."""
    local, folder = tour.studio.sandbox.discord, tour.studio.folder
    guild = local.world.guilds[int(tour.studio.people.guild["id"])]
    author = local.members.add(guild, "cinebot").user
    author.bot = True
    if content is None:
        [file] = tour.video["attachments"]
        async with tour.studio.people.session.get(file["url"]) as answer:
            content = await answer.read()
    path = folder / "clip.mp4"
    path.write_bytes(content)
    upload = BotsUpload("clip.mp4", path, len(content))
    channel = local.world.channel(int(tour.video["channel_id"]))
    message = local.messages.create(channel, author, {"content": "mine"}, {0: upload})
    posted = await tour.person.read(tour.video["channel_id"])
    tour.video = next(one for one in posted if one["id"] == str(message.id))
    tour.others += 1


async def another_bot_posts_its_own(tour: Tour) -> None:
    await another_bot_posts(tour, await red_for(3, tour.studio.folder))


@dataclass(frozen=True)
class Situation:
    """Who acts, what happens before, and what comes of each action."""

    by: str
    happens: Callable[[Tour], Awaitable[None]]
    rows: dict[str, Row]
    restarts: bool = False


SHOT = 80_070  # of five seconds by the model of these videos
BETTER = 100_000  # by the next one, and by the cheapest for a picture
LOOP = 140_000  # by the cheapest that makes one
OWN = 50_000  # by the cheapest that goes on from another bot's video
FREE = " Nothing was charged."
GIVEN_BACK = "\nYour text is in the attached file, so you can send it again."
ACCEPTED = "🎬 Accepted for $0.09. Follow its card in the channel."
TEN_SECONDS = f"{ACCEPTED}\nThe whole video will be 10 s long."
FRAME = "Here it is, for everyone. React with 🎬, or use Animate on it, to go on from there."
DETAILS = (
    "> a fox running through snow\n**Model** Seedance Lite\n**Video** 5 s, 480p, 16:9\n"
    "**Price** $0.09\n**Made by** <member> on <time>\n**Link** <link>\n-# Job <id>"
)
BLOCKED = "The moderators of this server don't let you use me here."
NO_MONEY = (
    "This video costs $0.09; you have $0.00 left of $0.00. It frees up <time>."
    " A server admin can change that. Nothing was charged."
)
REMOVED = (
    "This video was removed, so I can't use it again. Make a new one with `/video`."
    " Nothing was charged."
)
GONE = "I no longer have that video, and neither does the video service."
NO_PICTURE = "<video>.mp4 isn't a picture I can read. Choose a message with a PNG, JPEG or WebP."
NOT_MADE_HERE = (
    "I can't tell how that was made: it isn't one of my videos, and no file in it says."
    " Choose a message with one of my videos."
)

EVERYTHING = {
    "Details": Row(DETAILS),
    "First frame": Row(FRAME),
    "Last frame": Row(FRAME),
    "Share": Row("Shared in <channel>."),
    "Again": Row(ACCEPTED, SHOT),
    "Extend": Row(TEN_SECONDS, SHOT),
    "Remix": Row(ACCEPTED, SHOT),
    "Loop": Row(
        "Kling 2.1 Standard makes this video, because Seedance Lite can't be used for it.\n"
        + ACCEPTED.replace("$0.09", "$0.14"),
        LOOP,
    ),
    "Better": Row(ACCEPTED.replace("$0.09", "about $0.10"), BETTER),
    "Re-make a shot": Row(
        f"Only shot 2 is made again; the others stay as they are.\n{ACCEPTED}", SHOT
    ),
    "Animate": Row(ACCEPTED.replace("$0.09", "$0.10"), BETTER),
    "Animate a video": Row(NO_PICTURE),
    "Extend video": Row(TEN_SECONDS, SHOT),
    "Extend a picture": Row("That's a picture. Use Animate on it instead."),
    "Remix video": Row(ACCEPTED, SHOT),
    "Report": Row("Thank you. The moderators have your report."),
    "Details of the message": Row(DETAILS),
    "Remove": Row("Video removed."),
}
NO_SHOTS = Row(
    "I no longer have this video's shots, so all of it has to be made. Press Again or Remix."
    f"{FREE}{GIVEN_BACK} [shot.txt]"
)
WITHOUT_MESSAGE = {
    "Details": Row(DETAILS.replace("**Link** <link>\n", "")),
    "First frame": Row(REMOVED),
    "Last frame": Row(REMOVED),
    "Share": Row("The message with this video is gone, so there's nothing to link to."),
    "Remix": EVERYTHING["Remix"],
    "Loop": Row(REMOVED),
    "Better": EVERYTHING["Better"],
    "Re-make a shot": Row(f"{REMOVED}{GIVEN_BACK} [shot.txt]"),
    "Animate": Row(f"That picture is gone. Choose another one.{FREE}{GIVEN_BACK} [prompt.txt]"),
    "Remix video": EVERYTHING["Remix video"],
    "Report": Row("That message is gone, so there's nothing to report."),
    "Remove": Row("Only the member who requested this video, or a moderator, can do that."),
}
SITUATIONS = {
    "after a restart": Situation("Fern", nothing, EVERYTHING, restarts=True),
    "after a month": Situation("Fern", month_passes, EVERYTHING | {"Re-make a shot": NO_SHOTS}),
    "by another member": Situation(
        "Juno",
        nothing,
        EVERYTHING | {"Remove": WITHOUT_MESSAGE["Remove"]},
    ),
    "by a blocked member": Situation(
        "Fern", member_is_blocked, dict.fromkeys(EVERYTHING, Row(BLOCKED))
    ),
    "without money": Situation(
        "Fern",
        money_runs_out,
        EVERYTHING
        | dict.fromkeys(("Again", "Extend", "Extend video"), Row(NO_MONEY))
        | dict.fromkeys(("Remix", "Remix video"), Row(f"{NO_MONEY}{GIVEN_BACK} [prompt.txt]"))
        | {
            "Loop": Row(NO_MONEY.replace("$0.09", "$0.14")),
            "Better": Row(NO_MONEY.replace("$0.09", "$0.10")),
            "Animate": Row(f"{NO_MONEY}{GIVEN_BACK} [prompt.txt]".replace("$0.09", "$0.10")),
            "Re-make a shot": Row(f"{NO_MONEY}{GIVEN_BACK} [shot.txt]"),
        },
    ),
    "of a removed video": Situation("Juno", maker_removes_all, WITHOUT_MESSAGE),
    "of a video that a moderator deleted": Situation(
        "Juno", moderator_deletes_all, WITHOUT_MESSAGE
    ),
    "of an expired video": Situation(
        "Fern", all_copies_expire, EVERYTHING | {"Re-make a shot": NO_SHOTS}
    ),
    "of a video that is gone everywhere": Situation(
        "Juno",
        all_is_gone,
        WITHOUT_MESSAGE
        | dict.fromkeys(("First frame", "Last frame", "Loop"), Row(GONE))
        | {"Re-make a shot": NO_SHOTS},
    ),
    "of another bot's video": Situation(
        "Juno",
        another_bot_posts_its_own,
        {
            "Animate a video": Row(NO_PICTURE.replace("<video>", "clip")),
            "Extend video": Row(TEN_SECONDS.replace("10 s", "8 s").replace("$0.09", "$0.05"), OWN),
            "Remix video": Row(NOT_MADE_HERE),
            "Report": EVERYTHING["Report"],
            "Details of the message": Row(NOT_MADE_HERE),
        },
    ),
    "of our video that another bot posted": Situation(
        "Juno",
        another_bot_posts,
        {
            "Animate a video": Row(NO_PICTURE.replace("<video>", "clip")),
            "Extend video": Row(TEN_SECONDS, SHOT),
            "Remix video": EVERYTHING["Remix video"],
            "Report": EVERYTHING["Report"],
            "Details of the message": Row(
                "> a fox running through snow\n**Model** seedance-lite-video\n"
                "**Video** 5 s, 480p, 16:9\n"
                "-# This is what the file says; I have no record of it here."
            ),
        },
    ),
}


@pytest.mark.parametrize("name", SITUATIONS)
async def test_each_action_says_what_it_does_and_costs_no_more(studio, name):
    situation = SITUATIONS[name]
    async with at_desk(studio) as desk:
        tour = await opened(desk, situation.by)
        if not situation.restarts:
            await situation.happens(tour)
            assert await tour.go(situation.rows) == situation.rows
    if situation.restarts:
        async with at_desk(studio) as desk:
            hurry(desk)
            tour.desk, tour.others = desk, 0
            assert await tour.go(situation.rows) == situation.rows
