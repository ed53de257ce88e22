"""The REST routes of interactions: commands, callbacks and followups, under `/api/v10`."""

from aiohttp import web

from sandbox.discord import payloads
from sandbox.discord.events import Viewer
from sandbox.discord.interactions.callback_types import Callback
from sandbox.discord.interactions.origins import EPHEMERAL
from sandbox.discord.interactions.records import LOADING
from sandbox.discord.interactions.service import Interactions
from sandbox.discord.models import Interaction, Json, Message
from sandbox.discord.rest.answers import json_answer, no_content
from sandbox.discord.uploads import read_body

_SHOWN = frozenset({Callback.MESSAGE, Callback.UPDATE})


class InteractionRoutes:
    """Handlers that need no bot token: an interaction's own token is the key."""

    def __init__(self, interactions: Interactions) -> None:
        self._interactions = interactions
        self._world = interactions.discord.world

    def table(self) -> list[web.RouteDef]:
        """Paths relative to the API's root; `@original` may come percent-encoded."""
        webhook = r"/webhooks/{application_id:\d+}/{token}"
        message = webhook + r"/messages/{message_id:@original|\d+}"
        callback = r"/interactions/{interaction_id:\d+}/{token}/callback"
        return [
            web.post(callback, self._callback),
            web.post(webhook, self._create),
            web.get(message, self._get),
            web.patch(message, self._edit),
            web.delete(message, self._delete),
        ]

    async def _callback(self, request: web.Request) -> web.Response:
        body = await read_body(request, self._world.blobs)
        try:
            interaction = self._interactions.callbacks.answer(
                int(request.match_info["interaction_id"]),
                request.match_info["token"],
                body.form(),
                body.files,
            )
        finally:
            body.discard()
        if request.query.get("with_response", "").lower() in {"1", "true"}:
            return json_answer(self._callback_response(interaction))
        return no_content()

    def _callback_response(self, interaction: Interaction) -> Json:
        told: Json = {"id": str(interaction.id), "type": interaction.type}
        told["channel_id"] = str(interaction.channel_id)
        if interaction.guild_id:
            told["guild_id"] = str(interaction.guild_id)
        response: Json = {"interaction": told}
        if (message := self._interactions.records.answer(interaction)) is None:
            return response
        told["response_message_id"] = str(message.id)
        told["response_message_loading"] = bool(message.flags & LOADING)
        told["response_message_ephemeral"] = bool(message.flags & EPHEMERAL)
        if interaction.callback_type in _SHOWN:
            resource = {"type": interaction.callback_type, "message": self._json(message)}
            response["resource"] = resource
        return response

    async def _create(self, request: web.Request) -> web.Response:
        """Answers with the message whatever `wait` says, as Discord does for interactions."""
        body = await read_body(request, self._world.blobs)
        try:
            message = self._interactions.followups.create(
                *_webhook(request), body.form(), body.files
            )
        finally:
            body.discard()
        return json_answer(self._json(message))

    async def _get(self, request: web.Request) -> web.Response:
        name = request.match_info["message_id"]
        return json_answer(self._json(self._interactions.followups.get(*_webhook(request), name)))

    async def _edit(self, request: web.Request) -> web.Response:
        name = request.match_info["message_id"]
        body = await read_body(request, self._world.blobs)
        try:
            message = self._interactions.followups.edit(
                *_webhook(request), name, body.form(), body.files
            )
        finally:
            body.discard()
        return json_answer(self._json(message))

    async def _delete(self, request: web.Request) -> web.Response:
        name = request.match_info["message_id"]
        self._interactions.followups.delete(*_webhook(request), name)
        return no_content()

    def _json(self, message: Message) -> Json:
        return payloads.message_json(self._world, message, Viewer(self._world.application.bot.id))


def _webhook(request: web.Request) -> tuple[int, str]:
    return int(request.match_info["application_id"]), request.match_info["token"]
