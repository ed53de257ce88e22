"""Presets on the sandbox: saved, offered, used, refused, deleted, noted; also after a restart."""

import pytest

from bot.catalog.request import Derivation
from bot.ids import GuildId, JobId, UserId
from cogs._shared.forms.presetting import open_preset_form
from tests.office import Office, card_of
from tests.people import Upload
from tests.pictures import picture
from tests.studio import SHORT, buttons_of, opened_form, settled_answer

CLAY = {"name": "Clay", "template": "claymation of {prompt}, soft light", **SHORT}


@pytest.fixture
def videos(studio):
    return studio.people.channel("videos")


async def test_a_preset_makes_a_video_of_other_words_also_after_a_restart(studio, fern, videos):
    async with studio.bot(), fern.watching() as watch:
        member = Office(fern, videos, watch)
        saved = await member.ask("preset save", **CLAY)
    async with studio.bot() as parts, fern.watching() as watch:
        member = Office(fern, videos, watch)
        offered = await fern.complete(videos, "preset use", {"name": "cl", "prompt": "x"}, "name")
        said = await member.ask("preset use", name="CLAY", prompt="a {prompt!r} fox")
        await studio.videos(watch)
        [job] = await parts.stores.jobs.list_ended(*who(studio, fern), 5)
        assert await parts.stores.money.audit() == []

    assert saved["content"] == "Saved “Clay”. You can use it with `/preset use`."
    assert offered == [{"name": "Clay", "value": "Clay"}]
    assert said["content"].startswith("🎬 Accepted")
    assert job.request.prompt == "claymation of a {prompt!r} fox, soft light"
    assert (job.request.duration_seconds, job.request.resolution) == (5, "480p")


def named(message, action):
    """The custom id of this kind on a message."""
    found = [one["custom_id"] for one in buttons_of(message)]
    return next(one for one in found if one.startswith(f"v1:{action}:"))


def who(studio, person):
    return GuildId(int(studio.people.guild["id"])), UserId(int(person.id))


async def test_a_servers_preset_is_for_everyone_and_in_the_audit_log(studio, ada, fern, videos):
    async with studio.bot() as parts, ada.watching() as admins, fern.watching() as members:
        admin, member = Office(ada, videos, admins), Office(fern, videos, members)
        assert (
            "Everyone here can" in (await admin.ask("preset save", **CLAY, server=True))["content"]
        )
        offered = await fern.complete(videos, "preset use", {"name": "", "prompt": "x"}, "name")
        own = await member.ask("preset save", **CLAY | {"template": "mine {prompt}"})
        listed = card_of(await member.ask("preset list"))["text"]
        assert "Deleted your" in (await member.ask("preset delete", name="clay"))["content"]
        refused = await member.ask("preset delete", name="clay")
        assert "Deleted the server's" in (await admin.ask("preset delete", name="Clay"))["content"]
        history = await parts.stores.policies.history(who(studio, fern)[0], 10)

    assert offered == [{"name": "Clay · this server's", "value": "Clay"}]
    assert own["content"].startswith("Saved “Clay”")
    assert listed.index("mine") < listed.index("claymation")
    assert (
        refused["content"]
        == "Deleting one of the server's presets needs the Manage Server permission."
    )
    assert [one.what for one in history] == ["preset deleted: Clay", "preset saved: Clay"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"template": "a fox"}, "The template has no `{prompt}`."),
        ({"template": "{prompt} {0}"}, "I can't fill in `{0}`."),
        ({"template": "{prompt!r} {prompt}"}, "I can't fill in `{prompt!r}`."),
        ({"name": "x" * 200}, "The name has 200 characters; the limit is 40."),
        ({"name": "@everyone"}, "Leave out @."),
        ({"model": "sora-1-retired"}, "There's no model `sora-1-retired`."),
        ({"duration": 7}, "not 7 s"),
        ({"template": "{prompt}" + "x" * 4000}, "The template has 4008 characters; the limit is 3000."),
    ],
)  # fmt: skip
async def test_a_preset_that_could_not_be_used_is_not_saved(studio, fern, videos, changed, said):
    async with studio.bot() as parts, fern.watching() as watch:
        message = await Office(fern, videos, watch).ask("preset save", **CLAY | changed)
        assert await parts.stores.presets.list_for(*who(studio, fern)) == []

    assert said in message["content"]
    assert "charged" not in message["content"]  # nothing ever is, for a preset
    assert message["attachments"]  # the template, which was not lost


async def test_what_cannot_be_made_of_a_preset_is_said_and_costs_nothing(studio, ada, fern, videos):
    async with studio.bot() as parts, fern.watching() as watch, ada.watching() as admins:
        member, admin = Office(fern, videos, watch), Office(ada, videos, admins)
        await member.ask("preset save", **CLAY)
        missing = await member.ask("preset use", name="Cloy", prompt="a fox")
        taken = await member.ask("preset save", **CLAY | {"name": "Сlау"})  # noqa: RUF001 - Cyrillic
        long = await member.ask("preset use", name="Clay", prompt="x" * 6000)
        await admin.set("models", action="allow", model="sora-2")
        denied = await member.ask("preset use", name="Clay", prompt="a fox")
        await admin.set("models", action="all")
        catalog = parts.client.services.catalog
        catalog.replace([one for one in catalog if one.model_id != SHORT["model"]])
        retired = await member.ask("preset use", name="Clay", prompt="a fox in the snow")
        listed = card_of(await member.ask("preset list"))["text"]
        assert await parts.stores.jobs.list_active() == []

    assert "There's no preset “Cloy”." in missing["content"]
    assert "one that looks like it, already" in taken["content"]
    assert "Shorten it by" in long["content"]
    assert "can't use" in denied["content"]
    assert (
        "The model of “Clay” is no longer available: `seedance-lite-video`." in retired["content"]
    )
    assert retired["attachments"]
    assert "no longer available" in listed
    assert studio.runs == []


async def test_a_video_becomes_a_preset_with_a_form(studio, fern, videos):
    """As a button under a video opens it; here by the form's own function."""
    async with studio.bot() as parts, fern.watching() as watch:
        member = Office(fern, videos, watch)
        await member.request()
        await studio.videos(watch)
        [job] = await parts.stores.jobs.list_ended(*who(studio, fern), 5)
        create = parts.client.get_cog("Create")

        async def open_form(_cog, interaction, model=None, preset=None):
            await open_preset_form(interaction, await parts.stores.jobs.get(JobId(job.id)))

        create.create._callback = open_form
        form = await opened_form(watch, await fern.command(videos, "create"))
        shown = {
            one["component"]["custom_id"]: one["component"] for one in form["modal"]["components"]
        }
        fields = {"name": "Foxes", "template": shown["template"]["value"]}
        sent = await fern.submit(form, fields)  # with nothing changed but the name

        def answered(kind, data):
            return (
                kind == "INTERACTION_RECORD"
                and data["id"] == sent["id"]
                and bool((data["message"] or {}).get("content"))
            )

        said = (await watch.until(answered))["message"]["content"]
        [preset] = await parts.stores.presets.list_for(*who(studio, fern))

    assert "Saved “Foxes”" in said
    assert preset.request.model_id == SHORT["model"]
    assert preset.request.prompt == "{prompt}, a fox running through snow"


def fields_of(form):
    """What a form is filled in with."""
    fields = [label["component"] for label in form["modal"]["components"]]
    return {one["custom_id"]: one for one in fields}


def chosen_in(field):
    return [one["value"] for one in field["options"] if one.get("default")]


CARTOON = {
    **CLAY,
    "name": "Cartoon",
    "template": "a cartoon of {prompt}",
    "resolution": "720p",
    "aspect_ratio": "9:16",
}


async def test_a_preset_fills_the_form_in_and_keeps_what_no_field_asks_for(studio, fern, videos):
    async with studio.bot(), fern.watching() as watch:
        await Office(fern, videos, watch).ask("preset save", **CARTOON)
        offered = await fern.complete(videos, "create", {"preset": "car"}, "preset")
        form = await opened_form(watch, await fern.command(videos, "create", {"preset": "cartoon"}))
    async with studio.bot() as parts, fern.watching() as watch:  # sent to a later process
        left = await answer_to(watch, await fern.submit(form, {}))
        again = await opened_form(watch, await fern.press(left, named(left, "reopen")))
        said = await answer_to(watch, await fern.submit(again, {"prompt": "a cartoon of a fox"}))
        await studio.videos(watch)
        [job] = await parts.stores.jobs.list_ended(*who(studio, fern), 5)

    filled = fields_of(form)
    assert offered == [{"name": "Cartoon", "value": "Cartoon"}]
    assert filled["prompt"]["value"] == "a cartoon of {prompt}"
    assert chosen_in(filled["model"]) == [SHORT["model"]]
    assert chosen_in(filled["length"]) == ["5"]
    assert chosen_in(filled["shape"]) == ["9:16"]
    assert "Replace `{prompt}` with your own words." in left["content"]
    assert said["content"].startswith("🎬 Accepted")
    request = job.request
    assert (request.prompt, request.model_id) == ("a cartoon of a fox", SHORT["model"])
    assert (request.resolution, request.aspect_ratio) == ("720p", "9:16")


async def answer_to(watch, record):
    """The private answer, whole, once it says something."""

    def answered(kind, data):
        return (
            kind == "INTERACTION_RECORD"
            and data["id"] == record["id"]
            and bool((data["message"] or {}).get("content"))
        )

    return (await watch.until(answered))["message"]


async def test_a_preset_that_cannot_fill_the_form_in_is_refused_before(studio, ada, fern, videos):
    async with studio.bot() as parts, fern.watching() as watch, ada.watching() as admins:
        member, admin = Office(fern, videos, watch), Office(ada, videos, admins)
        await member.ask("preset save", **CARTOON)
        missing = await member.ask("create", preset="Cartoons")
        await admin.set("models", action="allow", model="sora-2")
        denied = await member.ask("create", preset="Cartoon")
        await admin.set("models", action="all")
        other = await opened_form(
            watch,
            await fern.command(videos, "create", {"preset": "cartoon", "model": "seedance-video"}),
        )
        opened = await opened_form(
            watch, await fern.command(videos, "create", {"preset": "cartoon"})
        )
        await member.ask("preset delete", name="Cartoon")
        gone = await answer_to(watch, await fern.submit(opened, {"prompt": "my own words"}))
        catalog = parts.client.services.catalog
        await member.ask("preset save", **CARTOON)
        catalog.replace([one for one in catalog if one.model_id != SHORT["model"]])
        retired = await member.ask("create", preset="Cartoon")
        assert await parts.stores.jobs.list_active() == []

    assert "There's no preset “Cartoons”." in missing["content"]
    assert "can't use" in denied["content"]
    assert chosen_in(fields_of(other)["model"]) == ["seedance-video"]
    assert "This preset was deleted in the meantime." in gone["content"]
    assert gone["attachments"]
    assert "is no longer available: `seedance-lite-video`" in retired["content"]
    assert studio.runs == []


async def test_a_preset_is_used_on_a_video_with_its_words_and_its_pictures(studio, fern, videos):
    upload = Upload("fox.png", picture(size=(640, 360)), "image/png")
    async with studio.bot() as parts, fern.watching() as watch:
        member = Office(fern, videos, watch)
        options = {"prompt": "a fox {prompt}", **SHORT, "image": "attachment://0"}
        await settled_answer(fern, watch, await fern.command(videos, "video", options, upload))
        [video] = await studio.videos(watch)
        await watch.until(lambda kind, _data: kind == "MESSAGE_DELETE")
        bare = await answer_to(watch, await fern.press(video, named(video, "more")))
        await member.ask("preset save", **CARTOON)
        more = await answer_to(watch, await fern.press(video, named(video, "more")))
        select = next(one for one in buttons_of(more) if one["type"] == 3)
        mark = select["options"][0]["value"]
        form = await opened_form(watch, await fern.press(more, select["custom_id"], mark))
        said = await answer_to(watch, await fern.submit(form, {}))
        await studio.videos(watch, 2)
        ended = await parts.stores.jobs.list_ended(*who(studio, fern), 5)
        assert await parts.stores.money.audit() == []

    first, second = sorted(ended, key=lambda job: job.accepted_at)
    assert "withpreset" not in str(bare["components"])
    assert [one["label"] for one in select["options"]] == ["Cartoon"]
    assert fields_of(form)["prompt"]["value"] == "a cartoon of a fox {prompt}"
    assert said["content"].startswith("🎬 Accepted")
    assert second.request.prompt == "a cartoon of a fox {prompt}"
    assert second.request.image == first.request.image
    assert second.request.resolution == "720p"
    assert (second.request.parent.derivation, second.request.parent.job_id) == (
        Derivation.REMIX,
        first.id,
    )
