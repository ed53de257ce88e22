"""What moderators are told: blocked members, words that prompts can't have, removed videos, the log."""

import re
from collections.abc import Sequence

import discord

from bot.archive.remove import MAX_REASON as MAX_REMOVAL_REASON, Outcome, Refund, Removed
from bot.catalog.pricing import dollars
from bot.guilds.moderation import MAX_REASON, BlockedMember, Word
from bot.guilds.settings import GuildSettings, LogLevel
from bot.guilds.words import MAX_WORDS
from bot.ids import JobId, MessageId, UserId
from bot.jobs.job import Job, JobState
from bot.ordering.blocking import BlockResult
from bot.presentation.escaping import plain, quoted
from bot.presentation.money import COLOUR, videos, when_of
from bot.presentation.widgets import VERSION, raw_row_of

WORDS_PER_PAGE = 40  # each of a hundred characters at most: they fit an embed's 4096, escaped
_WORDS = re.compile(rf"{VERSION}wordlist:([0-9]{{1,6}})")
_PAGE = re.compile(rf"{VERSION}blocked:([0-9]{{1,6}})")
_REMOVAL = re.compile(rf"{VERSION}remove:([a-z2-7]{{16}})(?::([0-9]{{1,20}}))?")
MAX_PROMPT = 300  # characters, of a log entry
DELETED_LATER = "I couldn't delete its message yet; I'll do that as soon as Discord lets me."
_STAFF = "your community updates channel or the owner"
_LOGGED = {
    LogLevel.OFF: f"for nothing; reports and urgent alerts go to {_STAFF}",
    LogLevel.TROUBLE: f"for alerts; reports go to {_STAFF}",
    LogLevel.MODERATION: "for alerts, reports and removed videos",
    LogLevel.EVERYTHING: "for alerts, reports, removed videos and every posted video",
}
_REFUNDED = {  # for a moderator, the log channel and the member
    Refund.NOT_ASKED: ("", "", "Its price isn't refunded."),
    Refund.DONE: ("Its price was refunded.", ", and refunded it", "Its price was refunded."),
    Refund.EARLIER: (
        "It had already been refunded.",
        ", which had been refunded before",
        "Its price had already been refunded.",
    ),
    Refund.NOTHING_PAID: ("There was nothing to refund: no one paid for it here.", "", ""),
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


def spell_removal(job_id: JobId, message_id: MessageId | None) -> str:
    """Write the custom id of the form that removes a video."""
    pressed = "" if message_id is None else f":{message_id}"
    return f"{VERSION}remove:{job_id}{pressed}"


def parse_removal(custom_id: str) -> tuple[JobId, MessageId | None] | None:
    """The video, and the message that was pressed; None for what `spell_removal` never wrote."""
    match = _REMOVAL.fullmatch(custom_id)
    if match is None:
        return None
    return JobId(match[1]), None if match[2] is None else MessageId(int(match[2]))


def removed(outcome: Outcome) -> str:
    """What a moderator's removal came to."""
    job, decision = outcome.removed.job, outcome.removed.decision
    parts = [
        "Video removed." if outcome.is_new else "This video was already removed.",
        _REFUNDED[outcome.removed.refund][0],
    ]
    if outcome.is_new and decision.tells:
        parts.append(f"I'm telling <@{job.user_id}> by direct message.")
    if not outcome.is_deleted:
        parts.append(DELETED_LATER)
    return " ".join(part for part in parts if part)


def removal_log(one: Removed) -> str:
    """A removal, for the log channel."""
    refund = _REFUNDED[one.refund][1]
    whose = f"a video of <@{one.job.user_id}> in <#{one.channel_id}>"
    lines = [f"🗑️ <@{one.decision.by}> removed {whose}{refund}.", *_quotes(one)]
    return "\n".join([*lines, f"-# Job {one.job.id}"])


def removal_told(one: Removed) -> str:
    """A removal, for the member who made the video; the server's name stands before it."""
    first = f"a moderator removed your video from <#{one.channel_id}>."
    refund = _REFUNDED[one.refund][2]
    return "\n".join([" ".join(part for part in (first, refund) if part), *_quotes(one)])


def _quotes(one: Removed) -> list[str]:
    """The prompt, and the moderator's reason."""
    prompt = quoted(one.job.request.prompt, most=MAX_PROMPT)
    reason = quoted(one.decision.reason, most=MAX_REMOVAL_REASON)
    lines = [f"> {prompt}" if prompt else "", f"Reason: {reason}" if reason else ""]
    return [line for line in lines if line]


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
