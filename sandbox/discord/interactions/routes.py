"""The REST routes of interactions: commands, callbacks and followups, under `/api/v10`."""

from aiohttp import web

from sandbox.discord import payloads
from sandbox.discord.interactions.callback_types import Callback
from sandbox.discord.interactions.responses.followups import ORIGINAL
from sandbox.discord.interactions.responses.metadata import EPHEMERAL
from sandbox.discord.interactions.responses.records import LOADING
from sandbox.discord.interactions.service import Interactions
from sandbox.discord.rest.answers import json_answer, no_content
from sandbox.discord.rest.reading import body_of, path_id, query_flag
from sandbox.discord.rest.routing import Router
from sandbox.discord.state.events import Viewer
from sandbox.discord.state.models import Interaction, Json, Message

_SHOWN = frozenset({Callback.MESSAGE, Callback.UPDATE})


class InteractionRoutes:
    """Handlers that need no bot token: an interaction's own token is the key."""

    def __init__(self, interactions: Interactions) -> None:
        self._interactions = interactions
        self._world = interactions.discord.world

    def add_to(self, router: Router) -> None:
        webhook = "/webhooks/{application_id}/{token}"
        router.add("POST", "/interactions/{interaction_id}/{token}/callback", self._callback)
        router.add("POST", webhook, self._create)
        for message in ("/messages/@original", "/messages/{message_id}"):
            router.add("GET", webhook + message, self._get)
            router.add("PATCH", webhook + message, self._edit)
            router.add("DELETE", webhook + message, self._delete)

    async def _callback(self, request: web.Request) -> web.Response:
        async with body_of(request, self._world.blobs) as body:
            interaction = self._interactions.callbacks.answer(
                path_id(request, "interaction_id"),
                request.match_info["token"],
                body.form(),
                body.files,
            )
        if query_flag(request, "with_response"):
            return json_answer(self._callback_response(interaction))
        return no_content()

    def _callback_response(self, interaction: Interaction) -> Json:
        data: Json = {"id": str(interaction.id), "type": interaction.type}
        data["channel_id"] = str(interaction.channel_id)
        if interaction.guild_id:
            data["guild_id"] = str(interaction.guild_id)
        response: Json = {"interaction": data}
        if (message := self._interactions.records.answer(interaction)) is None:
            return response
        data["response_message_id"] = str(message.id)
        data["response_message_loading"] = bool(message.flags & LOADING)
        data["response_message_ephemeral"] = bool(message.flags & EPHEMERAL)
        if interaction.callback_type in _SHOWN:
            resource = {"type": interaction.callback_type, "message": self._json(message)}
            response["resource"] = resource
        return response

    async def _create(self, request: web.Request) -> web.Response:
        """Answers with the message whatever `wait` says, as Discord does for interactions."""
        async with body_of(request, self._world.blobs) as body:
            message = self._interactions.followups.create(
                *_webhook(request), body.form(), body.files
            )
        return json_answer(self._json(message))

    async def _get(self, request: web.Request) -> web.Response:
        message = self._interactions.followups.get(*_webhook(request), _name(request))
        return json_answer(self._json(message))

    async def _edit(self, request: web.Request) -> web.Response:
        async with body_of(request, self._world.blobs) as body:
            message = self._interactions.followups.edit(
                *_webhook(request), _name(request), body.form(), body.files
            )
        return json_answer(self._json(message))

    async def _delete(self, request: web.Request) -> web.Response:
        self._interactions.followups.delete(*_webhook(request), _name(request))
        return no_content()

    def _json(self, message: Message) -> Json:
        viewer = Viewer(self._world.application.bot.id)
        return payloads.message_json(self._world, message, viewer)


def _webhook(request: web.Request) -> tuple[int, str]:
    return path_id(request, "application_id"), request.match_info["token"]


def _name(request: web.Request) -> str:
    return request.match_info.get("message_id", ORIGINAL)
