"""The API for people as the application mounts it: all routes, and their OpenAPI document."""

from aiohttp import web

from sandbox.api.interacting import InteractingRoutes
from sandbox.api.openapi import document
from sandbox.api.reading import ReadingRoutes
from sandbox.api.routing import Call, Nothing, Route, add_routes
from sandbox.api.services import service_routes
from sandbox.api.trouble import TroubleRoutes
from sandbox.api.watching import WatchingRoutes
from sandbox.api.world import WorldRoutes
from sandbox.api.writing import WritingRoutes
from sandbox.discord.faults import Faults
from sandbox.discord.gateway.service import Gateway
from sandbox.discord.interactions.service import Interactions
from sandbox.discord.rest.missing import MissingRoutes
from sandbox.discord.state.models import Json


class PeopleApi:
    """Everything under `/sandbox/api`; the video services' part is described, not served."""

    def __init__(
        self,
        interactions: Interactions,
        gateway: Gateway,
        faults: Faults,
        missing: MissingRoutes,
    ) -> None:
        discord = interactions.discord
        self._blobs = discord.world.blobs
        self._watching = WatchingRoutes(discord.world)
        self.routes: list[Route] = [
            *WorldRoutes(discord, gateway, faults).table(),
            *ReadingRoutes(interactions).table(),
            *WritingRoutes(discord).table(),
            *InteractingRoutes(interactions).table(),
            *self._watching.table(),
            *TroubleRoutes(faults, gateway, missing).table(),
            *service_routes(),
            Route("GET", "/openapi.json", self._describe, "This document", answer=Json),
        ]

    def add_to(self, app: web.Application) -> None:
        add_routes(app, self.routes, self._blobs)

    async def close(self) -> None:
        await self._watching.close()

    async def _describe(self, _call: Call[Nothing, Nothing]) -> Json:
        return document(self.routes)
