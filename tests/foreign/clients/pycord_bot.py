# mypy: ignore-errors
# py-cord is installed in an environment of its own; here its name would mean discord.py.
"""py-cord through everything that a bot does."""

import asyncio

import discord
from discord import ui
from discord_py_like import everything, video
from reporting import API, TOKEN, say, step, watch

discord.http.Route.API_BASE_URL = API
bot = discord.Bot(intents=discord.Intents.all())
started = []


class Form(ui.Modal):
    def __init__(self):
        super().__init__(title="Form", custom_id="form")
        self.add_item(ui.InputText(label="Words", custom_id="words"))

    async def callback(self, interaction):
        await interaction.response.send_message(f"wrote {self.children[0].value}", ephemeral=True)


class Panel(ui.View):
    @ui.button(label="Press", custom_id="press")
    async def press(self, _button, interaction):
        await interaction.response.edit_message(content="pressed")

    @ui.button(label="Ask", custom_id="ask")
    async def ask(self, _button, interaction):
        await interaction.response.send_modal(Form())

    @ui.string_select(
        custom_id="choose",
        options=[
            discord.SelectOption(label="A", value="a"),
            discord.SelectOption(label="B", value="b"),
        ],
    )
    async def choose(self, select, interaction):
        await interaction.response.send_message(f"chose {select.values[0]}", ephemeral=True)


async def suggest(_context):
    return ["fox"]


@bot.slash_command(name="video", description="Make a video")
@discord.option("words", str, autocomplete=suggest)
@discord.option("picture", discord.Attachment, required=False)
async def make(context, words, picture=None):
    await context.defer()
    await context.interaction.edit_original_response(
        content=f"made {words}", file=video(discord), view=Panel()
    )
    more = await context.followup.send("more", ephemeral=True, wait=True)
    await more.edit(content="even more")
    await more.delete()
    await context.interaction.original_response()


@bot.event
async def on_application_command_error(_context, error):
    say("interaction", repr(error))


@bot.event
async def on_error(event, *_more):
    say("unhandled", event)


@bot.event
async def on_resumed():
    say("resumed")


async def panel(videos):
    view = ui.DesignerView(
        ui.Container(
            ui.TextDisplay("A panel"),
            ui.MediaGallery(discord.MediaGalleryItem("attachment://b.png")),
            ui.Separator(),
            ui.File("attachment://c.txt"),
        )
    )
    return await videos.send(view=view, files=[video(discord, "b.png"), video(discord, "c.txt")])


@bot.event
async def on_ready():
    if started:
        return
    started.append(True)
    watch(asyncio.get_running_loop())
    async with step("register"):
        await bot.sync_commands()
    tag = discord.ForumTag(name="fox", emoji="🦊")
    await everything(discord, bot, emoji_tag=tag, panel=panel)
    say("done")


bot.run(TOKEN)
