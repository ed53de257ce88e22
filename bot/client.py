"""The discord.py client: its events, its connection, and command syncing.

It identifies with no privileged intent. Whether messages come with their pictures depends only on
the portal's Message Content switch, for REST as well, and 🎬 reads its message by REST.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import aiohttp
import discord
import yarl
from discord import app_commands
from discord.ext import commands

from bot.delivery.leases import ensure_lease, lease_is_held, pass_fence
from bot.errors import ClientEndedError, MessageHeldError
from bot.gateway import GatewayPace, SessionStarts
from bot.ids import ChannelId
from bot.jobs.stores import KeyValueStore
from bot.presentation import discord_errors
from bot.services import Services

_log = logging.getLogger(__name__)

PERMISSIONS = discord.Permissions(  # the minimum in a server
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    embed_links=True,
    attach_files=True,
    read_message_history=True,
)
SCOPES = ("bot", "applications.commands")
BAD_TOKEN = 4004  # the gateway's close code after a token was replaced while the bot ran
LONGEST_RATE_LIMIT_SECONDS = 30.0  # discord.py waits this out; beyond, it raises RateLimited
READING = frozenset({"GET", "HEAD"})
_RECONNECTING = ("discord.client", "discord.shard")  # loggers that report a lost gateway


def point_at(api_url: str | None, gateway_url: str | None, cdn_url: str | None) -> None:
    """Point discord.py at other addresses than Discord's, for the whole process.

    All three are public class attributes of discord.py 2.7, read at every request.
    """
    if api_url is not None:
        discord.http.Route.BASE = api_url.rstrip("/")
    if gateway_url is not None:
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)
    if cdn_url is not None:
        discord.Asset.BASE = cdn_url.rstrip("/")


def fenced_requests() -> aiohttp.TraceConfig:
    """Hold discord.py's requests at the fence of their lease.

    Only the HTTP client sees each of them, including those that the library repeats by itself.
    """
    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(_pass_fence)
    trace.on_request_chunk_sent.append(_ensure_lease)
    trace.on_request_end.append(_raise_held)
    return trace


async def _pass_fence(
    _session: aiohttp.ClientSession, _context: object, request: aiohttp.TraceRequestStartParams
) -> None:
    if request.method not in READING:
        await pass_fence()


async def _ensure_lease(
    _session: aiohttp.ClientSession, _context: object, _chunk: aiohttp.TraceRequestChunkSentParams
) -> None:
    ensure_lease()


async def _raise_held(
    _session: aiohttp.ClientSession, _context: object, request: aiohttp.TraceRequestEndParams
) -> None:
    """Abort an edit whose message has had too many.

    discord.py would wait the limit out with the whole channel's edits behind it, as for a limit of
    the route. Raises MessageHeldError.
    """
    if request.response.status != HTTPStatus.TOO_MANY_REQUESTS or not lease_is_held():
        return
    details = _json_or_none(await request.response.text())
    if isinstance(details, dict) and details.get("code") == discord_errors.MANY_EDITS:
        asked = details.get("retry_after")
        seconds = float(asked) if isinstance(asked, int | float) else 0.0
        raise MessageHeldError(str(discord_errors.MANY_EDITS), retry_after_seconds=seconds)


def _json_or_none(text: str) -> object:
    try:
        details: object = json.loads(text)
    except ValueError:
        return None
    return details


def invitation(application_id: int) -> str:
    """The link that adds the bot to a server, with the minimum permissions."""
    return discord.utils.oauth_url(application_id, permissions=PERMISSIONS, scopes=SCOPES)


class CheckedTree(app_commands.CommandTree["Client"]):
    """The commands, each of which passes the client's `gate` first."""

    async def interaction_check(self, interaction: discord.Interaction) -> bool:
        """Raises AppCommandError if the gate does, which the tree's error handler answers."""
        gate = self.client.gate
        return gate is None or await gate(interaction)


class Client(commands.AutoShardedBot):
    """One bot user on as many shards as Discord recommends.

    `extensions` are the modules of the cogs; `reachable` is set while the gateway is connected.
    """

    def __init__(
        self, services: Services, extensions: Sequence[str], pace: GatewayPace | None = None
    ) -> None:
        intents = discord.Intents.none()
        intents.guilds = True
        intents.guild_reactions = True
        super().__init__(
            command_prefix=commands.when_mentioned,
            tree_cls=CheckedTree,
            help_command=None,
            intents=intents,
            max_messages=None,
            allowed_mentions=discord.AllowedMentions.none(),
            guild_ready_timeout=0.5,  # later servers still arrive by event
            max_ratelimit_timeout=LONGEST_RATE_LIMIT_SECONDS,
            http_trace=fenced_requests(),
        )
        for name in _RECONNECTING:
            logging.getLogger(name).addFilter(_log_reconnect)
        self.services = services
        self.gate: Callable[[discord.Interaction], Awaitable[bool]] | None = None
        self.reachable = asyncio.Event()
        self._wanted = tuple(extensions)
        self._pace = pace if pace is not None else GatewayPace(services.clock)
        self._is_leaving = False

    async def start(self, token: str, *, reconnect: bool = True) -> None:
        """Connect and run until `leave`; may be called again after a failure.

        Leaves no connection open. Raises ConnectionError if Discord is unreachable or down,
        LoginFailure if it rejects the token, ClientEndedError if discord.py gave up: then only a
        new client helps.
        """
        try:
            await super().start(token, reconnect=reconnect)
        except Exception as error:  # discord.py ends with errors of many libraries
            if self._is_leaving:  # discord.py then fails at its current step
                return
            details = self._in_our_words(error)
            if details is error:
                raise
            raise details from error
        finally:
            await self.http.close()
            self.http.connector = discord.utils.MISSING  # closed too; the next start makes one

    async def connect(self, *, reconnect: bool = True) -> None:
        """Wait until Discord allows the new sessions, then connect."""
        shards, _, limit = await self.http.get_bot_gateway()
        await self._pace.before_connect(_starts(discord.SessionStartLimits(**limit)), shards)
        await super().connect(reconnect=reconnect)

    async def before_identify_hook(
        self,
        shard_id: int | None,
        *,
        initial: bool = False,  # noqa: ARG002 - discord.py passes it by this name
    ) -> None:
        """Replace discord.py's five seconds, which would use up a day's IDENTIFYs in hours."""
        await self._pace.before_identify(shard_id or 0, self._fetch_starts)

    async def _fetch_starts(self) -> SessionStarts:
        return _starts(await self.fetch_session_start_limits())

    async def leave(self) -> None:
        """Close it permanently, even while it starts."""
        self._is_leaving = True
        await self.close()

    def _in_our_words(self, error: Exception) -> Exception:
        """Translate an error; discord.py closes the client itself on errors it deems permanent."""
        if isinstance(error, discord.ConnectionClosed) and error.code == BAD_TOKEN:
            return discord.LoginFailure(str(error))
        if isinstance(
            error, discord.LoginFailure | discord.PrivilegedIntentsRequired | ClientEndedError
        ):
            return error
        if self.is_closed():
            return ClientEndedError(f"{type(error).__name__}: {error}")
        if isinstance(error, OSError | discord.DiscordServerError):
            return ConnectionError(f"can't reach Discord: {error}")
        if isinstance(error, discord.RateLimited | discord.GatewayNotFound):
            return ConnectionError(f"can't reach Discord: {error}")
        return error

    async def setup_hook(self) -> None:
        for extension in self._wanted:
            if extension not in self.extensions:  # it is, after a failed start
                await self.load_extension(extension)
        await sync_commands(self.tree, self.services.notes, str(self.application_id))
        flags = self.application_flags
        if not (flags.gateway_message_content or flags.gateway_message_content_limited):
            _log.warning(
                "message_content_disabled",
                extra={"hint": "🎬 needs Message Content Intent, enabled in the Developer Portal"},
            )

    def hear_of_opened_threads(self, hear: Callable[[ChannelId], None]) -> None:
        """Call `hear` whenever an unarchived thread changes, such as after a reopening.

        Uses the raw event, as discord.py has no earlier state of an archived thread to compare
        with. Locked threads are included, as their permissions are Discord's to decide.
        """

        async def on_raw_thread_update(changed: discord.RawThreadUpdateEvent) -> None:
            details: Mapping[str, Any] = {**changed.data}
            if not (details.get("thread_metadata") or {}).get("archived"):
                hear(ChannelId(changed.thread_id))

        self.add_listener(on_raw_thread_update)

    async def on_ready(self) -> None:
        self.reachable.set()
        _log.info("discord_ready", extra={"user": str(self.user), "guilds": len(self.guilds)})

    async def on_resumed(self) -> None:
        self.reachable.set()

    async def on_disconnect(self) -> None:
        self.reachable.clear()


def _starts(limits: discord.SessionStartLimits) -> SessionStarts:
    return SessionStarts(limits.total, limits.remaining, limits.reset_after / 1000)


def _log_reconnect(record: logging.LogRecord) -> bool:
    """Log an automatic reconnect as one line without traceback: it is no bug."""
    error = record.exc_info[1] if record.exc_info else None
    if error is not None and str(record.msg).startswith("Attempting a"):
        record.msg = f"{record.getMessage()} ({type(error).__name__}: {error})"
        record.args, record.exc_info, record.exc_text = (), None, None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True


async def sync_commands(
    tree: app_commands.CommandTree[Any], notes: KeyValueStore, application: str
) -> bool:
    """Register the commands if they changed since the last time; True if it did.

    Compares the payload that was *sent*, not Discord's answer, which normalises texts. Discord is
    asked only for the names, so that removed commands come back.
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
