"""What moderators are told: blocked members, words that prompts can't have, and the log."""

import re
from collections.abc import Sequence

import discord

from bot.catalog.pricing import dollars
from bot.guilds.moderation import MAX_REASON, BlockedMember, Word
from bot.guilds.settings import GuildSettings, LogLevel
from bot.guilds.words import MAX_WORDS
from bot.ids import UserId
from bot.jobs.job import Job, JobState
from bot.ordering.blocking import BlockResult
from bot.presentation.escaping import plain, quoted
from bot.presentation.money import COLOUR, videos, when_of
from bot.presentation.widgets import VERSION, raw_row_of

WORDS_PER_PAGE = 40  # each of a hundred characters at most: they fit an embed's 4096, escaped
_WORDS = re.compile(rf"{VERSION}wordlist:([0-9]{{1,6}})")
_PAGE = re.compile(rf"{VERSION}blocked:([0-9]{{1,6}})")
MAX_PROMPT = 300  # characters, of a log entry
_STAFF = "your community updates channel or the owner"
_LOGGED = {
    LogLevel.OFF: f"for nothing; reports and urgent alerts go to {_STAFF}",
    LogLevel.TROUBLE: f"for alerts; reports go to {_STAFF}",
    LogLevel.MODERATION: "for alerts, reports and removed videos",
    LogLevel.EVERYTHING: "for alerts, reports, removed videos and every posted video",
}


def blocked(user_id: UserId, result: BlockResult, *, cancels: bool) -> str:
    """A member was blocked, and what became of their open videos."""
    who = f"<@{user_id}> is blocked: I refuse everything they ask me for in this server."
    return f"{who} {_open_videos(result, cancels=cancels)} `/moderation unblock` undoes this."


def _open_videos(result: BlockResult, *, cancels: bool) -> str:
    if not cancels:
        return "Their videos in progress go on."
    total = result.cancelled + result.spent
    if result.left:
        said = "I couldn't cancel all of their videos in progress; I'll try again in a minute."
    elif not total:
        said = "They had no videos in progress."
    else:
        said = f"I cancelled their {videos(total)} in progress."
    if not result.spent:
        return said
    what = "what it costs is" if result.spent == 1 else "what they cost is"
    return f"{said} {videos(result.spent)} had already started, so {what} still charged."


def unblocked(user_id: UserId) -> str:
    return f"<@{user_id}> can use me in this server again."


def list_of_blocked(found: Sequence[BlockedMember], page: int = 0) -> discord.Embed:
    """A line for each, latest first."""
    lines = [
        f"<@{one.user_id}> · {when_of(one.blocked_at)} by <@{one.blocked_by}>"
        f" · {plain(one.reason, most=MAX_REASON) or 'no reason given'}"
        for one in found
    ]
    title = f"Blocked members · page {page + 1}" if page else "Blocked members"
    return discord.Embed(title=title, description="\n".join(lines) or _none(page), colour=COLOUR)


def _none(page: int) -> str:
    return "No more blocked members." if page else "No one is blocked."


def blocked_buttons(page: int, *, has_older: bool) -> discord.ui.View | None:
    """To the pages beside this one; None where there is only one."""
    ways = [("◀ Newer", page - 1, page > 0), ("Older ▶", page + 1, has_older)]
    shown = [(label, spell_blocked(to)) for label, to, is_there in ways if is_there]
    return raw_row_of(shown) if shown else None


def spell_blocked(page: int) -> str:
    return f"{VERSION}blocked:{page}"


def parse_blocked(custom_id: str) -> int | None:
    """The page; None for anything that `spell_blocked` never wrote."""
    match = _PAGE.fullmatch(custom_id)
    return None if match is None else int(match[1])


def words_added(added: Sequence[Word], asked: int, total: int) -> str:
    """How many words were added, and how many a server has."""
    there = asked - len(added)
    known = f" {there} {'was' if there == 1 else 'were'} there already." if there > 0 else ""
    return (
        f"Added {_words(len(added))} to the list, which has {total:,} of {MAX_WORDS:,}.{known}"
        " I refuse prompts that have a word of the list."
    )


def _words(count: int) -> str:
    return f"{count} word{'' if count == 1 else 's'}"


def word_removed(word: str) -> str:
    return f"“{plain(word, most=200)}” is allowed in prompts again."


def list_of_words(words: Sequence[Word], page: int = 0) -> discord.Embed:
    """A page of the words, in the order in which they were added."""
    shown = words[page * WORDS_PER_PAGE :][:WORDS_PER_PAGE]
    text = "\n".join(plain(one.word, most=100) for one in shown)
    title = (
        f"Words not allowed in prompts · page {page + 1}"
        if page
        else "Words not allowed in prompts"
    )
    embed = discord.Embed(title=title, description=text or "No words are listed.", colour=COLOUR)
    return embed.set_footer(text=f"{len(words):,} of {MAX_WORDS:,}")


def words_buttons(page: int, total: int) -> discord.ui.View | None:
    """To the pages beside this one; None where there is only one."""
    has_more = total > (page + 1) * WORDS_PER_PAGE
    ways = [("◀ Back", page - 1, page > 0), ("More ▶", page + 1, has_more)]
    shown = [(label, f"{VERSION}wordlist:{to}") for label, to, is_there in ways if is_there]
    return raw_row_of(shown) if shown else None


def parse_words(custom_id: str) -> int | None:
    """The page; None for anything that `words_buttons` never wrote."""
    match = _WORDS.fullmatch(custom_id)
    return None if match is None else int(match[1])


def video_logged(job: Job, model_name: str, url: str) -> str:
    """A posted video, for a log channel that is told everything."""
    prompt = quoted(job.request.prompt, most=MAX_PROMPT)
    price = dollars(job.cost_micros) if job.state is JobState.SUCCEEDED else "free"
    return "\n".join(
        [
            f"🎬 <@{job.user_id}> made a video: {url}",
            *([f"> {prompt}"] if prompt else []),
            f"-# {quoted(model_name, most=100)} · {price}",
        ]
    )


def log_channel(settings: GuildSettings) -> str:
    """Where a server's log is, and what it is told."""
    if settings.log_channel_id is None:
        return f"Log channel: none; reports and urgent alerts go to {_STAFF}"
    return f"Log channel: <#{settings.log_channel_id}>, {_LOGGED[settings.log_level]}"
