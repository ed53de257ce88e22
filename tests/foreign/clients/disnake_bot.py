# mypy: ignore-errors
# disnake is installed in an environment of its own, so its types are not here to be checked.
"""disnake through everything that a bot does."""

import asyncio

import disnake
from discord_py_like import everything, video
from disnake import ui
from disnake.ext import commands
from reporting import API, TOKEN, say, step, watch

disnake.http.Route.BASE = API
bot = commands.InteractionBot(intents=disnake.Intents.all())
started = []


class Panel(ui.View):
    @ui.button(label="Press", custom_id="press")
    async def press(self, _button, interaction):
        await interaction.response.edit_message(content="pressed")

    @ui.button(label="Ask", custom_id="ask")
    async def ask(self, _button, interaction):
        words = ui.TextInput(label="Words", custom_id="words")
        await interaction.response.send_modal(title="Form", custom_id="form", components=[words])

    @ui.string_select(custom_id="choose", options={"A": "a", "B": "b"})
    async def choose(self, select, interaction):
        await interaction.response.send_message(f"chose {select.values[0]}", ephemeral=True)


async def suggest(_interaction, _typed):
    return ["fox"]


@bot.slash_command(name="video", description="Make a video")
async def make(
    interaction,
    words: str = commands.Param(autocomplete=suggest),
    picture: disnake.Attachment = None,
):
    await interaction.response.defer()
    await interaction.edit_original_response(
        content=f"made {words}", file=video(disnake), view=Panel()
    )
    more = await interaction.followup.send("more", ephemeral=True, wait=True)
    await more.edit(content="even more")
    await more.delete()
    await interaction.original_response()


@bot.event
async def on_modal_submit(interaction):
    await interaction.response.send_message(
        f"wrote {interaction.text_values['words']}", ephemeral=True
    )


@bot.event
async def on_slash_command_error(_interaction, error):
    say("interaction", repr(error))


@bot.event
async def on_error(event, *_more):
    say("unhandled", event)


@bot.event
async def on_resumed():
    say("resumed")


async def panel(videos):
    container = ui.Container(
        ui.TextDisplay("A panel"),
        ui.MediaGallery(disnake.MediaGalleryItem("attachment://b.png")),
        ui.Separator(),
        ui.File("attachment://c.txt"),
    )
    files = [video(disnake, "b.png"), video(disnake, "c.txt")]
    return await videos.send(components=[container], files=files)


@bot.event
async def on_ready():
    if started:
        return
    started.append(True)
    watch(asyncio.get_running_loop())
    async with step("register"):
        while not await bot.fetch_global_commands():  # noqa: ASYNC110 - disnake registers them beside this
            await asyncio.sleep(0.1)  # noqa: TID251 - a real client's real time
    tag = disnake.ForumTag(name="fox", emoji="🦊")
    await everything(disnake, bot, emoji_tag=tag, panel=panel)
    say("done")


bot.run(TOKEN)
