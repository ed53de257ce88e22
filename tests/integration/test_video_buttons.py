"""The buttons under a video and the Apps menu: what each does, for whom, and when it says no."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from bot.catalog.request import Derivation
from bot.composition import Application
from bot.ids import JobId, UserId
from bot.jobs.job import Job
from tests.office import Office
from tests.people import Upload
from tests.pictures import picture
from tests.studio import FOX, Json, Studio, buttons_of, opened_form

A_MONTH = 30 * 24 * 3600
PEOPLE = ("Ada", "Max", "Fern", "Juno")


@dataclass
class Desk:
    """A running bot, and people who read along in #videos."""

    studio: Studio
    parts: Application
    offices: dict[str, Office]

    async def video(self, name: str = "Fern", **options: Any) -> Json:
        """A video that this member asked for, posted."""
        office = self.offices[name]
        assert "Accepted" in await office.request(**options)
        return await self.next_video(office)

    async def next_video(self, office: Office) -> Json:
        """The next video that is posted, of those not seen yet."""
        seen = getattr(self, "_seen", 0)
        self._seen = seen + 1
        video: Json = (await self.studio.videos(office.watch, seen + 1))[seen]
        # its card goes once it is recorded: before, a press finds no video yet
        await office.watch.nth(seen, lambda kind, _data: kind == "MESSAGE_DELETE")
        return video

    async def press(self, name: str, message: Json, action: str, **more: Any) -> Json:
        """The private answer to a press, whole."""
        custom_id = named(message, action)
        record = await self.offices[name].person.press(message, custom_id)
        return await self.answer_to(name, record)

    async def more(self, name: str, video: Json, action: str) -> Json:
        """The answer to what stands under More."""
        return await self.press(name, await self.press(name, video, "more"), action)

    async def answer_to(self, name: str, record: Json) -> Json:
        office = self.offices[name]

        def answered(kind: str, data: Json) -> bool:
            message = data.get("message") if kind == "INTERACTION_RECORD" else None
            return message is not None and data["id"] == record["id"] and bool(message["content"])

        message: Json = (await office.watch.until(answered))["message"]
        return message | {"channel_id": office.channel}

    async def form(self, name: str, video: Json, action: str = "remix") -> Json:
        office = self.offices[name]
        record = await office.person.press(video, named(video, action))
        return await opened_form(office.watch, record)

    async def send(self, name: str, form: Json, fields: Json, *files: Upload) -> Json:
        record = await self.offices[name].person.submit(form, fields, *files)
        return await self.answer_to(name, record)

    async def jobs(self, name: str = "Fern") -> list[Job]:
        store, user = self.parts.stores.jobs, UserId(int(self.offices[name].person.id))
        guild: Any = int(self.studio.people.guild["id"])
        ended = await store.list_ended(guild, user, 100)
        return [*await store.list_active(user_id=user), *ended]

    async def job_of(self, video: Json) -> Job:
        return await self.parts.stores.jobs.get(JobId(job_id_of(video)))


def named(message: Json, action: str) -> str:
    found = [one["custom_id"] for one in buttons_of(message)]
    return str(next(one for one in found if one.startswith(f"v1:{action}:")))


def job_id_of(video: Json) -> str:
    return named(video, "more").rpartition(":")[2]


@contextlib.asynccontextmanager
async def at_desk(studio: Studio) -> AsyncIterator[Desk]:
    channel = studio.people.channel("videos")
    async with studio.bot() as parts, contextlib.AsyncExitStack() as stack:
        offices = {}
        for name in PEOPLE:
            person = studio.people.person(name)
            watch = await stack.enter_async_context(person.watching())
            offices[name] = Office(person, channel, watch)
        yield Desk(studio, parts, offices)
        assert await parts.stores.money.audit() == []


async def test_five_words_stand_under_a_video_and_the_rest_under_more(studio):
    async with at_desk(studio) as desk:
        video = await desk.video()
        more = await desk.press("Juno", video, "more")

    assert [one["label"] for one in buttons_of(video)] == [
        "Extend", "Remix", "Again", "Share", "More",
    ]  # fmt: skip
    assert [one["label"] for one in buttons_of(more)] == [
        "Loop", "Better", "First frame", "Last frame", "Details", "Remove",
    ]  # fmt: skip


async def test_again_makes_the_same_with_another_seed_for_anyone(studio):
    async with at_desk(studio) as desk:
        video = await desk.video()
        first = await desk.press("Juno", video, "again")
        made = await desk.next_video(desk.offices["Juno"])
        second = await desk.press("Juno", video, "again")
        await desk.next_video(desk.offices["Juno"])
        parent, jobs = await desk.job_of(video), await desk.jobs("Juno")

    assert "Accepted for $0.09" in first["content"]
    assert "Accepted for $0.09" in second["content"]
    assert f"<@{desk.offices['Juno'].person.id}>" in made["content"]
    assert {job.request.prompt for job in jobs} == {parent.request.prompt}
    assert {job.request.model_id for job in jobs} == {parent.request.model_id}
    assert len({job.request.seed for job in jobs}) == 2
    for job in jobs:
        assert job.request.parent is not None
        assert job.request.parent.derivation is Derivation.AGAIN
        assert job.request.parent.job_id == parent.id


async def test_remix_shows_what_was_asked_and_makes_what_is_changed(studio):
    async with at_desk(studio) as desk:
        video = await desk.video()
        form = await desk.form("Juno", video)
        filled = {
            label["component"]["custom_id"]: label["component"]
            for label in form["modal"]["components"]
        }
        said = await desk.send("Juno", form, {"prompt": "a bear in rain", "shape": ["9:16"]})
        await desk.next_video(desk.offices["Juno"])
        [job] = await desk.jobs("Juno")

    assert filled["prompt"]["value"] == FOX["prompt"]
    for field, value in (("model", FOX["model"]), ("length", "5")):
        assert [one["value"] for one in filled[field]["options"] if one.get("default")] == [value]
    chosen = [one["value"] for one in filled["shape"]["options"] if one.get("default")]
    assert chosen == ["16:9"]
    assert "Accepted" in said["content"]
    assert (job.request.prompt, job.request.aspect_ratio) == ("a bear in rain", "9:16")
    assert job.request.duration_seconds == 5
    assert job.request.parent is not None
    assert job.request.parent.derivation is Derivation.REMIX


async def test_remix_takes_a_new_picture(studio):
    async with at_desk(studio) as desk:
        video = await desk.video()
        form = await desk.form("Fern", video)
        upload = Upload("sky.png", picture(), "image/png")
        said = await desk.send("Fern", form, {"pictures": ["attachment://0"]}, upload)
        assert "Accepted" in said["content"]
        await desk.next_video(desk.offices["Fern"])
        jobs = await desk.jobs()

    assert len([job for job in jobs if job.request.image is not None]) == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"prompt": "   "}, "The prompt is empty"),
        ({"prompt": "a long walk", "shape": ["16:9", "9:16"]}, "Choose one shape"),
        ({"prompt": "a long walk", "model": ["veo3-1-lite-video"]}, "not 5 s"),
    ],
)
async def test_what_was_written_comes_back_with_a_refusal(studio, fields, said):
    async with at_desk(studio) as desk:
        video = await desk.video()
        answer = await desk.send("Fern", await desk.form("Fern", video), fields)
        jobs = await desk.jobs()

    assert said in answer["content"]
    assert "Nothing was charged" in answer["content"]
    [file] = answer["attachments"]
    assert file["filename"] == "prompt.txt"
    assert [one["label"] for one in buttons_of(answer)] == ["Edit and try again"]
    assert file["size"] == len(fields["prompt"])
    assert len(jobs) == 1


async def test_better_models_are_offered_with_what_they_cost_more(studio):
    async with at_desk(studio) as desk:
        video = await desk.video()
        offer = await desk.more("Juno", video, "better")
        first = buttons_of(offer)[0]
        record = await desk.offices["Juno"].person.press(offer, first["custom_id"])
        await desk.answer_to("Juno", record)
        await desk.next_video(desk.offices["Juno"])
        parent, [job] = await desk.job_of(video), await desk.jobs("Juno")

    assert "This video costs $0.09 as it is" in offer["content"]
    assert "Seedance" in first["label"]
    assert "(+" in first["label"]
    assert job.request.model_id != parent.request.model_id
    assert job.cost_micros > parent.cost_micros
    assert job.request.parent is not None
    assert job.request.parent.derivation is Derivation.BETTER
    assert job.request.prompt == parent.request.prompt


async def test_details_tell_how_a_video_was_made_and_from_what(studio):
    async with at_desk(studio) as desk:
        video = await desk.video(seed=77)
        await desk.press("Fern", video, "again")
        child = await desk.next_video(desk.offices["Fern"])
        own = (await desk.more("Juno", video, "details"))["content"]
        derived = (await desk.more("Juno", child, "details"))["content"]

    for words in (
        "a fox running",
        "Seedance",
        "5 s, 480p",
        "**Seed** 77",
        "$0.09",
        job_id_of(video),
    ):
        assert words in own
    link = f"/{video['channel_id']}/{video['id']}"
    assert f"**Link** https://discord.com/channels/{studio.people.guild['id']}{link}" in own
    assert link in derived.partition("**Made again from**")[2]


async def test_a_video_is_shared_once_where_its_member_may_write(studio):
    pictures = studio.people.channel("pictures")
    async with at_desk(studio) as desk:
        video = await desk.video()
        question = await desk.press("Juno", video, "share")
        select = named(question, "sharein")
        juno = desk.offices["Juno"].person
        record = await juno.press(question, select, pictures)
        said = await desk.answer_to("Juno", record)
        there = await juno.read(pictures)

    shared = [one for one in there if video["id"] in one["content"]]
    assert len(shared) == 1
    assert f"<@{juno.id}> shared a video" in shared[0]["content"]
    assert shared[0]["mentions"] == []
    assert said["content"] == f"Shared in <#{pictures}>."
    assert buttons_of(said) == []


FORBIDDEN = {
    "method": "POST",
    "kind": "status",
    "status": 403,
    "body": {"message": "Missing Permissions", "code": 50013},
}


async def test_a_video_that_discord_lets_no_one_share_there_is_said_not_to_be_shared(studio):
    """The bot believes that it may write there, for it has not heard yet that it may not."""
    pictures = studio.people.channel("pictures")
    async with at_desk(studio) as desk:
        video = await desk.video()
        question = await desk.press("Juno", video, "share")
        path = f"/channels/{pictures}/messages"
        await studio.people.call("POST", "/faults", FORBIDDEN | {"path": path})
        juno = desk.offices["Juno"].person
        record = await juno.press(question, named(question, "sharein"), pictures)
        said = await desk.answer_to("Juno", record)
        there = await juno.read(pictures)

    assert "I couldn't share the video: I can't post there." in said["content"]
    assert not [one for one in there if "shared a video" in one["content"]]


async def test_a_video_is_removed_from_more_by_its_maker_and_by_no_one_else(studio):
    async with at_desk(studio) as desk:
        video = await desk.video()
        refused = await desk.more("Juno", video, "delete")
        there = [one["id"] for one in await desk.offices["Fern"].person.read(video["channel_id"])]
        assert video["id"] in there
        said = await desk.more("Fern", video, "delete")
        left = [one["id"] for one in await desk.offices["Fern"].person.read(video["channel_id"])]

    assert "Only the member who requested this video" in refused["content"]
    assert said["content"] == "Video removed."
    assert video["id"] not in left


async def test_who_posted_the_picture_may_remove_its_video(studio):
    async with at_desk(studio) as desk:
        juno, fern = desk.offices["Juno"], desk.offices["Fern"]
        upload = Upload("me.png", picture(), "image/png")
        message = await juno.person.say(juno.channel, "me", upload)
        await fern.person.react(message, "🎬")
        video = await desk.next_video(fern)
        said = await desk.more("Juno", video, "delete")

    assert said["content"] == "Video removed."


async def test_buttons_work_after_a_month_and_a_restart(studio):
    async with at_desk(studio) as desk:
        video = await desk.video()
    studio.sandbox.clock.advance(A_MONTH)
    async with at_desk(studio) as desk:
        again = await desk.press("Juno", video, "again")
        form = await desk.form("Juno", video)
        details = await desk.more("Juno", video, "details")

    assert "Accepted" in again["content"]
    assert form["modal"]["title"] == "Remix"
    assert "a fox running" in details["content"]


@pytest.mark.parametrize(
    ("rule", "options", "words"),
    [
        ("concurrency", {"videos": 0}, "the limit is 0"),
        ("allowance", {"dollars": "0.01", "period": "day"}, "$0.01"),
        ("max-price", {"dollars": "0.01"}, "$0.01"),
    ],
)
async def test_who_is_blocked_or_out_of_money_is_told_which_limit_it_is(
    studio, rule, options, words
):
    async with at_desk(studio) as desk:
        video = await desk.video()
        await desk.offices["Ada"].set(rule, member=desk.offices["Juno"].person.id, **options)
        again = await desk.press("Juno", video, "again")
        better = await desk.more("Juno", video, "better")
        remixed = await desk.send("Juno", await desk.form("Juno", video), {"prompt": "a bear"})
        jobs = await desk.jobs("Juno")

    for answer in (again, better, remixed):
        assert words in answer["content"]
    assert [buttons_of(answer) for answer in (again, better)] == [[], []]
    assert jobs == []
    assert len(studio.runs) == 1


async def test_a_server_may_leave_the_buttons_to_the_maker(studio):
    async with at_desk(studio) as desk:
        video = await desk.video()
        await desk.offices["Ada"].ask("settings buttons", who="maker")
        others = [
            await desk.press("Juno", video, "again"),
            await desk.more("Juno", video, "better"),
        ]
        record = await desk.offices["Juno"].person.press(video, named(video, "remix"))
        others.append(await desk.answer_to("Juno", record))
        details = await desk.more("Juno", video, "details")
        own = await desk.press("Fern", video, "again")

    for answer in others:
        assert "only the person who made a video" in answer["content"]
    assert "a fox running" in details["content"]
    assert "Accepted" in own["content"]


async def test_a_video_that_is_gone_is_still_remade_and_described_but_not_shared(studio):
    async with at_desk(studio) as desk:
        video = await desk.video()
        more = await desk.press("Juno", video, "more")
        question = await desk.press("Juno", video, "share")
        await desk.more("Fern", video, "delete")
        details = await desk.press("Juno", more, "details")
        pictures, select = studio.people.channel("pictures"), named(question, "sharein")
        record = await desk.offices["Juno"].person.press(question, select, pictures)
        shared = await desk.answer_to("Juno", record)

    assert "**Link**" not in details["content"]
    assert "The message with this video is gone" in shared["content"]


async def test_a_picture_that_is_no_longer_kept_is_asked_for_in_the_form(studio):
    async with at_desk(studio) as desk:
        juno = desk.offices["Juno"]
        upload = Upload("sky.png", picture(), "image/png")
        message = await juno.person.say(juno.channel, "sky", upload)
        await juno.person.react(message, "🎬")
        video = await desk.next_video(juno)
        for path in (studio.folder / "pictures").iterdir():
            path.unlink()
        again = await desk.press("Fern", video, "again")
        better = await desk.more("Fern", video, "better")
        form = await desk.form("Fern", video)

    for answer in (again, better):
        assert "I no longer have the picture" in answer["content"]
        assert "Nothing was charged" in answer["content"]
    [pictures] = [one for one in form["modal"]["components"] if one["label"] == "Pictures"]
    assert "keep" not in pictures["description"]


async def test_the_menus_know_a_video_of_ours_and_say_so_of_anything_else(studio):
    async with at_desk(studio) as desk:
        video, juno = await desk.video(), desk.offices["Juno"].person
        other = await juno.say(video["channel_id"], "hello")
        shown = await juno.menu(video["channel_id"], "Details", video["id"])
        opened = await juno.menu(video["channel_id"], "Remix video", video["id"])
        form = await opened_form(desk.offices["Juno"].watch, opened)
        told = await desk.answer_to("Juno", shown)
        refused = [
            await desk.answer_to("Juno", await juno.menu(video["channel_id"], name, other["id"]))
            for name in ("Details", "Remix video")
        ]

    assert "a fox running" in told["content"]
    assert [one["label"] for one in buttons_of(told)] == ["Make a preset of this"]
    assert form["modal"]["title"] == "Remix"
    for answer in refused:
        assert "I can't tell how that was made" in answer["content"]


async def test_a_report_reaches_the_log_channel_once_per_member(studio):
    log = studio.people.channel("welcome")
    async with at_desk(studio) as desk:
        await desk.offices["Ada"].ask("settings log-channel", channel=log)
        juno, channel = desk.offices["Juno"], desk.offices["Juno"].channel
        message = await desk.offices["Fern"].person.say(channel, "something rude")

        async def report(reason: str) -> str:
            record = await juno.person.menu(channel, "Report", message["id"])
            form = await opened_form(juno.watch, record)
            return str((await desk.send("Juno", form, {"reason": reason}))["content"])

        said = [await report("It is rude."), await report("Really.")]

        def is_report(kind: str, data: Json) -> bool:
            return kind == "MESSAGE_CREATE" and "🚩" in data["content"]

        notice = await desk.offices["Ada"].watch.until(is_report)

    assert said[0] == "Thank you. The moderators have your report."
    assert "already reported" in said[1]
    assert notice["channel_id"] == log
    for words in (message["id"], juno.person.id, "It is rude."):
        assert words in notice["content"]
    assert notice["mentions"] == [] or notice["content"].startswith("🚩")


@pytest.mark.parametrize("which", ["first", "last"])
async def test_a_frame_is_a_picture_to_go_on_from_for_everyone(studio, which):
    async with at_desk(studio) as desk:
        video = await desk.video()
        said = await desk.more("Juno", video, f"{which}frame")
        shown = await desk.offices["Fern"].watch.until(
            lambda kind, data: (
                kind == "MESSAGE_CREATE" and f"The {which} frame of" in data["content"]
            )
        )
        await desk.offices["Fern"].person.react(shown, "🎬")
        await desk.next_video(desk.offices["Fern"])
        jobs = await desk.jobs()

    assert "for everyone" in said["content"]
    assert shown["attachments"][0]["content_type"].startswith("image/")
    assert shown["mentions"] == []
    assert len([job for job in jobs if job.request.image is not None]) == 1


async def test_a_loop_starts_and_ends_with_the_same_picture(studio):
    async with at_desk(studio) as desk:
        video = await desk.video()
        said = await desk.more("Juno", video, "loop")
        if buttons_of(said):
            record = await desk.offices["Juno"].person.press(said, buttons_of(said)[0]["custom_id"])
            said = await desk.answer_to("Juno", record)
        await desk.next_video(desk.offices["Juno"])
        [job] = await desk.jobs("Juno")

    assert "Accepted" in said["content"]
    assert said["content"].startswith("Kling 2.1 Standard makes this video, because Seedance Lite ")
    assert job.request.image == job.request.end_image is not None
    assert job.request.parent is not None
    assert job.request.parent.derivation is Derivation.LOOP


async def test_a_video_that_is_kept_nowhere_else_is_taken_from_its_message(studio):
    async with at_desk(studio) as desk:
        video = await desk.video()
        lost(studio, desk)
        said = await desk.more("Juno", video, "lastframe")

    assert "for everyone" in said["content"]


async def test_a_video_that_is_gone_everywhere_is_said_to_be(studio):
    async with at_desk(studio) as desk:
        video = await desk.video()
        more = await desk.press("Juno", video, "more")
        lost(studio, desk)
        await desk.offices["Ada"].person.delete(video)
        answers = [
            await desk.press("Juno", more, action) for action in ("firstframe", "lastframe", "loop")
        ]

    for answer in answers:
        assert "I no longer have that video" in answer["content"]
        assert answer["attachments"] == []
    assert len(studio.runs) == 1


async def test_nothing_is_made_of_a_removed_video_from_a_menu_that_is_still_open(studio):
    async with at_desk(studio) as desk:
        video = await desk.video()
        more = await desk.press("Juno", video, "more")
        await desk.more("Fern", video, "delete")
        answers = [
            await desk.press("Juno", more, action) for action in ("firstframe", "lastframe", "loop")
        ]

    for answer in answers:
        assert "This video was removed" in answer["content"]
    assert len(studio.runs) == 1


def lost(studio: Studio, desk: Desk) -> None:
    """Neither we nor the service have the video any more."""
    for path in (studio.folder / "videos").glob("*.mp4"):
        path.unlink()
    desk.parts.providers.clear()  # type: ignore[attr-defined]  # a dict, in truth


async def test_a_file_says_how_it_was_made_wherever_it_came_from(studio):
    async with at_desk(studio) as desk:
        video, juno = await desk.video(seed=77), desk.offices["Juno"]
        [file] = video["attachments"]
        async with studio.people.session.get(file["url"]) as response:
            content = await response.read()
        upload = Upload("found.mp4", content, "video/mp4")
        message = await juno.person.say(juno.channel, "found this", upload)
        told = await desk.answer_to(
            "Juno", await juno.person.menu(juno.channel, "Details", message["id"])
        )
        found = await desk.answer_to(
            "Juno", await juno.person.menu(juno.channel, "Remix video", message["id"])
        )
        record = await juno.person.press(found, buttons_of(found)[0]["custom_id"])
        form = await opened_form(juno.watch, record)
        said = await desk.send("Juno", form, {"prompt": "a bear"})
        await desk.next_video(juno)
        [job] = await desk.jobs("Juno")

    assert "a fox running" in told["content"]
    assert "**Seed** 77" in told["content"]
    assert "no record of it" in told["content"]
    assert "Accepted" in said["content"]
    assert (job.request.prompt, job.request.model_id) == ("a bear", FOX["model"])
    assert job.request.parent is not None
    assert (job.request.parent.derivation, job.request.parent.job_id) == (Derivation.REMIX, None)


async def test_an_extended_video_is_longer_and_says_by_how_much(studio):
    async with at_desk(studio) as desk:
        video = await desk.video()
        said = await desk.press("Juno", video, "extend")
        if buttons_of(said):
            record = await desk.offices["Juno"].person.press(said, buttons_of(said)[0]["custom_id"])
            await desk.answer_to("Juno", record)
        longer = await desk.next_video(desk.offices["Juno"])
        parent, [job] = await desk.job_of(video), await desk.jobs("Juno")
        child = await desk.job_of(longer)

    assert "The whole video will be 10 s long." in said["content"]
    assert job.request.parent is not None
    assert (job.request.parent.derivation, job.request.parent.job_id) == (
        Derivation.EXTEND,
        parent.id,
    )
    assert child.artifact is not None
    assert (child.artifact.duration_seconds or 0) == pytest.approx(10, abs=0.5)


async def test_extend_takes_any_video_and_nothing_else(studio):
    async with at_desk(studio) as desk:
        juno = desk.offices["Juno"]
        words = await juno.person.say(juno.channel, "hello")
        shown = await juno.person.say(juno.channel, "", Upload("sky.png", picture(), "image/png"))
        answers = [
            await desk.answer_to(
                "Juno", await juno.person.menu(juno.channel, "Extend video", one["id"])
            )
            for one in (words, shown)
        ]

    assert "That message has no video" in answers[0]["content"]
    assert "Use Animate on it instead" in answers[1]["content"]
