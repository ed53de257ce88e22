"""Every button and form of ours: with success, by someone who may not, and after a restart.

The kind: a custom id outlives the process that spelt it, and anyone may send one. What a press does
is read back from the books, not from its answer. A custom id without a row fails the first test.
"""

import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import bot
import cogs
from bot.composition import Application
from bot.guilds.audit import Actor, AuditNote
from bot.guilds.consent import Answer
from bot.guilds.moderation import BlockedMember
from bot.ids import GuildId, JobId, OfferId, QuestionId, UserId
from bot.jobs.job import Job, JobState
from bot.money.changes import SetRules
from bot.money.ledger import ImprovementState
from bot.money.limits import Rules
from bot.money.policy import Subject, SubjectKind
from bot.presentation.widgets import Action, button, spell
from tests.office import Office
from tests.people import Upload
from tests.pictures import picture
from tests.studio import (
    SHORT,
    Json,
    Studio,
    buttons_of,
    is_card,
    is_deletion,
    is_failure,
    opened_form,
    settled_answer,
)

RENDERS_FOR_LONG = 3600
PEOPLE = ("Ada", "Max", "Fern", "Juno")  # the admin, a moderator, and two members


@dataclass
class Scene:
    """A running bot and its people, each of whom reads along."""

    studio: Studio
    parts: Application
    offices: dict[str, Office]
    numbers: Any

    @property
    def guild(self) -> GuildId:
        return GuildId(int(self.studio.people.guild["id"]))

    @property
    def fern(self) -> Office:
        return self.offices["Fern"]

    async def jobs(self) -> list[Job]:
        """Fern's, of whatever state."""
        store, fern = self.parts.stores.jobs, UserId(int(self.fern.person.id))
        ended = await store.list_ended(self.guild, fern, 100)
        return [*await store.list_active(user_id=fern), *ended]

    async def give_roles(self, name: str, *roles: str) -> None:
        known = {role["name"]: role["id"] for role in self.studio.people.guild["roles"]}
        path = f"/guilds/{self.guild}/members/{self.offices[name].person.id}"
        wanted = {"roles": [known[role] for role in roles]}
        await self.studio.people.call("PATCH", path, wanted)

    async def next_card(self, title: str, prompt: str) -> Json:
        """The card of Fern's request with these words."""

        def fits(kind: str, data: Json) -> bool:
            return is_card(kind, data, title=title) and prompt in str(data["embeds"])

        return dict(await self.fern.watch.until(fits))


@dataclass
class Shown:
    """A control before someone's eyes; `subject` is what its press is about."""

    by: str  # who may use it
    message: Json
    custom_id: str
    subject: Any
    fields: Json = field(default_factory=dict)  # of a form, which is sent rather than pressed
    values: tuple[str, ...] = ()  # chosen in a select


Show = Callable[[Scene], Awaitable[Shown]]
Try = Callable[[Scene, Shown], Awaitable[tuple[Shown, Json]]]  # what was used, what was said


@dataclass(frozen=True)
class Row:
    """`is_done` reads the effect of a use back; `by_stranger` is None where everyone may."""

    show: Show
    is_done: Callable[[Scene, Shown, Json], Awaitable[bool]]
    by_stranger: Try | None = None
    refused: str = ""
    idle: bool = False  # no provider takes anything, so every request waits
    seconds: float = 0.0  # that a video takes


async def use(scene: Scene, shown: Shown, name: str | None = None) -> Json:
    """The private answer, whole."""
    office = scene.offices[name or shown.by]
    if shown.fields:
        record = await office.person.submit(shown.message, shown.fields)
    else:
        record = await office.person.press(shown.message, shown.custom_id, *shown.values)
    return await answer_to(office, record)


async def answer_to(office: Office, record: Json) -> Json:
    def answered(kind: str, data: Json) -> bool:
        if kind != "INTERACTION_RECORD" or data["id"] != record["id"]:
            return False
        message = data.get("message") or {"content": "", "embeds": []}
        return bool(message["content"] or message["embeds"] or data.get("modal"))

    found = await office.watch.until(answered)
    message: Json = found["message"] or {"content": "", "modal": found["modal"]}
    return message | {"channel_id": office.channel}


def by(name: str) -> Try:
    async def press(scene: Scene, shown: Shown) -> tuple[Shown, Json]:
        return shown, await use(scene, shown, name)

    return press


def named(message: Json, action: str) -> str:
    """The custom id of this kind on a message."""
    found = [one["custom_id"] for one in buttons_of(message)]
    return str(next(one for one in found if one.startswith(f"v1:{action}:")))


# --- Cancel, Cancel anyway, Delete, Retry with …


async def requested(scene: Scene, title: str, **options: Any) -> tuple[Json, Job]:
    """Fern's card with this title, and its job."""
    prompt = f"a fox, take {next(scene.numbers)}"
    await scene.fern.request(prompt=prompt, **options)
    card = await scene.next_card(title, prompt)
    [job] = [one for one in await scene.jobs() if one.request.prompt == prompt]
    return card, job


async def show_cancel(scene: Scene) -> Shown:
    card, job = await requested(scene, "Queued")
    return Shown("Fern", card, named(card, "cancel"), job.id)


async def is_cancelled(scene: Scene, shown: Shown, _said: Json) -> bool:
    return (await scene.parts.stores.jobs.get(JobId(shown.subject))).state is JobState.CANCELLED


async def show_stop(scene: Scene) -> Shown:
    card, job = await requested(scene, "Rendering")
    cancel = Shown("Fern", card, named(card, "cancel"), job.id)
    question = await use(scene, cancel)
    return Shown("Fern", question, named(question, "stop"), job.id, {})


async def stop_as_former_moderator(scene: Scene, shown: Shown) -> tuple[Shown, Json]:
    """Who was asked while a moderator, and is none when pressing."""
    [card] = [
        one
        for one in await scene.fern.person.read(scene.fern.channel)
        if f"Job {shown.subject}" in str(one["embeds"])
    ]
    question = await use(scene, Shown("Max", card, named(card, "cancel"), shown.subject))
    await scene.give_roles("Max")
    own = Shown("Max", question, named(question, "stop"), shown.subject)
    return own, await use(scene, own)


async def is_not_watched(scene: Scene, shown: Shown, _said: Json) -> bool:
    job = await scene.parts.stores.jobs.get(JobId(shown.subject))
    return job.cancel_requested or job.state is JobState.CANCELLED


async def posted(scene: Scene) -> tuple[Json, Job]:
    """The message with a video of Fern's, and its job."""
    card, job = await requested(scene, "")

    def is_its_video(kind: str, data: Json) -> bool:
        return (
            kind == "MESSAGE_CREATE"
            and any(one["custom_id"].endswith(job.id) for one in buttons_of(data))
            and bool(data["attachments"])
        )

    video = dict(await scene.fern.watch.until(is_its_video))
    # its card goes once it is recorded: before, a press finds no video yet
    await scene.fern.watch.until(partial(is_deletion, of=card))
    return video, job


def under_video(action: str) -> Show:
    async def show(scene: Scene) -> Shown:
        message, job = await posted(scene)
        return Shown("Fern", message, named(message, action), job.id)

    return show


def under_more(action: str) -> Show:
    async def show(scene: Scene) -> Shown:
        message = await use(scene, await under_video("more")(scene))
        custom_id = named(message, action)
        return Shown("Fern", message, custom_id, custom_id.rpartition(":")[2])

    return show


def in_vain(show: Show) -> Try:
    """By Fern, who may make nothing any more."""

    async def press(scene: Scene, _shown: Shown) -> tuple[Shown, Json]:
        return await without_allowance(scene, show)

    return press


async def show_delete(scene: Scene) -> Shown:
    """Under a video that an earlier version posted."""
    message, job = await posted(scene)
    channel = scene.parts.client.get_partial_messageable(int(message["channel_id"]))
    earlier = button("Delete", Action.DELETE, job.id)
    await channel.get_partial_message(int(message["id"])).edit(view=earlier)
    return Shown("Fern", message, spell(Action.DELETE, job.id), message["id"])


async def is_deleted(scene: Scene, shown: Shown, _said: Json) -> bool:
    there = await scene.fern.person.read(scene.fern.channel)
    return str(shown.subject) not in [one["id"] for one in there]


async def show_removal(scene: Scene) -> Shown:
    """The form that a moderator gets."""
    message, job = await posted(scene)
    max_ = scene.offices["Max"]
    more = await use(scene, Shown("Max", message, named(message, "more"), job.id))
    form = await opened_form(max_.watch, await max_.person.press(more, named(more, "delete")))
    return Shown("Max", form, form["modal"]["custom_id"], message["id"], {"reason": "rude"})


async def is_made_again(scene: Scene, shown: Shown, _said: Json) -> bool:
    old = await scene.parts.stores.jobs.get(JobId(str(shown.subject)))
    return [one for one in await scene.jobs() if one.request.prompt == old.request.prompt][1:] != []


async def is_remix_form(_scene: Scene, _shown: Shown, said: Json) -> bool:
    return "Remix" in str(said.get("modal"))


def says(words: str) -> Callable[[Scene, Shown, Json], Awaitable[bool]]:
    async def read(_scene: Scene, _shown: Shown, said: Json) -> bool:
        return words in said["content"]

    return read


async def show_share_in(scene: Scene) -> Shown:
    pictures = scene.studio.people.channel("pictures")
    message = await use(scene, await under_video("share")(scene))
    custom_id = named(message, "sharein")
    subject = len(await scene.fern.person.read(pictures))
    return Shown("Fern", message, custom_id, subject, values=(pictures,))


async def share_where_i_may_not_write(scene: Scene, shown: Shown) -> tuple[Shown, Json]:
    """In a channel in which all may write but the bot, which knows that."""
    world = await scene.studio.people.call("GET", "/world")
    denied = {"id": world["application"]["bot"]["id"], "type": 1, "allow": "0", "deny": "2048"}
    details = {"name": "no-bots", "permission_overwrites": [denied]}
    made = await scene.studio.people.call("POST", f"/guilds/{scene.guild}/channels", details)
    while scene.parts.client.get_channel(int(made["id"])) is None:
        await scene.parts.clock.sleep(0.05)
    own = replace(shown, subject=0, values=(made["id"],))
    return own, await use(scene, own)


async def is_shared(scene: Scene, shown: Shown, _said: Json) -> bool:
    there = await scene.fern.person.read(shown.values[0])
    return len(there) == int(shown.subject) + 1 and "shared a video" in there[0]["content"]


async def show_recipe(scene: Scene) -> Shown:
    """Of a file that someone posts, which says itself how it was made."""
    video, _ = await posted(scene)
    async with scene.studio.people.session.get(video["attachments"][0]["url"]) as answer:
        upload = Upload("found.mp4", await answer.read(), "video/mp4")
    message = await scene.fern.person.say(scene.fern.channel, "look", upload)
    record = await scene.fern.person.menu(scene.fern.channel, "Remix video", message["id"])
    found = await answer_to(scene.fern, record)
    return Shown("Fern", found, named(found, "recipe"), message["id"])


async def show_report(scene: Scene) -> Shown:
    message = await scene.fern.person.say(scene.fern.channel, f"rude {next(scene.numbers)}")
    record = await scene.fern.person.menu(scene.fern.channel, "Report", message["id"])
    form = await opened_form(scene.fern.watch, record)
    return Shown("Fern", form, form["modal"]["custom_id"], message["id"], {"reason": "It is rude."})


async def show_instead(scene: Scene) -> Shown:
    """A video that its service could not make; whatever is made afterwards comes out."""
    switches = scene.studio.sandbox.nanogpt.service.overrides
    switches.fail = "error"
    _, job = await requested(scene, "")
    failed = await scene.fern.watch.until(partial(is_failure, prompt=job.request.prompt))
    switches.fail = "no"
    return Shown("Fern", failed, named(failed, "instead"), job.id)


async def is_made_once_more(scene: Scene, shown: Shown, _said: Json) -> bool:
    """Once, by another model, with the same words."""
    old = await scene.parts.stores.jobs.get(JobId(shown.subject))
    same = [one for one in await scene.jobs() if one.request.prompt == old.request.prompt]
    return len({one.request.model_id for one in same}) == len(same) == 2


async def show_preset_button(scene: Scene) -> Shown:
    """Below the details of a video."""
    shown = await under_more("details")(scene)
    message = await use(scene, shown)
    return Shown("Fern", message, named(message, "preset"), "Make a preset of this")


async def is_preset_form(_scene: Scene, shown: Shown, said: Json) -> bool:
    return str(shown.subject) == (said.get("modal") or {}).get("title")


async def show_with_preset(scene: Scene) -> Shown:
    """A preset among those under More, which offers what its presser has."""
    name = f"Clay {next(scene.numbers)}"
    await scene.fern.ask("preset save", name=name, template="claymation of {prompt}", **SHORT)
    message = await use(scene, await under_video("more")(scene))
    custom_id = named(message, "withpreset")
    [select] = [one for one in buttons_of(message) if one["custom_id"] == custom_id]
    values = {one["label"]: one["value"] for one in select["options"]}
    return Shown("Fern", message, custom_id, "claymation of a fox, take", values=(values[name],))


async def use_a_deleted_preset(scene: Scene, _shown: Shown) -> tuple[Shown, Json]:
    """What stands in a message proves nothing: only its member sees it, perhaps days later."""
    own = await show_with_preset(scene)
    [select] = [one for one in buttons_of(own.message) if one["custom_id"] == own.custom_id]
    [name] = [one["label"] for one in select["options"] if one["value"] == own.values[0]]
    await scene.fern.ask("preset delete", name=name)
    return own, await use(scene, own)


async def show_words(scene: Scene) -> Shown:
    """A video that its service refuses once it is made."""
    prompt = f"something nsfwlater, {next(scene.numbers)}"
    await scene.fern.request(prompt=prompt)
    failed = await scene.fern.watch.until(partial(is_failure, prompt=prompt))
    return Shown("Fern", failed, named(failed, "words"), prompt)


# --- a price, a picture, the shots


async def show_confirm(scene: Scene) -> Shown:
    """In public, as every price for a 🎬 is."""
    await scene.offices["Ada"].ask("settings confirm-above", dollars="0.01")
    message = await scene.fern.person.say(scene.fern.channel, "", picture_of(scene))
    await scene.fern.person.react(message, "🎬")

    def is_price(kind: str, data: Json) -> bool:
        about = (data.get("message_reference") or {}).get("message_id")
        return kind == "MESSAGE_CREATE" and about == message["id"] and bool(data["components"])

    quote = await scene.fern.watch.until(is_price)
    return Shown("Fern", quote, named(quote, "confirm"), len(await scene.jobs()))


async def show_improve(scene: Scene) -> Shown:
    """On a quote that only its member sees."""
    await scene.offices["Ada"].ask("settings confirm-above", dollars="0")
    await scene.offices["Ada"].ask("settings improve", offer="on")
    prompt = f"a fox, take {next(scene.numbers)}"
    quote = await scene.fern.ask("video", prompt=prompt, **SHORT)
    custom_id = named(quote, "improve")
    message = quote | {"channel_id": scene.fern.channel}
    return Shown("Fern", message, custom_id, custom_id.rpartition(":")[2])


async def is_improved(scene: Scene, shown: Shown, said: Json) -> bool:
    if NOTHING_ALLOWED in said["content"]:
        return False
    store, offer_id = scene.parts.stores.improvements, OfferId(shown.subject)
    while (found := await store.find(offer_id)) is None or found.ended_at is None:
        await scene.parts.clock.sleep(0.05)
    return found.state is ImprovementState.IMPROVED


async def show_own_prompt(scene: Scene) -> Shown:
    """Beside a better one."""
    shown = await show_improve(scene)
    record = await scene.fern.person.press(shown.message, shown.custom_id)

    def is_better(kind: str, data: Json) -> bool:
        is_ours = kind == "INTERACTION_RECORD" and data["id"] == record["id"]
        return is_ours and "**Improved prompt**" in str(data.get("message"))

    message = (await scene.fern.watch.until(is_better))["message"]
    message |= {"channel_id": scene.fern.channel}
    return Shown("Fern", message, named(message, "ownprompt"), shown.subject)


def picture_of(scene: Scene) -> Upload:
    shade = next(scene.numbers)
    return Upload(f"{shade}.png", picture(colour=(shade, 99, 9)), "image/png")


async def is_one_job_more(scene: Scene, shown: Shown, _said: Json) -> bool:
    return len(await scene.jobs()) == int(shown.subject) + 1


NOT_YOUR_PICTURE = "Only the member whose picture it is"


def show_question(action: str) -> Show:
    """Fern wants to be asked, and Juno asks for a picture of hers."""

    async def show(scene: Scene) -> Shown:
        await scene.fern.ask("privacy pictures", who="ask")
        message = await scene.fern.person.say(scene.fern.channel, "", picture_of(scene))
        juno = scene.offices["Juno"]
        record = await juno.person.animate(juno.watch, juno.channel, message["id"])
        assert "I asked" in await settled_answer(juno.person, juno.watch, record)

        def is_question(kind: str, data: Json) -> bool:
            return kind == "MESSAGE_CREATE" and f"/{message['id']})" in data["content"]

        question = await scene.fern.watch.until(is_question)
        custom_id = named(question, action)
        return Shown("Fern", question, custom_id, custom_id.rpartition(":")[2])

    return show


async def is_answered(scene: Scene, shown: Shown, _said: Json) -> bool:
    question = await scene.parts.stores.consent.get(QuestionId(str(shown.subject)))
    given = {"allow": Answer.ALLOWED, "decline": Answer.DECLINED}
    return question is not None and question.answer is given[shown.custom_id.split(":")[1]]


async def show_animate(scene: Scene) -> Shown:
    uploads = picture_of(scene), picture_of(scene)
    message = await scene.fern.person.say(scene.fern.channel, "", *uploads)
    await scene.fern.person.react(message, "🎬")

    def is_question(kind: str, data: Json) -> bool:
        about = (data.get("message_reference") or {}).get("message_id")
        return kind == "MESSAGE_CREATE" and about == message["id"] and bool(data["components"])

    question = await scene.fern.watch.until(is_question)
    return Shown("Fern", question, named(question, "animate"), len(await scene.jobs()))


async def show_shots(scene: Scene, **options: Any) -> Shown:
    record = await scene.fern.person.command(scene.fern.channel, "storyboard", options)

    def is_form(kind: str, data: Json) -> bool:
        return kind == "INTERACTION_RECORD" and data["id"] == record["id"] and bool(data["modal"])

    form = await scene.fern.watch.until(is_form)
    shots = {"shots": f"a fox, {next(scene.numbers)}\na bear"}
    return Shown("Fern", form, form["modal"]["custom_id"], len(await scene.jobs()), shots)


async def show_remake(scene: Scene) -> Shown:
    """Under More of a storyboard that was made shot by shot."""
    sent = await show_shots(scene, **SHORT)
    await use(scene, sent)

    prompt = " / ".join(sent.fields["shots"].splitlines())

    def is_storyboard(kind: str, data: Json) -> bool:
        return kind == "MESSAGE_CREATE" and bool(data["attachments"]) and prompt in data["content"]

    video = await scene.fern.watch.until(is_storyboard)
    record = await scene.fern.person.press(video, named(video, "more"))
    message = await answer_to(scene.fern, record)
    return Shown("Fern", message, named(message, "remake"), "Re-make a shot")


async def is_shot_form(_scene: Scene, shown: Shown, said: Json) -> bool:
    return str(shown.subject) == (said.get("modal") or {}).get("title")


async def show_form(scene: Scene) -> Shown:
    record = await scene.fern.person.command(scene.fern.channel, "create")
    form = await opened_form(scene.fern.watch, record)
    fields = {"prompt": f"a fox, {next(scene.numbers)}", "model": SHORT["model"]}
    return Shown("Fern", form, form["modal"]["custom_id"], len(await scene.jobs()), fields)


async def send_form_without_allowance(scene: Scene, _shown: Shown) -> tuple[Shown, Json]:
    return await without_allowance(scene, show_form)


async def show_reopen(scene: Scene) -> Shown:
    """A form that came back, because its model is silent."""
    sent = await show_form(scene)
    sent.fields["shape"] = ["sound"]
    message = await use(scene, sent)
    return Shown("Fern", message, named(message, "reopen"), sent.fields["prompt"])


async def is_form_again(_scene: Scene, shown: Shown, said: Json) -> bool:
    return str(shown.subject) in str(said.get("modal"))


async def send_without_allowance(scene: Scene, _shown: Shown) -> tuple[Shown, Json]:
    return await without_allowance(scene, show_shots)


async def without_allowance(scene: Scene, show: Show) -> tuple[Shown, Json]:
    """Fern may make nothing any more when the form is filled in; a form is sent once."""
    admin, fern, own = scene.offices["Ada"], scene.fern.person.id, await show(scene)
    await admin.set("concurrency", videos=0, member=fern)
    said = await use(scene, own)
    await admin.set("clear", member=fern)
    return own, said


# --- what admins change and read


async def show_apply(scene: Scene, name: str = "Ada") -> Shown:
    dollars = 20 + next(scene.numbers)
    question = await scene.offices[name].ask("quota-admin pool", dollars=str(dollars))
    message = question | {"channel_id": scene.fern.channel}
    return Shown(name, message, named(message, "apply"), dollars * 1_000_000)


async def apply_as_former_admin(scene: Scene, _shown: Shown) -> tuple[Shown, Json]:
    own = await as_former_admin(scene, show_apply)
    return own, await use(scene, own)


async def as_former_admin(scene: Scene, show: Callable[[Scene, str], Awaitable[Shown]]) -> Shown:
    """What Max was shown while an admin, who is none any more."""
    await scene.give_roles("Max", "Admin")
    own = await show(scene, "Max")
    await scene.give_roles("Max", "Moderator")
    return own


async def is_in_force(scene: Scene, shown: Shown, _said: Json) -> bool:
    return bool(
        (await scene.parts.stores.policies.policy(scene.guild)).pool_micros == shown.subject
    )


async def show_history(scene: Scene, name: str = "Ada") -> Shown:
    for _ in range(40):  # more than two pages
        number = next(scene.numbers)
        admin = Actor(scene.guild, UserId(1), f"edit-{number}", scene.parts.clock.now())
        rules = SetRules(Subject(SubjectKind.MEMBER, number), Rules(open_jobs_most=1))
        await scene.parts.stores.policies.apply(admin, rules)
    page = await scene.offices[name].ask("quota-admin history")
    message = page | {"channel_id": scene.fern.channel}
    return Shown(name, message, named(message, "history"), page["embeds"])


async def turn_as_former_admin(scene: Scene, _shown: Shown) -> tuple[Shown, Json]:
    own = await as_former_admin(scene, show_history)
    return own, await use(scene, own)


async def show_blocked(scene: Scene, name: str = "Max") -> Shown:
    for _ in range(25):  # more than two pages
        number = next(scene.numbers)
        block = BlockedMember(
            scene.guild, UserId(number), "rude", UserId(1), scene.parts.clock.now()
        )
        by = Actor(scene.guild, UserId(1), f"block-{number}", block.blocked_at)
        await scene.parts.stores.blocks.block(block, AuditNote(by, "blocked"))
    page = await scene.offices[name].ask("moderation blocked")
    message = page | {"channel_id": scene.fern.channel}
    return Shown(name, message, named(message, "blocked"), page["embeds"])


async def show_words_list(scene: Scene, name: str = "Max") -> Shown:
    words = ", ".join(f"word{next(scene.numbers)}" for _ in range(90))
    await scene.offices[name].ask("moderation words add", words=words)
    page = await scene.offices[name].ask("moderation words list")
    message = page | {"channel_id": scene.fern.channel}
    return Shown(name, message, named(message, "wordlist"), page["embeds"])


def turn_as_former_moderator(show: Show) -> Try:
    async def turn(scene: Scene, _shown: Shown) -> tuple[Shown, Json]:
        own = await show(scene)
        await scene.give_roles("Max")
        said = await use(scene, own)
        await scene.give_roles("Max", "Moderator")
        return own, said

    return turn


async def show_models(scene: Scene) -> Shown:
    page = await scene.fern.ask("models list")
    message = page | {"channel_id": scene.fern.channel}
    return Shown("Fern", message, named(message, "models"), page["embeds"])


async def is_another_page(_scene: Scene, shown: Shown, said: Json) -> bool:
    return bool(said["embeds"]) and said["embeds"] != shown.subject


NOT_YOURS = "Only the member who requested this video, or a moderator"
NOTHING_ALLOWED = "0 videos in progress; the limit is 0"
NOT_SHOWN_TO_YOU = "Only the member who was shown this price"
ROWS = {
    "cancel": Row(show_cancel, is_cancelled, by("Juno"), NOT_YOURS, idle=True),
    "stop": Row(
        show_stop, is_not_watched, stop_as_former_moderator, NOT_YOURS, seconds=RENDERS_FOR_LONG
    ),
    "delete": Row(show_delete, is_deleted, by("Juno"), NOT_YOURS),
    "remove": Row(show_removal, is_deleted, turn_as_former_moderator(show_removal), NOT_YOURS),
    "again": Row(
        under_video("again"), is_made_again, in_vain(under_video("again")), NOTHING_ALLOWED
    ),
    "extend": Row(
        under_video("extend"),
        says("The whole video will be"),
        in_vain(under_video("extend")),
        NOTHING_ALLOWED,
    ),
    "remix": Row(under_video("remix"), is_remix_form),
    "share": Row(under_video("share"), says("Where should I share")),
    "sharein": Row(
        show_share_in,
        is_shared,
        share_where_i_may_not_write,
        "couldn't share the video: I'm missing the Send Messages permission. Choose another",
    ),
    "more": Row(under_video("more"), says("What would you like to do")),
    "better": Row(
        under_more("better"), says("make it better"), in_vain(under_more("better")), NOTHING_ALLOWED
    ),
    "loop": Row(
        under_more("loop"), says("Accepted for $"), in_vain(under_more("loop")), NOTHING_ALLOWED
    ),
    "firstframe": Row(under_more("firstframe"), says("for everyone")),
    "lastframe": Row(under_more("lastframe"), says("for everyone")),
    "recipe": Row(show_recipe, is_remix_form),
    "remake": Row(show_remake, is_shot_form),
    "details": Row(under_more("details"), says("**Model**")),
    "preset": Row(show_preset_button, is_preset_form),
    "withpreset": Row(show_with_preset, is_form_again, use_a_deleted_preset, "preset was deleted"),
    "report": Row(show_report, says("The moderators have your report")),
    "instead": Row(show_instead, is_made_once_more, by("Max"), NOT_YOURS),
    "confirm": Row(show_confirm, is_one_job_more, by("Juno"), NOT_SHOWN_TO_YOU),
    "improve": Row(show_improve, is_improved, in_vain(show_improve), NOTHING_ALLOWED),
    "ownprompt": Row(
        show_own_prompt, says("This video costs"), in_vain(show_own_prompt), NOTHING_ALLOWED
    ),
    "allow": Row(show_question("allow"), is_answered, by("Juno"), NOT_YOUR_PICTURE),
    "decline": Row(show_question("decline"), is_answered, by("Juno"), NOT_YOUR_PICTURE),
    "animate": Row(show_animate, is_one_job_more, by("Juno"), "Only the member who reacted"),
    "shots": Row(
        show_shots, is_one_job_more, send_without_allowance, "0 videos in progress; the limit is 0"
    ),
    "form": Row(
        show_form,
        is_one_job_more,
        send_form_without_allowance,
        "0 videos in progress; the limit is 0",
    ),
    "reopen": Row(show_reopen, is_form_again),
    "words": Row(show_words, is_form_again, by("Juno"), NOT_YOURS),
    "apply": Row(show_apply, is_in_force, apply_as_former_admin, "Manage Server"),
    "history": Row(show_history, is_another_page, turn_as_former_admin, "Manage Server"),
    "blocked": Row(
        show_blocked, is_another_page, turn_as_former_moderator(show_blocked), "Manage Messages"
    ),
    "wordlist": Row(
        show_words_list,
        is_another_page,
        turn_as_former_moderator(show_words_list),
        "Manage Messages",
    ),
    "models": Row(show_models, is_another_page),
}

SENT_ONCE = {"shots", "form", "sharein", "remove"}  # or replaced by its answer


def spelt_in_sources() -> set[str]:
    """What follows the version in any custom id that the sources write or read."""
    files = [
        path for package in (bot, cogs) for path in Path(str(package.__path__[0])).rglob("*.py")
    ]
    assert len(files) > 100
    spelt = re.compile(r"(?:v1:|\{VERSION\})([a-z]+):")
    return {name for path in files for name in spelt.findall(path.read_text("utf-8"))}


def test_every_custom_id_has_a_row():
    assert spelt_in_sources() | set(Action) == set(ROWS)


@contextlib.asynccontextmanager
async def opened(studio: Studio, row: Row, numbers: Any) -> AsyncIterator[Scene]:
    studio.is_idle = row.idle
    studio.sandbox.nanogpt.service.overrides.generation_seconds = row.seconds
    channel = studio.people.channel("videos")
    async with studio.bot() as parts, contextlib.AsyncExitStack() as stack:
        offices = {}
        for name in PEOPLE:
            person = studio.people.person(name)
            watch = await stack.enter_async_context(person.watching())
            offices[name] = Office(person, channel, watch)
        await offices["Ada"].set("requests", limits="none")
        yield Scene(studio, parts, offices, numbers)
        assert await parts.stores.money.audit() == []


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", sorted(ROWS))
async def test_every_control_works_is_refused_to_others_and_works_after_a_restart(studio, name):
    row, numbers = ROWS[name], count(1)
    async with opened(studio, row, numbers) as scene:
        shown = await row.show(scene)
        if row.by_stranger is not None:
            tried, said = await row.by_stranger(scene, shown)
            assert row.refused in said["content"]
            assert not await row.is_done(scene, tried, said)
        shown = await row.show(scene) if name in SENT_ONCE else shown
        said = await use(scene, shown)
        assert await row.is_done(scene, shown, said), said["content"]
        left = await row.show(scene)
    async with opened(studio, row, numbers) as scene:
        said = await use(scene, left)
        assert await row.is_done(scene, left, said), said["content"]
