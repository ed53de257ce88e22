"""Presets on the sandbox: saved, offered, used, refused, deleted, noted; also after a restart."""

import pytest

from bot.ids import GuildId, JobId, UserId
from cogs._shared.forms.presetting import open_preset_form
from tests.office import Office, card_of
from tests.studio import SHORT, opened_form

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
    assert refused["content"] == "This command needs the Manage Server permission."
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
    assert message["attachments"]  # the template, which was not lost


async def test_what_cannot_be_made_of_a_preset_is_said_and_costs_nothing(studio, ada, fern, videos):
    async with studio.bot() as parts, fern.watching() as watch, ada.watching() as admins:
        member, admin = Office(fern, videos, watch), Office(ada, videos, admins)
        await member.ask("preset save", **CLAY)
        missing = await member.ask("preset use", name="Cloy", prompt="a fox")
        taken = await member.ask("preset save", **CLAY | {"name": "Сlау"})  # noqa: RUF001
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

        async def open_form(_cog, interaction, model=None):
            await open_preset_form(interaction, await parts.stores.jobs.get(JobId(job.id)))

        create.create._callback = open_form
        form = await opened_form(watch, await fern.command(videos, "create"))
        fields = {"name": "Foxes", "template": "a fox, {prompt}"}
        sent = await fern.submit(form, fields)

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
    assert preset.request.prompt == "a fox, {prompt}"
