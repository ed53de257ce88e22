"""Answers a bot that asks for a guild's members (opcode 8)."""

from collections.abc import Iterator

from sandbox.discord import payloads
from sandbox.discord.gateway.intents import Intent
from sandbox.discord.gateway.protocol import Close, HangUpError
from sandbox.discord.state.models import Guild, Json, Member
from sandbox.discord.state.world import World

CHUNK_SIZE = 1_000
FOUND_BY_NAME = 100
_NONCE_BYTES = 32


def find(world: World, request: Json, intents: int) -> Iterator[Json]:
    """The GUILD_MEMBERS_CHUNKs that answer the request; none for a guild the bot is not in.

    Raises HangUpError for the whole list without the members intent, or presences without theirs.
    """
    query, limit = request.get("query"), request.get("limit") or 0
    if query == "" and limit == 0 and not intents & Intent.GUILD_MEMBERS:
        raise HangUpError(Close.DISALLOWED_INTENTS)
    if request.get("presences") and not intents & Intent.GUILD_PRESENCES:
        raise HangUpError(Close.DISALLOWED_INTENTS)
    guild = find_guild(world, request.get("guild_id"))
    if guild is None or not isinstance(limit, int):
        return
    if request.get("user_ids") is not None:
        found, missing = _by_ids(guild, request["user_ids"])
    else:
        found, missing = _by_name(guild, str(query or ""), limit), []
    yield from _chunks(guild, found, missing, request)


def find_guild(world: World, guild_id: object) -> Guild | None:
    """The guild of that id, or of the first in a list, if the bot is in it."""
    text = str(guild_id[0] if isinstance(guild_id, list) and guild_id else guild_id)
    guild = world.guilds.get(int(text)) if text.isdecimal() else None
    return guild if guild and world.application.bot.id in guild.members else None


def _by_ids(guild: Guild, user_ids: object) -> tuple[list[Member], list[str]]:
    wanted = [str(item) for item in (user_ids if isinstance(user_ids, list) else [user_ids])]
    by_id = {str(member.user.id): member for member in guild.members.values()}
    found = [by_id[item] for item in wanted if item in by_id]
    return found, [item for item in wanted if item not in by_id]


def _by_name(guild: Guild, query: str, limit: int) -> list[Member]:
    if not query and limit == 0:
        return list(guild.members.values())
    start = query.casefold()
    names = {
        id(member): [member.user.username, member.user.global_name, member.nick]
        for member in guild.members.values()
    }
    matching = [
        member
        for member in guild.members.values()
        if any(name and name.casefold().startswith(start) for name in names[id(member)])
    ]
    return matching[: min(limit or FOUND_BY_NAME, FOUND_BY_NAME)]


def _chunks(guild: Guild, found: list[Member], missing: list[str], request: Json) -> Iterator[Json]:
    count = max(1, -(-len(found) // CHUNK_SIZE))
    nonce = request.get("nonce")
    for index in range(count):
        members = found[index * CHUNK_SIZE : (index + 1) * CHUNK_SIZE]
        chunk: Json = {
            "guild_id": str(guild.id),
            "members": [payloads.member_json(member) for member in members],
            "chunk_index": index,
            "chunk_count": count,
        }
        if missing:
            chunk["not_found"] = missing
        if request.get("presences"):
            chunk["presences"] = []
        if isinstance(nonce, str) and len(nonce.encode()) <= _NONCE_BYTES:
            chunk["nonce"] = nonce
        yield chunk
