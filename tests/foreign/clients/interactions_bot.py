# mypy: ignore-errors
# interactions.py is installed in an environment of its own, so its types are not here.
"""interactions.py through everything that a bot does."""

import asyncio
import io

import interactions as ipy
from interactions.api.http.route import Route
from reporting import API, FORUM, GUILD, TOKEN, VIDEOS, VOICE, absent, say, step, watch

Route.BASE = API
bot = ipy.Client(intents=ipy.Intents.ALL, sync_interactions=False, send_command_tracebacks=False)
started = []


def video(name="video.mp4"):
    return ipy.File(io.BytesIO(b"frames"), file_name=name)


def rows():
    return [
        ipy.ActionRow(
            ipy.Button(style=ipy.ButtonStyle.PRIMARY, label="Press", custom_id="press"),
            ipy.Button(style=ipy.ButtonStyle.SECONDARY, label="Ask", custom_id="ask"),
        ),
        ipy.ActionRow(
            ipy.StringSelectMenu(
                ipy.StringSelectOption(label="A", value="a"),
                ipy.StringSelectOption(label="B", value="b"),
                custom_id="choose",
            )
        ),
    ]


@ipy.slash_command(name="video", description="Make a video")
@ipy.slash_option("words", "Words", ipy.OptionType.STRING, required=True, autocomplete=True)
@ipy.slash_option("picture", "A picture", ipy.OptionType.ATTACHMENT)
async def make(context, words, picture=None):
    await context.defer()
    await context.send(f"made {words}", files=[video()], components=rows())
    more = await context.send("more", ephemeral=True)
    await context.edit(more, content="even more")
    await context.delete(more)


@make.autocomplete("words")
async def suggest(context):
    await context.send(choices=[{"name": "fox", "value": "fox"}])


@ipy.component_callback("press")
async def press(context):
    await context.edit_origin(content="pressed")


@ipy.component_callback("ask")
async def ask(context):
    words = ipy.ShortText(label="Words", custom_id="words")
    await context.send_modal(ipy.Modal(words, title="Form", custom_id="form"))


@ipy.component_callback("choose")
async def choose(context):
    await context.send(f"chose {context.values[0]}", ephemeral=True)


@ipy.modal_callback("form")
async def form(context, words):
    await context.send(f"wrote {words}", ephemeral=True)


@ipy.listen(ipy.events.Error, disable_default_listeners=True)
async def on_problem(event):
    say("unhandled", f"{event.source}: {event.error!r}")


@ipy.listen(ipy.events.Resume)
async def on_resumed(_event):
    say("resumed")


@ipy.listen(ipy.events.Ready)
async def on_ready_again(_event):
    say("resumed-or-ready")


@ipy.listen(ipy.events.Startup)
async def on_startup(_event):
    watch(asyncio.get_running_loop())
    guild = await bot.fetch_guild(GUILD)
    videos = await bot.fetch_channel(VIDEOS)
    async with step("fetch"):
        await guild.fetch_channels()
        await guild.fetch_member(bot.user.id)
        await bot.http.list_members(GUILD, limit=100)
        await bot.http.get_roles(GUILD)
        await guild.fetch_all_custom_emojis()
        await guild.fetch_active_threads()
        await bot.http.get_user_guilds()
    async with step("register"):
        await bot.synchronise_interactions()
        await bot.http.get_application_commands(bot.app.id, 0)
    message = None
    async with step("message"):
        embed = ipy.Embed(title="One").add_field("a", "b")
        message = await videos.send("hello", embeds=embed)
        assert await videos.fetch_messages(limit=10)
    async with step("edit"):
        await message.edit(content="edited")
    async with step("upload"):
        embed = ipy.Embed(title="One").set_image("attachment://a.png")
        sent = await videos.send(embeds=embed, files=[video("a.png")])
        assert not sent.attachments
    async with step("v2"):
        panel = ipy.ContainerComponent(
            ipy.TextDisplayComponent("A panel"),
            ipy.MediaGalleryComponent(
                items=[ipy.MediaGalleryItem(media=ipy.UnfurledMediaItem(url="attachment://b.png"))]
            ),
            ipy.SeparatorComponent(divider=True),
            ipy.FileComponent(file=ipy.UnfurledMediaItem(url="attachment://c.txt")),
        )
        sent = await videos.send(components=[panel], files=[video("b.png"), video("c.txt")])
        assert not sent.attachments
    async with step("reaction"):
        await message.add_reaction("🎬")
        assert await message.fetch_reaction("🎬")
        await message.remove_reaction("🎬")
        await message.clear_all_reactions()
    async with step("thread"):
        thread = await message.create_thread(name="About it")
        await thread.send("in it")
        await thread.fetch_members()
        await thread.archive()
        await videos.fetch_archived_threads()
        await thread.edit(archived=False)
        await thread.delete()
    async with step("forum"):
        forum = await bot.fetch_channel(FORUM)
        await forum.edit(available_tags=[{"name": "fox", "emoji_name": "🦊"}])
        forum = await bot.fetch_channel(FORUM, force=True)
        post = await forum.create_post(
            "A post", content="opening", applied_tags=[forum.available_tags[0]], files=[video()]
        )
        assert post.parent_id == FORUM
    async with step("pin"):
        await message.pin()
        pins = videos.fetch_pinned_messages()
        found = [item async for item in pins] if hasattr(pins, "__aiter__") else await pins
        assert len(found) == 1
        await message.unpin()
    async with step("delete"):
        await message.delete()
    async with step("voice"):
        told = asyncio.ensure_future(bot.wait_for("raw_voice_state_update", timeout=10))  # noqa: TID251 - no task of ours
        await asyncio.sleep(0.1)  # noqa: TID251 - a real client's real time
        gateway = bot.get_guild_websocket(GUILD)
        await gateway.voice_state_update(GUILD, VOICE)
        await told
        await gateway.voice_state_update(GUILD, None)
    absent("soundboard", "interactions.py knows no soundboard")
    async with step("ratelimit"):
        await asyncio.gather(*(videos.send(f"burst {n}") for n in range(7)))
    say("done")


bot.start(TOKEN)
