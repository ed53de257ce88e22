"""INTERACTION_CREATE as the bot gets it, with everything that libraries insist on."""

from sandbox.discord import payloads
from sandbox.discord.events import Viewer
from sandbox.discord.local import LocalDiscord
from sandbox.discord.models import Guild, Interaction, Json, Message

GUILD_CONTEXT, BOT_DIRECT_CONTEXT = 0, 1


def interaction_json(
    discord: LocalDiscord, interaction: Interaction, message: Message | None
) -> Json:
    """The whole event; `message` is the one whose component was used."""
    world = discord.world
    channel = world.channel(interaction.channel_id)
    user = world.user(interaction.user_id)
    bits = str(world.permissions_in(channel, interaction.user_id))
    data: Json = {
        "id": str(interaction.id),
        "application_id": str(interaction.application_id),
        "type": interaction.type,
        "token": interaction.token,
        "version": 1,
        "data": interaction.raw_data,
        "channel_id": str(channel.id),
        "channel": payloads.channel_json(world, channel) | {"permissions": bits},
        "app_permissions": str(world.permissions_in(channel, world.application.bot.id)),
        "locale": "en-US",
        "entitlements": [],
        "entitlement_sku_ids": [],
        "authorizing_integration_owners": integration_owners(interaction),
        "context": GUILD_CONTEXT if interaction.guild_id else BOT_DIRECT_CONTEXT,
        "attachment_size_limit": discord.attachments.limit_for(interaction.guild_id, user.nitro),
    }
    if message is not None:
        viewer = Viewer(world.application.bot.id)
        data["message"] = payloads.message_json(world, message, viewer)
    if interaction.guild_id:
        return data | _guild_part(world.guild(interaction.guild_id), interaction, bits)
    return data | {"user": payloads.user_json(user)}


def integration_owners(interaction: Interaction) -> Json:
    return {"0": str(interaction.guild_id)}


def _guild_part(guild: Guild, interaction: Interaction, bits: str) -> Json:
    member = guild.members[interaction.user_id]
    return {
        "guild_id": str(guild.id),
        "guild": {"id": str(guild.id), "locale": guild.preferred_locale, "features": []},
        "guild_locale": guild.preferred_locale,
        "member": payloads.member_json(member) | {"permissions": bits},
    }
