# mypy: ignore-errors
# The libraries that use this are installed in environments of their own.
"""What discord.py, py-cord and disnake have in common."""

import asyncio
import io

from reporting import FORUM, GUILD, VIDEOS, VOICE, step

_DEFAULT_SOUNDS = (
    "fetch_soundboard_default_sounds", "fetch_default_soundboard_sounds", "fetch_default_sounds",
)  # fmt: skip
_GUILD_SOUNDS = ("fetch_soundboard_sounds", "fetch_sounds")


def _first_of(thing, names):
    """The method by the name that this library gives it."""
    return next(getattr(thing, name) for name in names if hasattr(thing, name))


def video(library, name="video.mp4"):
    return library.File(io.BytesIO(b"frames"), name)


async def everything(library, client, *, emoji_tag, panel):
    """All steps that no person takes part in; `panel` sends a message of the new components."""
    videos, guild = client.get_channel(VIDEOS), client.get_guild(GUILD)
    async with step("fetch"):
        await client.fetch_guild(GUILD)
        await guild.fetch_channels()
        assert len([member async for member in guild.fetch_members()]) == 5
        await guild.fetch_roles()
        await guild.fetch_emojis()
        await client.application_info()
        await guild.active_threads()
        await client.fetch_user(client.user.id)
    message = None
    async with step("message"):
        embed = library.Embed(title="One").add_field(name="a", value="b")
        message = await videos.send("hello", embed=embed)
        assert [item async for item in videos.history(limit=10)]
    async with step("edit"):
        await message.edit(content="edited")
    async with step("upload"):
        embed = library.Embed(title="One").set_image(url="attachment://a.png")
        sent = await videos.send(embed=embed, file=video(library, "a.png"))
        assert not sent.attachments
    async with step("v2"):
        sent = await panel(videos)
        assert not sent.attachments
    async with step("reaction"):
        await message.add_reaction("🎬")
        read = await videos.fetch_message(message.id)
        assert [user async for user in read.reactions[0].users()]
        await message.remove_reaction("🎬", client.user)
        await message.clear_reactions()
    async with step("thread"):
        thread = await message.create_thread(name="About it", auto_archive_duration=60)
        await thread.send("in it")
        await thread.fetch_members()
        await thread.edit(archived=True)
        assert [item async for item in videos.archived_threads()]
        await thread.edit(archived=False)
        await thread.delete()
    async with step("forum"):
        forum = client.get_channel(FORUM)
        forum = await forum.edit(available_tags=[emoji_tag]) or forum
        tags = forum.available_tags
        post = await forum.create_thread(
            name="A post", content="opening", file=video(library, "d.png"), applied_tags=tags[:1]
        )
        post = getattr(post, "thread", post)
        assert len(post.applied_tags) == 1
        await post.edit(applied_tags=[])
    async with step("pin"):
        await message.pin()
        found = videos.pins()
        pins = [item async for item in found] if hasattr(found, "__aiter__") else await found
        assert len(pins) == 1
        await message.unpin()
    async with step("delete"):
        await message.delete()
    async with step("voice"):
        voice = client.get_channel(VOICE)
        told = asyncio.ensure_future(  # noqa: TID251 - no task of ours
            client.wait_for("voice_state_update", timeout=10)
        )
        await asyncio.sleep(0.1)  # noqa: TID251 - a real client's real time
        await guild.change_voice_state(channel=voice)
        assert (await told)[2].channel == voice
        await guild.change_voice_state(channel=None)
    async with step("soundboard"):
        assert await _first_of(client, _DEFAULT_SOUNDS)()
        await _first_of(guild, _GUILD_SOUNDS)()
    async with step("ratelimit"):
        await asyncio.gather(*(videos.send(f"burst {n}") for n in range(7)))
