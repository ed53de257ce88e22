"""The doctor: looks at an installation and says, thing by thing, what is fine and what to mend."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import discord

from bot.client import invitation, point_at
from bot.domain.pricing import dollars
from bot.errors import (
    BotError,
    ProviderCredentialsError,
    ProviderRateLimitedError,
    ProviderTimeoutError,
    ProviderUnavailableError,
)
from bot.ground import accounts_of
from bot.media.ffmpeg import find_ffmpeg
from bot.ports import Provider
from bot.settings import Settings
from bot.wiring import joined

LOW_DISK_BYTES = 2 * 1024**3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    fine: bool
    text: str


async def examine(settings: Settings) -> list[Finding]:
    """Look at everything; nothing is changed but that the database is brought up to date."""
    return [
        *await _discord(settings),
        *[finding async for finding in _services(settings)],
        _ffmpeg(settings),
        await _disk(settings),
    ]


async def _discord(settings: Settings) -> list[Finding]:
    """The token, the switch, and the link with which a server gives the permissions."""
    if settings.discord_token is None:
        hint = "for a real server set DISCORD_TOKEN, and NANOGPT_API_KEY or NANOPHOTO_API_KEY"
        return [_fine("Discord", f"no DISCORD_TOKEN, so `run` starts the sandbox; {hint}")]
    point_at(settings.discord_api_url, settings.discord_gateway_url, settings.discord_cdn_url)
    client = discord.Client(intents=discord.Intents.none())
    try:
        async with client:
            await client.login(settings.discord_token.get_secret_value())
            flags, application_id = client.application_flags, client.application_id
            content = flags.gateway_message_content or flags.gateway_message_content_limited
    except discord.LoginFailure:
        return [_mend("Discord", "DISCORD_TOKEN is refused: copy it anew from the portal")]
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        return [_mend("Discord", f"cannot be reached: {error}")]
    link = _fine("Invitation", f"{invitation(application_id or 0)} has every permission it needs")
    if not content:
        hint = "switch Message Content on in the portal, or 🎬 sees no pictures"
        return [_mend("Discord", hint), link]
    return [_fine("Discord", "the token is good and Message Content is on"), link]


async def _services(settings: Settings) -> AsyncIterator[Finding]:
    """The database and the video services, which need the same parts as the bot."""
    try:
        async with joined(settings) as parts:
            yield _fine("Database", "opens and is up to date")
            for name, provider in parts.providers.items():
                yield await _balance(name, provider)
    except (BotError, OSError) as error:
        yield _mend("Database", str(error))
    if not accounts_of(settings) and settings.discord_token is not None:
        yield _mend("Video services", "no key: set NANOGPT_API_KEY or NANOPHOTO_API_KEY")


async def _balance(name: str, provider: Provider) -> Finding:
    try:
        balance = await provider.balance_micros()
    except ProviderCredentialsError:
        return _mend(name, "refuses the key: copy it anew")
    except BotError as error:
        return _mend(name, _trouble(name, error))
    if balance is None:
        return _fine(name, "is set up; it has no way to ask for its balance")
    return Finding(name, fine=balance > 0, text=f"the account holds {dollars(balance)}")


def _trouble(name: str, error: BotError) -> str:
    match error:
        case ProviderRateLimitedError():
            return "takes no more requests just now: try again later"
        case ProviderTimeoutError():
            return "does not answer in time: try again"
        case ProviderUnavailableError():
            return f"cannot be reached, or is down: look at the network and {name.upper()}_BASE_URL"
    return f"does not answer as it should: {error}"


def _ffmpeg(settings: Settings) -> Finding:
    program = find_ffmpeg(settings.ffmpeg_path)
    found = shutil.which(program) is not None
    return Finding(
        "ffmpeg", found, f"{program}{'' if found else ' is not a program: set FFMPEG_PATH'}"
    )


async def _disk(settings: Settings) -> Finding:
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return _mend("Disk", f"DATA_DIR {folder} cannot be written: {error.strerror}")
    free = (await asyncio.to_thread(shutil.disk_usage, folder)).free
    text = f"{free / 1024**3:.0f} GB free in {folder}"
    return Finding("Disk", fine=free > LOW_DISK_BYTES, text=text)


def _fine(subject: str, text: str) -> Finding:
    return Finding(subject, fine=True, text=text)


def _mend(subject: str, text: str) -> Finding:
    return Finding(subject, fine=False, text=text)
