"""The doctor: checks an installation and reports, item by item, what to fix."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import discord
from pydantic import SecretStr

from bot.app import ledger_may_begin
from bot.catalog.pricing import dollars
from bot.client import PERMISSIONS, invitation, point_at
from bot.clock import SystemClock
from bot.composition import composed
from bot.errors import (
    BotError,
    ConfigurationError,
    ProviderCredentialsError,
    ProviderRateLimitedError,
    ProviderTimeoutError,
    ProviderUnavailableError,
)
from bot.gateway import SCARCE_SHARE
from bot.health import LIVE, Health, serving_health
from bot.instants import CLOCKS_DIFFER_BY
from bot.media.videos.ffmpeg import Ffmpeg, find_ffmpeg, trouble_with
from bot.providers import registry
from bot.providers.contract import Provider
from bot.providers.spec import ProviderSpec
from bot.settings import Settings
from bot.storage.damage import Damage
from bot.storage.engines.databases import open_database, sqlite_file

LOW_DISK_BYTES = 2 * 1024**3
CLOCK_SECONDS = CLOCKS_DIFFER_BY.total_seconds()
PATIENCE_SECONDS = 10.0
DISCORD_SECONDS = 45.0  # for all requests; a rate limit alone may take 30
MAX_GUILDS = 200  # per request, by Discord's documentation


@dataclass(frozen=True, slots=True)
class Finding:
    """One checked item."""

    subject: str
    fine: bool
    text: str


async def examine(settings: Settings) -> list[Finding]:
    """Check everything; change nothing."""
    return [
        *await _discord(settings),
        *[finding async for finding in _services(settings)],
        await _ffmpeg(settings),
        await _disk(settings),
        *await _port(settings),
    ]


async def _discord(settings: Settings) -> list[Finding]:
    """Check the token, the Message Content switch and the invitation."""
    if settings.discord_token is None:
        hint = f"for a real server, set DISCORD_TOKEN and {registry.key_variables()}"
        return [_fine("Discord", f"no DISCORD_TOKEN, so `run` starts the sandbox; {hint}")]
    point_at(settings.discord_api_url, settings.discord_gateway_url, settings.discord_cdn_url)
    client = discord.Client(intents=discord.Intents.none())
    try:
        async with client, asyncio.timeout(DISCORD_SECONDS):
            await client.login(settings.discord_token.get_secret_value())
            findings = [
                *_application(client),
                await _starts(client),
                *await _permissions(client),
                await compare_clocks(),
            ]
    except discord.LoginFailure:
        return [
            _broken("Discord", "token rejected: copy DISCORD_TOKEN again from the Developer Portal")
        ]
    except TimeoutError:  # discord.py itself would wait for five minutes, five times
        return [_broken("Discord", f"doesn't answer within {DISCORD_SECONDS:.0f} s")]
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        return [_broken("Discord", f"can't be reached: {error}")]
    return findings


def _application(client: discord.Client) -> list[Finding]:
    """Check the Message Content switch, and print the invitation link."""
    flags = client.application_flags
    link = f"{invitation(client.application_id or 0)} grants every permission it needs"
    if flags.gateway_message_content or flags.gateway_message_content_limited:
        first = _fine("Discord", "the token works and Message Content Intent is enabled")
    else:
        first = _broken(
            "Discord",
            "enable Message Content Intent in the Developer Portal so 🎬 can see pictures",
        )
    return [first, _fine("Invitation", link)]


async def _starts(client: discord.Client) -> Finding:
    """Check how many sessions may still begin today; without one the bot cannot connect."""
    _, _, limit = await client.http.get_bot_gateway()
    left, hours = limit["remaining"], limit["reset_after"] / 3_600_000
    text = f"{left} of {limit['total']} connections left for the next {hours:.0f} hours"
    if left > limit["total"] * SCARCE_SHARE:
        return _fine("Gateway", text)
    return _broken("Gateway", f"{text}: check the log for why the bot keeps reconnecting")


async def _permissions(client: discord.Client) -> list[Finding]:
    """Permissions missing in the bot's servers, ignoring channel overrides."""
    guilds = await client.http.get_guilds(limit=MAX_GUILDS)
    if not guilds:
        return [_broken("Servers", "the bot is in no server: open the link above")]
    lacking = []
    for guild in guilds:
        missing = PERMISSIONS.value & ~_granted(int(guild["permissions"])).value
        names = [name for name, held in discord.Permissions(missing) if held]
        if names:
            words = ", ".join(name.replace("_", " ").title() for name in names)
            lacking.append(_broken(f"Server {guild['name']}", f"give the bot's role {words}"))
    return lacking or [_fine("Servers", f"no permission missing in {len(guilds)} of them")]


def _granted(value: int) -> discord.Permissions:
    held = discord.Permissions(value)
    return discord.Permissions.all() if held.administrator else held


async def compare_clocks() -> Finding:
    """Compare clocks by the `Date` header of an address that needs no token."""
    address = f"{discord.http.Route.BASE}/gateway"
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE_SECONDS)) as session,
        session.get(address) as answer,
    ):
        sent = answer.headers.get("Date")
    if sent is None:
        return _fine("Clock", "can't compare it: Discord's answer has no date")
    seconds = (SystemClock().now() - parsedate_to_datetime(sent)).total_seconds()
    if abs(seconds) <= CLOCK_SECONDS:
        return _fine("Clock", "agrees with Discord's")
    way = "ahead of" if seconds > 0 else "behind"
    off = timedelta(seconds=round(abs(seconds)))
    return _broken("Clock", f"{off} {way} Discord's: synchronize it by NTP")


async def _services(settings: Settings) -> AsyncIterator[Finding]:
    """Check the database and the video services, which need the same parts as the bot.

    The database is only read. Requests to a service count in a budget, so that is kept in a
    temporary database of the doctor's own.
    """
    yield await _database(settings)
    with tempfile.TemporaryDirectory(prefix="showreel-doctor-") as folder:
        address = SecretStr(f"sqlite:///{folder}/doctor.db")
        try:
            async with composed(settings.model_copy(update={"database_url": address})) as parts:
                for spec in registry.PROVIDERS:
                    if spec.name in settings.providers:
                        yield await _service(spec, parts.providers.get(spec.name))
        except (BotError, OSError) as error:
            yield _broken("Video services", str(error))
    if not settings.providers and settings.discord_token is not None:
        yield _broken("Video services", f"no key: set {registry.key_variables()}")


async def _database(settings: Settings) -> Finding:
    """Check the database; a new installation has none, any other must be sound and current."""
    path = sqlite_file(settings.database)
    if path is not None and not await asyncio.to_thread(path.exists):
        if ledger_may_begin(settings):
            return _fine("Database", f"{path} doesn't exist yet: `run` creates it")
        return _broken("Database", f"{path} is missing, but there are videos: restore a backup")
    try:
        async with open_database(settings.database, reads_only=True) as engine:
            damage = await Damage(engine).list(everything=True)
            if damage:
                more = f" ({len(damage) - 1} more: run `audit`)" if len(damage) > 1 else ""
                return _broken("Database", f"{damage[0]}{more}")
            return _fine("Database", f"is sound and up to date (version {await engine.version()})")
    except BotError as error:
        return _broken("Database", str(error))


async def _service(spec: ProviderSpec[Any], provider: Provider | None) -> Finding:
    if provider is None:
        where = spec.variable("base_url")
        return _broken(spec.label, f"can't be set up: check {where} and its other settings")
    return await _balance(spec, provider)


async def _balance(spec: ProviderSpec[Any], provider: Provider) -> Finding:
    name = spec.label
    try:
        await provider.check_key()
        balance = await provider.balance_micros()
    except ProviderCredentialsError:
        return _broken(name, "key rejected: copy it again")
    except BotError as error:
        return _broken(name, _trouble(spec, error))
    if balance is None:
        return _fine(name, "the key works; the service doesn't report a balance")
    return Finding(name, fine=balance > 0, text=f"balance: {dollars(balance)}")


def _trouble(spec: ProviderSpec[Any], error: BotError) -> str:
    match error:
        case ProviderRateLimitedError():
            return "rate limit reached: try again later"
        case ProviderTimeoutError():
            return "doesn't answer in time: try again"
        case ProviderUnavailableError():
            where = spec.variable("base_url")
            return f"can't be reached, or is down: check the network and {where}"
    return f"isn't responding properly: {error}"


async def _ffmpeg(settings: Settings) -> Finding:
    """Run ffmpeg exactly as for a video: an installed program may still fail."""
    program = find_ffmpeg(settings.ffmpeg_path)
    trouble = await trouble_with(Ffmpeg(program))
    if trouble is not None:
        return _broken("ffmpeg", f"{program} {trouble}; set FFMPEG_PATH to another ffmpeg")
    return _fine("ffmpeg", f"{program} encodes H.264 and AAC")


async def _disk(settings: Settings) -> Finding:
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return _broken("Disk", f"can't write to DATA_DIR {folder}: {error.strerror}")
    free = (await asyncio.to_thread(shutil.disk_usage, folder)).free
    text = f"{free / 1024**3:.0f} GB free in {folder}"
    return Finding("Disk", fine=free > LOW_DISK_BYTES, text=text)


async def _port(settings: Settings) -> list[Finding]:
    """Whether health and metrics can be served; a running bot may already serve them."""
    if settings.http_port == 0:
        return []
    where = f"{settings.http_host}:{settings.http_port}"
    try:
        async with serving_health(
            settings.http_host, settings.http_port, lambda: Health(discord=False, database=False)
        ):
            return [_fine("Health", f"{where} is free")]
    except ConfigurationError as error:
        if await _is_a_bot(f"http://{where}/health/live"):
            return [_fine("Health", f"a running bot serves it at {where}")]
        return [_broken("Health", f"{error}: choose another HTTP_PORT")]


async def _is_a_bot(address: str) -> bool:
    patience = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
    try:
        async with aiohttp.ClientSession(timeout=patience) as session, session.get(address) as live:
            return bool(await live.json() == LIVE)
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        return False


def _fine(subject: str, text: str) -> Finding:
    return Finding(subject, fine=True, text=text)


def _broken(subject: str, text: str) -> Finding:
    return Finding(subject, fine=False, text=text)
