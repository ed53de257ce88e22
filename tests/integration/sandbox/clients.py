"""A real discord.py bot for tests, pointed at the sandbox, and put back afterwards."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import discord
import yarl
from discord import app_commands

from sandbox.app import Sandbox
from sandbox.tasks import TaskOwner


@asynccontextmanager
async def pointed_at(sandbox: Sandbox) -> AsyncIterator[None]:
    """Make discord.py call the sandbox while the block runs."""
    route, socket = discord.http.Route, discord.gateway.DiscordWebSocket
    before = route.BASE, socket.DEFAULT_GATEWAY
    route.BASE = sandbox.environment()["DISCORD_API_URL"]
    socket.DEFAULT_GATEWAY = yarl.URL(sandbox.environment()["DISCORD_GATEWAY_URL"])
    try:
        yield
    finally:
        route.BASE, socket.DEFAULT_GATEWAY = before


class Options(discord.ui.Modal, title="Options"):
    """Words, a choice and pictures."""

    words: Any = discord.ui.Label(text="Words", component=discord.ui.TextInput(custom_id="words"))
    style: Any = discord.ui.Label(
        text="Style",
        component=discord.ui.Select(
            custom_id="style",
            options=[discord.SelectOption(label="Video"), discord.SelectOption(label="Cartoon")],
        ),
    )
    pictures: Any = discord.ui.Label(
        text="Pictures", component=discord.ui.FileUpload(custom_id="pictures", max_values=2)
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        found = {
            "words": self.words.component.value,
            "style": self.style.component.values,
            "pictures": [(await item.read()).decode() for item in self.pictures.component.values],
        }
        await interaction.response.send_message(json.dumps(found), ephemeral=True)


class Panel(discord.ui.View):
    """A button that changes the message, one that asks, and a select that answers late."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="Change", custom_id="change")
    async def change(self, interaction: discord.Interaction, _button: Any) -> None:
        await interaction.response.edit_message(content="changed", view=None)

    @discord.ui.button(label="Ask", custom_id="ask")
    async def ask(self, interaction: discord.Interaction, _button: Any) -> None:
        await interaction.response.send_modal(Options())

    @discord.ui.select(cls=discord.ui.ChannelSelect, custom_id="channel")
    async def choose(
        self, interaction: discord.Interaction, select: discord.ui.ChannelSelect[Any]
    ) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content=f"chose {select.values[0].name}")


class Reel(discord.Client):
    """A small bot with one of everything; `heard` keeps what it was told, in order."""

    def __init__(self) -> None:
        intents = discord.Intents.none()
        intents.guilds = intents.guild_messages = intents.guild_reactions = True
        intents.message_content = True
        super().__init__(intents=intents, max_messages=None, guild_ready_timeout=0.1)
        self.tree = app_commands.CommandTree(self)
        self.heard: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self.up = asyncio.Event()
        _add_commands(self.tree)

    async def setup_hook(self) -> None:
        await self.tree.sync()
        await self.tree.sync()

    async def on_ready(self) -> None:
        self.up.set()

    async def on_resumed(self) -> None:
        self.heard.put_nowait(("resumed", ""))

    async def on_message(self, message: discord.Message) -> None:
        self.heard.put_nowait((message.author.name, message.content))

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        who = payload.member.name if payload.member else "?"
        self.heard.put_nowait((who, str(payload.emoji)))


def _add_commands(tree: app_commands.CommandTree[Reel]) -> None:
    async def video(
        interaction: discord.Interaction[Reel],
        words: app_commands.Range[str, 1, 100],
        picture: discord.Attachment | None = None,
    ) -> None:
        """Make a video."""
        await interaction.response.defer()
        seen = len(await picture.read()) if picture else 0
        file = discord.File(io.BytesIO(b"frames"), "video.mp4")
        await interaction.followup.send(f"{words} {seen}", file=file, view=Panel())

    async def complete(
        _interaction: discord.Interaction[Reel], typed: str
    ) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=f"{typed}!", value=f"{typed}!")]

    async def animate(interaction: discord.Interaction[Reel], message: discord.Message) -> None:
        names = [item.filename for item in message.attachments]
        await interaction.response.send_message(", ".join(names), ephemeral=True)

    command: app_commands.Command[Any, ..., None] = app_commands.Command(
        name="video", description="Make a video", callback=video
    )
    command.autocomplete("words")(complete)
    tree.add_command(command)
    tree.add_command(app_commands.ContextMenu(name="Animate", callback=animate))


@asynccontextmanager
async def running_bot(sandbox: Sandbox) -> AsyncIterator[Reel]:
    """The bot, logged in and ready, until the block ends."""
    async with pointed_at(sandbox), TaskOwner() as tasks, Reel() as bot:
        running = tasks.start(bot.start(sandbox.discord.world.application.token), name="bot")
        ready = tasks.start(bot.up.wait(), name="ready")
        await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
        assert not running.done(), running.exception()
        yield bot
