"""Voice states: who is in which voice or stage channel. There are no voice servers, so no sound."""

from typing import Any

from sandbox.discord import payloads
from sandbox.discord.rules import permissions
from sandbox.discord.rules.channel_kinds import STAGE, TALKING, fields_of
from sandbox.discord.state.events import Event
from sandbox.discord.state.models import (
    Channel,
    Guild,
    Json,
    VoiceState,
)
from sandbox.discord.state.world import World

_NEEDED = permissions.VIEW_CHANNEL | permissions.CONNECT


def move(world: World, guild: Guild, user_id: int, session_id: str, request: Json) -> bool:
    """Join, move or leave (`channel_id` null), mute or deafen oneself; False if it may not be.

    As on Discord, a refusal has no answer: nothing happens.
    """
    if request.get("channel_id") is None:
        return leave(world, guild, user_id)
    channel = guild.channels.get(_number(request["channel_id"]))
    if channel is None or channel.type not in TALKING:
        return False
    if permissions.granted_in(world, channel, user_id) & _NEEDED != _NEEDED:
        return False
    before = guild.voice_states.get(user_id)
    joins = before is None or before.channel_id != channel.id
    if joins and _is_full(world, guild, channel, user_id):
        return False
    state = VoiceState(
        user_id,
        channel.id,
        session_id,
        self_mute=bool(request.get("self_mute")),
        self_deaf=bool(request.get("self_deaf")),
        suppress=channel.type == STAGE,
    )
    guild.voice_states[user_id] = state
    _publish(world, guild, state, channel.id)
    return joins


def leave(world: World, guild: Guild, user_id: int) -> bool:
    """Leave whatever channel the member is in; False if it is in none."""
    if (state := guild.voice_states.pop(user_id, None)) is None:
        return False
    _publish(world, guild, state, None)
    return True


def leave_all(world: World, user_id: int, session_id: str) -> None:
    """Leave every channel that the session has joined, because it ended."""
    for guild in world.guilds.values():
        state = guild.voice_states.get(user_id)
        if state is not None and state.session_id == session_id:
            leave(world, guild, user_id)


def empty(world: World, guild: Guild, channel: Channel) -> None:
    """Everyone leaves a channel that is about to go."""
    inside = [item.user_id for item in guild.voice_states.values() if item.channel_id == channel.id]
    for user_id in inside:
        leave(world, guild, user_id)


def _is_full(world: World, guild: Guild, channel: Channel, user_id: int) -> bool:
    limit = fields_of(channel)["user_limit"]
    inside = sum(item.channel_id == channel.id for item in guild.voice_states.values())
    may_anyway = permissions.granted_in(world, channel, user_id) & permissions.MOVE_MEMBERS
    return bool(limit) and inside >= limit and not may_anyway


def _number(value: Any) -> int:
    return int(value) if str(value).isdecimal() else 0


def _publish(world: World, guild: Guild, state: VoiceState, channel_id: int | None) -> None:
    data = payloads.voice_state_json(guild, state) | {
        "channel_id": str(channel_id) if channel_id else None
    }
    event = Event("VOICE_STATE_UPDATE", lambda _viewer: data, guild.id, state.channel_id)
    world.bus.publish(event)
