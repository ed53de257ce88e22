"""Moderation in a server, as its admin, its moderator, a member and a blocked member meet it."""

from bot.presentation.widgets import raw_row_of
from tests.integration.test_every_command import MEMBERS
from tests.office import Office, card_of
from tests.people import Upload
from tests.pictures import picture
from tests.studio import FOX, buttons_of, opened_form, settled_answer

BLOCKED = "The moderators of this server don't let you use me here."
BUTTON, MOST_BUTTONS_OF_A_ROW = 2, 5
MENUS = {"Remix video", "Extend video", "Report", "Details", "Animate"}


async def test_a_blocked_member_is_refused_everywhere_until_a_moderator_lets_them_in(
    studio, ada, fern
):
    max_, videos = studio.people.person("Max"), studio.people.channel("videos")
    studio.is_idle = True
    async with studio.bot(), max_.watching() as by_max, fern.watching() as by_fern:
        moderator, member = Office(max_, videos, by_max), Office(fern, videos, by_fern)
        assert "Accepted" in await member.request()
        waiting = await by_fern.until(
            lambda kind, data: kind == "MESSAGE_CREATE" and "Queued" in str(data["embeds"])
        )

        refused = await moderator.ask("moderation block", member=ada.id)
        assert "is a moderator here" in refused["content"]
        refused = await moderator.ask("moderation block", member=max_.id)
        assert "is a moderator here" in refused["content"]
        told = await moderator.ask(
            "moderation block", member=fern.id, reason="rude", in_progress="cancel"
        )
        assert "I cancelled their 1 video in progress." in told["content"]
        await by_fern.until(
            lambda kind, data: (
                kind == "MESSAGE_UPDATE"
                and data["id"] == waiting["id"]
                and "Cancelled" in str(data["embeds"])
            )
        )

        message = await fern.say(videos, "", Upload("a.png", picture(), "image/png"))
        for name in sorted(set(MEMBERS) - MENUS):
            options = _options(name, max_.id)
            record = await fern.command(videos, name, options)
            assert await settled_answer(fern, by_fern, record) == BLOCKED, name
        for name in sorted(MENUS):
            record = await fern.menu(videos, name, message["id"])
            assert await settled_answer(fern, by_fern, record) == BLOCKED, name
        await fern.react(message, "🎬")
        await by_fern.until(
            lambda kind, data: (
                kind == "MESSAGE_CREATE" and data["content"] == f"<@{fern.id}> {BLOCKED}"
            )
        )
        assert studio.runs == []

        listed = card_of(await moderator.ask("moderation blocked"))["text"]
        assert f"<@{fern.id}>" in listed
        assert "rude" in listed
        await moderator.ask("moderation unblock", member=fern.id)
        assert "Accepted" in await member.request()
    async with studio.bot(), ada.watching() as by_ada:
        history = card_of(await Office(ada, videos, by_ada).ask("quota-admin history"))["text"]
    assert f"<@{max_.id}> · blocked <@{fern.id}>, their open videos cancelled: rude" in history
    assert f"<@{max_.id}> · unblocked <@{fern.id}>" in history


async def test_a_blocked_member_uses_no_button_or_form_new_or_old(studio, fern):
    """One of each kind that stands around when the block comes, and one that no version spells now."""
    max_, videos = studio.people.person("Max"), studio.people.channel("videos")
    async with studio.bot() as parts, max_.watching() as by_max, fern.watching() as by_fern:
        moderator, member = Office(max_, videos, by_max), Office(fern, videos, by_fern)
        assert "Accepted" in await member.request()
        [video] = await studio.videos(by_fern)
        under = [one["custom_id"] for one in buttons_of(video)]
        pressed = await fern.press(video, next(one for one in under if ":more:" in one))
        await settled_answer(fern, by_fern, pressed)
        more = (await fern.interaction(pressed))["message"] | {"channel_id": videos}
        form = await opened_form(by_fern, await fern.command(videos, "create"))
        page = await member.ask("models list") | {"channel_id": videos}
        channel = parts.client.get_partial_messageable(int(videos))
        old = await channel.send("old", view=raw_row_of([("Old", "v0:old:1"), ("Odd", "odd")]))
        stale = {"id": str(old.id), "channel_id": videos}

        told = await moderator.ask("moderation block", member=fern.id)
        assert "Their videos in progress go on." in told["content"]

        controls = [(video, one) for one in under]
        controls += [(more, one["custom_id"]) for one in buttons_of(more) if one["type"] == BUTTON]
        assert len(_enabled(page)) > 0
        controls += [(page, one) for one in _enabled(page)]
        controls += [(stale, "v0:old:1"), (stale, "odd")]
        assert len(controls) > MOST_BUTTONS_OF_A_ROW * 2
        for message, custom_id in controls:
            record = await fern.press(message, custom_id)
            assert await settled_answer(fern, by_fern, record) == BLOCKED, custom_id
        sent = await fern.submit(form, {"prompt": "a fox"})
        assert await settled_answer(fern, by_fern, sent) == BLOCKED
        assert len(studio.runs) == 1


async def test_a_word_is_refused_at_every_door_and_never_repeated_in_public(studio, fern):
    """By command, form, storyboard and 🎬, whose prompt is the bot's own."""
    max_, videos = studio.people.person("Max"), studio.people.channel("videos")
    async with studio.bot(), max_.watching() as by_max, fern.watching() as by_fern:
        moderator, member = Office(max_, videos, by_max), Office(fern, videos, by_fern)
        told = await moderator.ask("moderation words add", words="Gore, natural motion, gore")
        assert told["content"].startswith(
            "Added 2 words to the list, which has 2 of 1,000. 1 was there already."
        )
        assert "gore" not in str(await fern.read(videos)).casefold()

        form = await opened_form(by_fern, await fern.command(videos, "create"))
        board = await opened_form(by_fern, await fern.command(videos, "storyboard"))
        sent = [
            await fern.submit(form, {"prompt": "a fox, g0re"}),
            await fern.submit(board, {"shots": "a fox\na g.o.r.e bear"}),
        ]
        said = [await settled_answer(fern, by_fern, one) for one in sent]
        said.append(await member.request(prompt="G\u043ere and a fox"))
        for text in said:
            assert "This server's moderators don't allow “Gore” in prompts." in text
            assert text.count("Nothing was charged.") == 1
            assert "/moderation" not in text
        by_moderator = await moderator.request(prompt="gore")
        assert "`/moderation words remove`" in by_moderator

        message = await fern.say(videos, "", Upload("a.png", picture(), "image/png"))
        await fern.react(message, "🎬")
        public = await by_fern.until(
            lambda kind, data: kind == "MESSAGE_CREATE" and "don't allow" in data["content"]
        )
        assert "don't allow a word in this prompt" in public["content"]
        assert "natural motion" not in public["content"].casefold()
        assert studio.runs == []

        await moderator.ask("moderation words remove", word="GORE")
        assert "Accepted" in await member.request(prompt="gore")


def _enabled(message):
    return [one["custom_id"] for one in buttons_of(message) if not one.get("disabled")]


def _options(name, someone):
    given = {
        "video": FOX,
        "preset save": {"name": "Noir", "template": "noir {prompt}"},
        "preset use": {"name": "Noir", "prompt": "a fox"},
        "preset delete": {"name": "Noir"},
        "show": {"video": "aaaaaaaaaaaaaaaa"},
        "quota gift": {"member": someone, "dollars": "1"},
        "models compare": {"model_1": "a", "model_2": "b"},
    }
    return given.get(name, {})
