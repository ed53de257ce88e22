"""Voice: regions, default sounds, and voice states."""

from aiohttp import web

from sandbox.discord import errors
from sandbox.discord.local_discord import LocalDiscord
from sandbox.discord.payloads import voice_state_json
from sandbox.discord.rest import reading
from sandbox.discord.rest.answers import json_answer
from sandbox.discord.rest.resources.guilds import guild_of
from sandbox.discord.rest.routing import Router
from sandbox.discord.state.models import Json

_REGIONS = (
    "brazil",
    "rotterdam",
    "japan",
    "singapore",
    "sydney",
    "us-central",
    "us-east",
    "us-west",
)
_SOUNDS = (  # by id from 1, with their emoji
    ("quack", "🦆"),
    ("airhorn", "🔊"),
    ("cricket", "🦗"),
    ("golf clap", "👏"),
    ("sad horn", "🎺"),
    ("ba dum tss", "🥁"),
)


def add_routes(router: Router, local: LocalDiscord) -> None:
    voice = _Voice(local)
    sounds, states = "/guilds/{guild_id}/soundboard-sounds", "/guilds/{guild_id}/voice-states"
    router.add("GET", "/voice/regions", voice.regions)
    router.add("GET", "/guilds/{guild_id}/regions", voice.regions)
    router.add("GET", "/soundboard-default-sounds", voice.default_sounds)
    router.add("GET", sounds, voice.sounds)
    router.add("GET", sounds + "/{sound_id}", voice.sound)
    router.add("GET", states + "/@me", voice.own_state)
    router.add("GET", states + "/{user_id}", voice.state)


class _Voice:
    def __init__(self, local: LocalDiscord) -> None:
        self._local = local
        self._bot_id = local.world.application.bot.id

    async def regions(self, _request: web.Request) -> web.Response:
        return json_answer([_region(name) for name in _REGIONS])

    async def default_sounds(self, _request: web.Request) -> web.Response:
        return json_answer([_sound(number, *row) for number, row in enumerate(_SOUNDS, start=1)])

    async def sounds(self, request: web.Request) -> web.Response:
        guild_of(self._local, request)
        return json_answer({"items": []})

    async def sound(self, request: web.Request) -> web.Response:
        guild_of(self._local, request)
        reading.path_id(request, "sound_id")
        raise errors.unknown_sound()

    async def own_state(self, request: web.Request) -> web.Response:
        return self._state(request, self._bot_id)

    async def state(self, request: web.Request) -> web.Response:
        return self._state(request, reading.path_id(request, "user_id"))

    def _state(self, request: web.Request, user_id: int) -> web.Response:
        guild = guild_of(self._local, request)
        if (found := guild.voice_states.get(user_id)) is None:
            raise errors.unknown_voice_state()
        return json_answer(voice_state_json(guild, found))


def _region(name: str) -> Json:
    return {
        "id": name,
        "name": name.replace("-", " ").title(),
        "custom": False,
        "deprecated": False,
        "optimal": name == "us-east",
    }


def _sound(number: int, name: str, emoji: str) -> Json:
    return {
        "name": name,
        "sound_id": str(number),
        "volume": 1.0,
        "emoji_id": None,
        "emoji_name": emoji,
        "available": True,
    }
