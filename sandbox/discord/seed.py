"""The initial world: a small video studio's server with four people and the bot.

Guild, users, roles, channels, application and token have the same ids in every sandbox, so that a
bot's database survives a restart. Messages are new each time.
"""

import base64
import hashlib
from datetime import UTC, datetime

from sandbox.clock import SandboxClock
from sandbox.discord import pictures
from sandbox.discord.local_discord import LocalDiscord
from sandbox.discord.rules import permissions
from sandbox.discord.rules.uploads import Upload
from sandbox.discord.state.blobs import BlobStore
from sandbox.discord.state.models import (
    Application,
    Channel,
    Emoji,
    Guild,
    Member,
    Overwrite,
    Role,
    Sticker,
    User,
)
from sandbox.discord.state.snowflakes import snowflake_at
from sandbox.discord.state.world import World

_BEGINNING = datetime(2026, 1, 1, 12, tzinfo=UTC)
_ANNOUNCEMENTS = 5


def _id(number: int) -> int:
    return snowflake_at(_BEGINNING, number)


APPLICATION_ID = _id(1)
GUILD_ID = _id(2)
ADA, MAX, FERN, JUNO = _id(10), _id(11), _id(12), _id(13)
ADMIN, MODERATOR, BOOSTER, BOT_ROLE = _id(20), _id(21), _id(22), _id(23)
WELCOME, VIDEOS, PICTURES, ANNOUNCEMENTS, STAFF, AFTER_DARK = (_id(30 + n) for n in range(6))
EMOJI, STICKER = _id(40), _id(41)

# The least that a bot needs which posts videos, in channels and in threads.
BOT_PERMISSIONS = (
    permissions.VIEW_CHANNEL
    | permissions.SEND_MESSAGES
    | permissions.SEND_MESSAGES_IN_THREADS
    | permissions.ATTACH_FILES
    | permissions.EMBED_LINKS
    | permissions.READ_MESSAGE_HISTORY
    | permissions.ADD_REACTIONS
    | permissions.CREATE_PUBLIC_THREADS
)
_MODERATING = (
    permissions.MANAGE_MESSAGES
    | permissions.KICK_MEMBERS
    | permissions.MODERATE_MEMBERS
    | permissions.MANAGE_THREADS
)


def bot_token(application_id: int) -> str:
    """A token in Discord's shape, from which clients read the application's id."""
    first = base64.urlsafe_b64encode(str(application_id).encode()).decode().rstrip("=")
    rest = hashlib.sha256(f"sandbox {application_id}".encode()).hexdigest()
    return f"{first}.{rest[:6]}.{rest[6:44]}"


def new_world(clock: SandboxClock, blobs: BlobStore, token: str | None = None) -> LocalDiscord:
    """A local Discord with everything that stands below."""
    ada = _person(ADA, "ada", "Ada")
    bot = User(APPLICATION_ID, "showreel", bot=True, avatar=_avatar(APPLICATION_ID))
    application = Application(
        id=APPLICATION_ID,
        name="Showreel",
        bot=bot,
        owner=ada,
        token=token or bot_token(APPLICATION_ID),
        user_installs={ADA},
    )
    secret = hashlib.sha256(application.token.encode()).digest()
    world = World(clock=clock, blobs=blobs, application=application, secret=secret)
    guild = _guild(world, ada, bot)
    world.guilds[guild.id] = guild
    world.users |= {user_id: member.user for user_id, member in guild.members.items()}
    local = LocalDiscord(world)
    _post_first_messages(local, guild)
    return local


def _person(user_id: int, username: str, name: str, nitro: int = 0) -> User:
    return User(user_id, username, global_name=name, nitro=nitro, avatar=_avatar(user_id))


def _avatar(user_id: int) -> str:
    return f"{user_id:032x}"


def _guild(world: World, ada: User, bot: User) -> Guild:
    guild = Guild(GUILD_ID, "Showreel Studio", owner_id=ADA)
    guild.roles = {role.id: role for role in _roles()}
    joined = [
        (ada, {ADMIN}),
        (_person(MAX, "max", "Max"), {MODERATOR}),
        (_person(FERN, "fern", "Fern", nitro=2), {BOOSTER}),
        (_person(JUNO, "juno", "Juno"), set[int]()),
        (bot, {BOT_ROLE}),
    ]
    guild.members = {user.id: Member(user, _BEGINNING, roles) for user, roles in joined}
    guild.channels = {channel.id: channel for channel in _channels()}
    guild.emojis[EMOJI] = Emoji(EMOJI, "clapper")
    guild.stickers[STICKER] = Sticker(STICKER, "star", 1, "A happy star")
    world.blobs.write(EMOJI, pictures.clapper())
    world.blobs.write(STICKER, pictures.star())
    return guild


def _roles() -> list[Role]:
    admin = permissions.ADMINISTRATOR | permissions.MANAGE_GUILD
    return [
        Role(GUILD_ID, "@everyone", permissions.EVERYONE),
        Role(BOOSTER, "Booster", 0, position=1, color=0xF47FFF, mentionable=True),
        Role(BOT_ROLE, "Showreel", BOT_PERMISSIONS, position=2, managed_by_bot=APPLICATION_ID),
        Role(MODERATOR, "Moderator", _MODERATING, position=3, color=0x57F287, hoist=True),
        Role(ADMIN, "Admin", admin, position=4, color=0xED4245, hoist=True),
    ]


def _channels() -> list[Channel]:
    hidden = _overwrites(deny=permissions.VIEW_CHANNEL, staff_allow=permissions.VIEW_CHANNEL)
    read_only = _overwrites(
        deny=permissions.SEND_MESSAGES | permissions.CREATE_PUBLIC_THREADS,
        staff_allow=permissions.SEND_MESSAGES,
    )
    return [
        Channel(WELCOME, GUILD_ID, 0, "welcome", topic="Start here", position=0),
        Channel(VIDEOS, GUILD_ID, 0, "videos", topic="Make videos with /video", position=1),
        Channel(PICTURES, GUILD_ID, 0, "pictures", topic="React to make them move", position=2),
        Channel(
            ANNOUNCEMENTS,
            GUILD_ID,
            _ANNOUNCEMENTS,
            "announcements",
            topic="News",
            position=3,
            overwrites=read_only,
        ),
        Channel(STAFF, GUILD_ID, 0, "staff", position=4, overwrites=hidden),
        Channel(AFTER_DARK, GUILD_ID, 0, "after-dark", position=5, nsfw=True),
    ]


def _overwrites(*, deny: int, staff_allow: int) -> dict[int, Overwrite]:
    found = [Overwrite(GUILD_ID, 0, deny=deny)]
    found += [Overwrite(role, 0, allow=staff_allow) for role in (ADMIN, MODERATOR)]
    return {item.id: item for item in found}


def _post_first_messages(local: LocalDiscord, guild: Guild) -> None:
    welcome = (
        "Welcome to **Showreel Studio**! Type `/` in #videos to see what the bot can do, "
        "or react with 🎬 to the picture in #pictures."
    )
    users, channels = local.world.users, guild.channels
    local.messages.create(channels[WELCOME], users[ADA], {"content": welcome})
    local.messages.create(
        channels[ANNOUNCEMENTS], users[ADA], {"content": "The studio is open. Have fun!"}
    )
    path = local.world.blobs.spool_path()
    size = path.write_bytes(pictures.landscape())
    upload = Upload("evening_mountains.png", path, size)
    body = {"content": "Last night from the ridge. Would love to see this move!"}
    local.messages.create(channels[PICTURES], users[FERN], body, {0: upload})
