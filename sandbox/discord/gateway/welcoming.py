"""The first events of a new session: READY, then every guild of its shard."""

from sandbox.discord import payloads
from sandbox.discord.gateway.intents import Intent
from sandbox.discord.gateway.sessions import Session
from sandbox.discord.state.models import Guild, Json
from sandbox.discord.state.world import World


def ready(world: World, session: Session, resume_url: str) -> Json:
    guilds = [guild for guild in _joined(world) if session.hears(guild.id)]
    return {
        "v": 10,
        "user": payloads.own_user_json(world.application.bot),
        "user_settings": {},
        "session_type": "normal",
        "session_id": session.id,
        "resume_gateway_url": resume_url,
        "shard": [session.shard_id, session.shard_count],
        "application": payloads.partial_application_json(world.application),
        "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
        "relationships": [],
        "private_channels": [],
        "presences": [],
        "guild_join_requests": [],
        "geo_ordered_rtc_regions": ["us-east"],
        "auth": {},
        "_trace": ["sandbox"],
    }


def introduce_guilds(world: World, session: Session) -> None:
    """Dispatch GUILD_CREATE for each guild of the shard, if the session has the GUILDS intent."""
    if not session.intents & Intent.GUILDS:
        return
    for guild in _joined(world):
        if session.hears(guild.id):
            session.dispatch("GUILD_CREATE", guild_create(world, guild, session.intents))


def guild_create(world: World, guild: Guild, intents: int) -> Json:
    """GUILD_CREATE's data; without the presences intent the bot is the only member in it."""
    bot_id = world.application.bot.id
    data = payloads.guild_create_json(world, guild, bot_id)
    if not intents & Intent.GUILD_PRESENCES:
        data["members"] = [payloads.member_json(guild.members[bot_id])]
    return data


def _joined(world: World) -> list[Guild]:
    bot_id = world.application.bot.id
    return [guild for guild in world.guilds.values() if bot_id in guild.members]
