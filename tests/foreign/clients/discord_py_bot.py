# mypy: ignore-errors
# Its helper is for libraries that are installed elsewhere, and untyped for that.
"""discord.py, with which the bot itself is made, through everything that a bot does."""

import asyncio

import discord
import yarl
from discord import app_commands, ui
from discord_py_like import everything, video
from reporting import API, GATEWAY, TOKEN, say, step, watch

discord.http.Route.BASE = API
discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(GATEWAY)
started = []


class Bot(discord.Client):
    async def on_ready(self):
        if started:
            return
        started.append(True)
        watch(asyncio.get_running_loop())
        async with step("register"):
            await tree.sync()
            await tree.fetch_commands()
        tag = discord.ForumTag(name="fox", emoji="🦊")
        await everything(discord, self, emoji_tag=tag, panel=panel)
        say("done")

    async def on_resumed(self):
        say("resumed")

    async def on_error(self, event, *_more):
        say("unhandled", event)


bot = Bot(intents=discord.Intents.all())
tree = app_commands.CommandTree(bot)


class Form(ui.Modal, title="Form"):
    words = ui.TextInput(label="Words", custom_id="words")

    async def on_submit(self, interaction):
        await interaction.response.send_message(f"wrote {self.words.value}", ephemeral=True)


class Panel(ui.View):
    @ui.button(label="Press", custom_id="press")
    async def press(self, interaction, _button):
        await interaction.response.edit_message(content="pressed")

    @ui.button(label="Ask", custom_id="ask")
    async def ask(self, interaction, _button):
        await interaction.response.send_modal(Form())

    @ui.select(
        custom_id="choose",
        options=[
            discord.SelectOption(label="A", value="a"),
            discord.SelectOption(label="B", value="b"),
        ],
    )
    async def choose(self, interaction, select):
        await interaction.response.send_message(f"chose {select.values[0]}", ephemeral=True)


@tree.command(name="video", description="Make a video")
async def make(
    interaction: discord.Interaction, words: str, picture: discord.Attachment | None = None
):
    await interaction.response.defer()
    await interaction.edit_original_response(
        content=f"made {words}", attachments=[video(discord)], view=Panel()
    )
    more = await interaction.followup.send("more", ephemeral=True, wait=True)
    await more.edit(content="even more")
    await more.delete()
    await interaction.original_response()


@make.autocomplete("words")
async def suggest(_interaction, _typed):
    return [app_commands.Choice(name="fox", value="fox")]


@tree.error
async def on_command_error(_interaction, error):
    say("interaction", repr(error))


async def panel(videos):
    view = ui.LayoutView()
    view.add_item(
        ui.Container(
            ui.TextDisplay("A panel"),
            ui.MediaGallery(discord.MediaGalleryItem("attachment://b.png")),
            ui.Separator(),
            ui.File("attachment://c.txt"),
        )
    )
    return await videos.send(view=view, files=[video(discord, "b.png"), video(discord, "c.txt")])


bot.run(TOKEN, log_handler=None)
