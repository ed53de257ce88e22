"""Starting an interaction: id and token, INTERACTION_CREATE for the bot, the wait for an answer.

If nothing acknowledges it within three seconds of real time it has failed, and stays so.
"""

import asyncio

from sandbox.discord import payloads
from sandbox.discord.interactions.callback_types import Kind
from sandbox.discord.interactions.responses.records import DID_NOT_RESPOND, Records
from sandbox.discord.interactions.responses.tokens import InteractionStore, new_token
from sandbox.discord.local_discord import LocalDiscord
from sandbox.discord.rules import permissions
from sandbox.discord.state.events import Event, Viewer
from sandbox.discord.state.models import (
    Channel,
    Guild,
    Interaction,
    Json,
    Message,
)

ACKNOWLEDGE_WITHIN_SECONDS = 3.0
GUILD_CONTEXT, BOT_DIRECT_CONTEXT = 0, 1


class Starter:
    """Starts interactions and knows which still wait for their first answer."""

    def __init__(self, discord: LocalDiscord, store: InteractionStore, records: Records) -> None:
        self._discord = discord
        self._store = store
        self._records = records
        self._settled: dict[int, asyncio.Event] = {}
        self._timers: dict[int, asyncio.TimerHandle] = {}

    def start(
        self,
        kind: Kind,
        channel: Channel,
        user_id: int,
        data: Json,
        *,
        command_name: str | None = None,
        message: Message | None = None,
        parent: Interaction | None = None,
        owners: Json | None = None,
    ) -> Interaction:
        """Create the interaction and dispatch INTERACTION_CREATE to the bot.

        `owners` are the installations through which it is used; those of the interaction that it
        follows from if they are left out, or else the guild's.
        """
        world = self._discord.world
        interaction_id = world.ids.new()
        interaction = Interaction(
            id=interaction_id,
            token=new_token(interaction_id),
            type=kind,
            application_id=world.application.id,
            guild_id=channel.guild_id,
            channel_id=channel.id,
            user_id=user_id,
            raw_data=data,
            created_at=world.clock.now(),
            command_name=command_name,
            message_id=message.id if message else None,
            parent_id=parent.id if parent else None,
            owners=owners or _inherited(message, parent) or {"0": str(channel.guild_id)},
        )
        self._store.add(interaction)
        self._expect_answer(interaction)
        self._notify_bot(interaction, message)
        return interaction

    def settle(self, interaction: Interaction) -> None:
        """Note that the interaction was acknowledged or has failed; wakes those that wait for it."""
        if (timer := self._timers.pop(interaction.id, None)) is not None:
            timer.cancel()
        if (settled := self._settled.pop(interaction.id, None)) is not None:
            settled.set()
        self._records.publish(interaction)

    async def wait(self, interaction: Interaction) -> None:
        """Return once the interaction is settled."""
        if (settled := self._settled.get(interaction.id)) is not None:
            await settled.wait()

    def close(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _expect_answer(self, interaction: Interaction) -> None:
        loop = asyncio.get_running_loop()
        timer = loop.call_later(ACKNOWLEDGE_WITHIN_SECONDS, self._give_up, interaction)
        self._timers[interaction.id] = timer
        self._settled[interaction.id] = asyncio.Event()

    def _give_up(self, interaction: Interaction) -> None:
        interaction.failure = DID_NOT_RESPOND
        self.settle(interaction)

    def _notify_bot(self, interaction: Interaction, message: Message | None) -> None:
        self._records.publish(interaction)

        def render(_viewer: Viewer) -> Json:
            return interaction_json(self._discord, interaction, message)

        bot_id = self._discord.world.application.bot.id
        event = Event("INTERACTION_CREATE", render, interaction.guild_id or None, None, bot_id)
        self._discord.world.bus.publish(event)


def _inherited(message: Message | None, parent: Interaction | None) -> Json:
    """The installations of the interaction that opened the modal, or that made the message."""
    if parent is not None:
        return parent.owners
    made_by = message.interaction if message else None
    owners: Json = made_by["authorizing_integration_owners"] if made_by else {}
    return owners


def interaction_json(
    discord: LocalDiscord, interaction: Interaction, message: Message | None
) -> Json:
    """The whole event; `message` is the one whose component was used."""
    world = discord.world
    channel = world.channel(interaction.channel_id)
    user = world.user(interaction.user_id)
    bits = str(permissions.granted_in(world, channel, interaction.user_id))
    data: Json = {
        "id": str(interaction.id),
        "application_id": str(interaction.application_id),
        "type": interaction.type,
        "token": interaction.token,
        "version": 1,
        "data": world.addresses.led_here(interaction.raw_data),
        "channel_id": str(channel.id),
        "channel": payloads.channel_json(world, channel) | {"permissions": bits},
        "app_permissions": str(permissions.granted_in(world, channel, world.application.bot.id)),
        "locale": "en-US",
        "entitlements": [],
        "entitlement_sku_ids": [],
        "authorizing_integration_owners": interaction.owners,
        "context": GUILD_CONTEXT if interaction.guild_id else BOT_DIRECT_CONTEXT,
        "attachment_size_limit": discord.attachments.limit_for(interaction.guild_id, user.nitro),
    }
    if message is not None:
        viewer = Viewer(world.application.bot.id)
        data["message"] = payloads.message_json(world, message, viewer)
    if interaction.guild_id:
        return data | _guild_part(world.guild(interaction.guild_id), interaction, bits)
    return data | {"user": payloads.user_json(user)}


def _guild_part(guild: Guild, interaction: Interaction, bits: str) -> Json:
    member = guild.members[interaction.user_id]
    return {
        "guild_id": str(guild.id),
        "guild": {"id": str(guild.id), "locale": guild.preferred_locale, "features": []},
        "guild_locale": guild.preferred_locale,
        "member": payloads.member_json(member) | {"permissions": bits},
    }
