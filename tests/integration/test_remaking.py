"""Re-make a shot: for its own price, by anyone, after a restart, and when it can't be done."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from bot.catalog.request import Derivation
from bot.composition import Application
from bot.ids import JobId, UserId
from bot.jobs.job import Job, JobState
from tests.office import Office
from tests.studio import SHORT, Json, Studio, buttons_of, is_failure, opened_form, remove

PEOPLE = ("Ada", "Max", "Fern", "Juno")
SHOTS = "a fox in the snow\na hare in the grass\nan owl at night"


@dataclass
class Set:
    """A running bot, and people who read along in #videos."""

    studio: Studio
    parts: Application
    offices: dict[str, Office]

    async def storyboard(self, shots: str = SHOTS, **options: Any) -> Json:
        """Fern's storyboard, posted."""
        fern = self.offices["Fern"]
        command = await fern.person.command(fern.channel, "storyboard", {**SHORT, **options})
        form = await opened_form(fern.watch, command)
        await fern.person.submit(form, {"shots": shots})
        return await self.next_video("Fern")

    async def next_video(self, name: str, number: int = 0) -> Json:
        """A video that this person saw posted, once its card is gone."""
        office = self.offices[name]
        video: Json = (await self.studio.videos(office.watch, number + 1))[number]
        await office.watch.nth(number, lambda kind, _data: kind == "MESSAGE_DELETE")
        return video

    async def answer_to(self, name: str, record: Json) -> Json:
        office = self.offices[name]

        def answered(kind: str, data: Json) -> bool:
            message = data.get("message") if kind == "INTERACTION_RECORD" else None
            return message is not None and data["id"] == record["id"] and bool(message["content"])

        message: Json = (await office.watch.until(answered))["message"]
        return message | {"channel_id": office.channel}

    async def press(self, name: str, message: Json, action: str) -> Json:
        person = self.offices[name].person
        return await self.answer_to(name, await person.press(message, named(message, action)))

    async def form(self, name: str, video: Json) -> Json:
        """The form that opens from More."""
        office = self.offices[name]
        more = await self.press(name, video, "more")
        return await opened_form(
            office.watch, await office.person.press(more, named(more, "remake"))
        )

    async def send(self, name: str, form: Json, number: int, words: str = "") -> Json:
        fields = {"shot": [str(number)], "prompt": words}
        return await self.answer_to(name, await self.offices[name].person.submit(form, fields))

    async def job_of(self, video: Json) -> Job:
        return await self.parts.stores.jobs.get(JobId(named(video, "more").rpartition(":")[2]))

    async def shots_of(self, job: Job) -> list[Job]:
        return await self.parts.stores.shots.list_shots(job.id)

    async def jobs(self, name: str) -> list[Job]:
        store, user = self.parts.stores.jobs, UserId(int(self.offices[name].person.id))
        guild: Any = int(self.studio.people.guild["id"])
        ended = await store.list_ended(guild, user, 100)
        return [*await store.list_active(user_id=user), *ended]


def named(message: Json, action: str) -> str:
    found = [one["custom_id"] for one in buttons_of(message)]
    return str(next(one for one in found if one.startswith(f"v1:{action}:")))


@contextlib.asynccontextmanager
async def on_set(studio: Studio) -> AsyncIterator[Set]:
    channel = studio.people.channel("videos")
    async with studio.bot() as parts, contextlib.AsyncExitStack() as stack:
        offices = {}
        for name in PEOPLE:
            person = studio.people.person(name)
            watch = await stack.enter_async_context(person.watching())
            offices[name] = Office(person, channel, watch)
        yield Set(studio, parts, offices)
        assert await parts.stores.money.audit() == []


def prompts(studio: Studio) -> list[str]:
    return sorted(str(run["request"]["prompt"]) for run in studio.runs)


async def test_another_member_pays_for_one_shot_after_a_restart(studio):
    async with on_set(studio) as place:
        video = await place.storyboard()
        first = await place.job_of(video)
        form = await place.form("Juno", video)
    async with on_set(studio) as place:
        await place.offices["Ada"].set("allowance", dollars="5.00", period="day")
        said = await place.send("Juno", form, 2, "a bear by the river")
        remade = await place.job_of(await place.next_video("Juno"))
        shots = await place.shots_of(remade)

    assert said["content"].startswith(
        "Only shot 2 is made again; the others stay as they are.\n🎬 Accepted"
    )
    assert remade.state is JobState.SUCCEEDED
    assert remade.cost_micros * 3 == first.cost_micros
    assert remade.user_id != first.user_id
    assert remade.request.parent is not None
    assert remade.request.parent.derivation is Derivation.REMAKE
    assert remade.request.parent.job_id == first.id
    assert len(studio.runs) == 4
    assert [shot.cost_micros > 0 for shot in shots] == [False, True, False]
    assert remade.artifact is not None
    assert first.artifact is not None
    assert remade.artifact.duration_seconds == pytest.approx(
        first.artifact.duration_seconds, abs=0.5
    )


async def test_the_form_names_each_shot_with_its_price_and_says_what_stays(studio):
    async with on_set(studio) as place:
        video = await place.storyboard()
        form = await place.form("Fern", video)
        job = await place.job_of(video)
        await place.send("Fern", form, 3)
        details = await place.press("Fern", await place.press("Fern", video, "more"), "details")

    [shot, words] = form["modal"]["components"]
    options = shot["component"]["options"]
    assert [one["label"] for one in options] == [
        "Shot 1: a fox in the snow", "Shot 2: a hare in the grass", "Shot 3: an owl at night",
    ]  # fmt: skip
    assert all(one["description"].startswith("for $") for one in options)
    assert "The others stay as they are." in shot["description"]
    assert words["component"]["required"] is False
    assert job.id in details["content"]


async def test_an_expensive_shot_is_confirmed_also_after_a_restart(studio):
    async with on_set(studio) as place:
        video = await place.storyboard()
        await place.offices["Ada"].ask("settings confirm-above", dollars="0.01")
        offered = await place.send("Juno", await place.form("Juno", video), 1, "a wolf")
        assert "You won't be charged unless you press the button" in offered["content"]
        assert len(studio.runs) == 3
    async with on_set(studio) as place:
        said = await place.press("Juno", offered, "confirm")
        remade = await place.job_of(await place.next_video("Juno"))

    assert "Accepted" in said["content"]
    assert remade.request.prompt == "a wolf / a hare in the grass / an owl at night"
    assert len(studio.runs) == 4


async def test_without_money_nothing_is_made_and_the_words_come_back(studio):
    async with on_set(studio) as place:
        video = await place.storyboard()
        form = await place.form("Juno", video)
        await place.offices["Ada"].set("allowance", dollars="0.01", period="day")
        said = await place.send("Juno", form, 1, "a wolf in the fog")

        assert "you have $0.01 left of $0.01" in said["content"]
        assert [one["filename"] for one in said["attachments"]] == ["shot.txt"]
        assert await place.jobs("Juno") == []
    assert len(studio.runs) == 3


async def test_a_shot_whose_file_is_gone_is_refused_and_can_itself_be_made(studio):
    async with on_set(studio) as place:
        video = await place.storyboard()
        [gone, *_] = await place.shots_of(await place.job_of(video))
        for path in list(studio.folder.rglob(f"{gone.id}.*")):
            path.unlink()

        refused = await place.send("Juno", await place.form("Juno", video), 2, "a wolf")
        assert "I no longer have this video's shots" in refused["content"]
        assert await place.jobs("Juno") == []

        said = await place.send("Juno", await place.form("Juno", video), 1, "a wolf")
        remade = await place.job_of(await place.next_video("Juno", 1))

    assert "Accepted" in said["content"]
    assert remade.state is JobState.SUCCEEDED
    assert len(studio.runs) == 4


async def test_a_missing_shot_is_made_and_joined_with_the_rest(studio):
    async with on_set(studio) as place:
        video = await place.storyboard("a fox in the snow\nsomething nsfwlater\nan owl at night")
        form = await place.form("Fern", video)
        await place.send("Fern", form, 2, "a hare in the grass")
        remade = await place.job_of(await place.next_video("Fern", 1))

    assert "Shot 2 is missing; you weren't charged for it." in video["content"]
    [chosen] = [
        one for one in form["modal"]["components"][0]["component"]["options"] if one.get("default")
    ]
    assert chosen["value"] == "2"
    assert chosen["description"].startswith("missing in this video")
    assert remade.artifact is not None
    assert remade.artifact.remark is None


async def test_a_refused_shot_costs_nothing_and_no_video_is_posted(studio):
    async with on_set(studio) as place:
        video = await place.storyboard()
        await place.send("Juno", await place.form("Juno", video), 2, "something nsfwlater")
        failed = await place.offices["Juno"].watch.until(is_failure)
        [job] = await place.jobs("Juno")

    assert job.state is JobState.FAILED
    assert "Shot 2" in failed["content"]


async def test_of_a_removed_video_no_shot_is_used_again(studio):
    async with on_set(studio) as place:
        video = await place.storyboard()
        form = await place.form("Juno", video)
        fern = place.offices["Fern"]
        await remove(fern.person, fern.watch, video)
        said = await place.send("Juno", form, 2, "a wolf")

        assert "This video was removed" in said["content"]
        assert await place.jobs("Juno") == []


async def test_a_video_of_one_shot_offers_none_to_remake(studio):
    async with on_set(studio) as place:
        await place.offices["Fern"].request()
        video = await place.next_video("Fern")
        more = await place.press("Fern", video, "more")

    assert "Re-make a shot" not in [one["label"] for one in buttons_of(more)]
