"""The discord.py client: what it listens to, where it connects, and when commands are synced.

It identifies with no privileged intent. Whether messages come with their pictures is decided by
the portal's Message Content switch alone, for REST as well, and 🎬 reads its message by REST.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import discord
import yarl
from discord import app_commands
from discord.ext import commands

from bot.domain.catalogue import Catalogue
from bot.errors import ClientEndedError
from bot.ports import Clock, ImageStore, JobStore
from bot.services.administering import Administering
from bot.services.budgeting import Budgeting
from bot.services.cancelling import Cancelling
from bot.services.governing import Governing
from bot.services.inquiring import Inquiring
from bot.services.offering import Offering
from bot.services.quoting import Quoting
from bot.services.showing import Showing
from bot.services.substituting import Substituting

_log = logging.getLogger(__name__)

PERMISSIONS = discord.Permissions(  # the least that it needs in a server
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    embed_links=True,
    attach_files=True,
    read_message_history=True,
)
SCOPES = ("bot", "applications.commands")
BAD_TOKEN = 4004  # the gateway's close code, after a token was replaced while the bot ran
_RECONNECTING = ("discord.client", "discord.shard")  # the loggers that tell of a lost gateway


@dataclass(frozen=True, slots=True)
class Services:
    """What the cogs may use."""

    catalogue: Catalogue
    quoting: Quoting
    offering: Offering
    substituting: Substituting
    administering: Administering
    budgeting: Budgeting
    governing: Governing
    cancelling: Cancelling
    showing: Showing
    inquiring: Inquiring
    images: ImageStore
    jobs: JobStore
    clock: Clock


def point_at(api_url: str | None, gateway_url: str | None, cdn_url: str | None) -> None:
    """Send discord.py elsewhere than to Discord itself, for the whole process.

    All three are public class attributes of discord.py 2.7, read at every request.
    """
    if api_url is not None:
        discord.http.Route.BASE = api_url.rstrip("/")
    if gateway_url is not None:
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)
    if cdn_url is not None:
        discord.Asset.BASE = cdn_url.rstrip("/")


def invitation(application_id: int) -> str:
    """The link that adds the bot to a server, with the least permissions."""
    return discord.utils.oauth_url(application_id, permissions=PERMISSIONS, scopes=SCOPES)


class Client(commands.AutoShardedBot):
    """One bot user on as many shards as Discord asks for.

    `extensions` are the modules of the cogs; `ready` is set while the gateway is connected.
    """

    def __init__(self, services: Services, extensions: Sequence[str]) -> None:
        intents = discord.Intents.none()
        intents.guilds = True
        intents.guild_reactions = True
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=intents,
            max_messages=None,
            allowed_mentions=discord.AllowedMentions.none(),
            guild_ready_timeout=0.5,  # servers beyond the first half second still arrive by event
        )
        for name in _RECONNECTING:
            logging.getLogger(name).addFilter(_retell_reconnect)
        self.services = services
        self.reachable = asyncio.Event()
        self._wanted = tuple(extensions)
        self._is_leaving = False

    async def start(self, token: str, *, reconnect: bool = True) -> None:
        """May be called again after it failed; leaves no connection open. Returns after `leave`.

        Raises ConnectionError where Discord cannot be reached or is down, LoginFailure where it
        refuses the token, ClientEndedError where discord.py gave up: then only a new one helps.
        """
        try:
            await super().start(token, reconnect=reconnect)
        except Exception as error:
            if self._is_leaving:  # discord.py then fails at whatever it was just doing
                return
            told = self._in_our_words(error)
            if told is error:
                raise
            raise told from error
        finally:
            await self.http.close()
            self.http.connector = (
                discord.utils.MISSING
            )  # it is closed too; the next start makes one

    async def leave(self) -> None:
        """Close it for good, also while it starts."""
        self._is_leaving = True
        await self.close()

    def _in_our_words(self, error: Exception) -> Exception:
        """discord.py closes the client itself for what it holds to be no passing trouble."""
        if isinstance(error, discord.ConnectionClosed) and error.code == BAD_TOKEN:
            return discord.LoginFailure(str(error))
        if isinstance(error, discord.LoginFailure | discord.PrivilegedIntentsRequired):
            return error
        if self.is_closed():
            return ClientEndedError(f"{type(error).__name__}: {error}")
        if isinstance(error, OSError | discord.DiscordServerError):
            return ConnectionError(f"Discord cannot be reached: {error}")
        return error

    async def setup_hook(self) -> None:
        for extension in self._wanted:
            if extension not in self.extensions:  # it is, after a start that failed
                await self.load_extension(extension)
        if not list(self.services.catalogue):
            hint = "set NANOGPT_API_KEY or NANOPHOTO_API_KEY; until then no film can be made"
            _log.warning("no_video_service", extra={"hint": hint})
        await sync_commands(self.tree, self.services.jobs, str(self.application_id))
        flags = self.application_flags
        if not (flags.gateway_message_content or flags.gateway_message_content_limited):
            _log.warning(
                "message_content_is_off",
                extra={"hint": "🎬 on a picture needs the Message Content switch in the portal"},
            )

    async def on_ready(self) -> None:
        self.reachable.set()
        _log.info("discord_ready", extra={"user": str(self.user), "guilds": len(self.guilds)})

    async def on_resumed(self) -> None:
        self.reachable.set()

    async def on_disconnect(self) -> None:
        self.reachable.clear()


def _retell_reconnect(record: logging.LogRecord) -> bool:
    """That discord.py connects again by itself is news and no bug: one line, no traceback."""
    error = record.exc_info[1] if record.exc_info else None
    if error is not None and str(record.msg).startswith("Attempting a"):
        record.msg = f"{record.getMessage()} ({type(error).__name__}: {error})"
        record.args, record.exc_info, record.exc_text = (), None, None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True


async def sync_commands(
    tree: app_commands.CommandTree[Any], notes: JobStore, application: str
) -> bool:
    """Register the commands if they are not what was registered last; True if it did.

    What was *sent* is compared, not what Discord answers, which normalises texts. Discord is
    asked only for the names, so that commands that somebody removed come back.
    """
    payload = [command.to_dict(tree) for command in tree.get_commands()]
    text = json.dumps(payload, sort_keys=True, default=str)
    digest = hashlib.sha256(text.encode()).hexdigest()
    name = f"commands_digest:{application}"
    registered = {command.name for command in await tree.fetch_commands()}
    unchanged = await notes.get_note(name) == digest
    if unchanged and registered == {command["name"] for command in payload}:
        return False
    await tree.sync()
    await notes.set_note(name, digest)
    _log.info("commands_synced", extra={"commands": len(payload)})
    return True
