"""The CDN: attachments under signed addresses that expire, and the pictures of users and guilds.

Files are sent with ranges, so that a video player can seek.
"""

import mimetypes
from urllib.parse import quote

from aiohttp import web

from sandbox.discord import pictures
from sandbox.discord.state.world import World

_GONE = "This content is no longer available."
_PLAYABLE = ("image/", "video/", "audio/")


def add_routes(app: web.Application, world: World) -> None:
    cdn = _Cdn(world)
    folder = "{folder:attachments|ephemeral-attachments}"
    app.router.add_get(f"/cdn/{folder}/{{owner:\\d+}}/{{id:\\d+}}/{{name}}", cdn.attachment)
    app.router.add_get("/cdn/avatars/{user:\\d+}/{name}", cdn.avatar)
    app.router.add_get("/cdn/embed/avatars/{name}", cdn.default_avatar)
    app.router.add_get("/cdn/{kind:emojis|stickers}/{id:\\d+}{extension:\\.\\w+}", cdn.picture)


class _Cdn:
    def __init__(self, world: World) -> None:
        self._world = world

    async def attachment(self, request: web.Request) -> web.StreamResponse:
        found = request.match_info
        path = f"/{found['folder']}/{found['owner']}/{found['id']}/{quote(found['name'])}"
        query = request.query
        signed = [query.get(key, "") for key in ("ex", "is", "hm")]
        if not all(signed) or not self._world.addresses.is_valid(path, *signed):
            return web.Response(status=404, text=_GONE)
        file = self._world.blobs.path(int(found["id"]))
        if not file.exists():
            return web.Response(status=404, text=_GONE)
        kind = mimetypes.guess_type(found["name"])[0] or "application/octet-stream"
        headers = {"Content-Type": kind, "Cache-Control": "private, max-age=300"}
        if not kind.startswith(_PLAYABLE):
            headers["Content-Disposition"] = f'attachment; filename="{found["name"]}"'
        return web.FileResponse(file, headers=headers)

    async def avatar(self, request: web.Request) -> web.Response:
        user = self._world.users.get(int(request.match_info["user"]))
        if user is None or user.avatar is None:
            return web.Response(status=404)
        return _png(pictures.avatar(user.id, user.global_name or user.username))

    async def default_avatar(self, request: web.Request) -> web.Response:
        digits = "".join(filter(str.isdigit, request.match_info["name"]))
        return _png(pictures.avatar(int(digits or 0), "?"))

    async def picture(self, request: web.Request) -> web.StreamResponse:
        file = self._world.blobs.path(int(request.match_info["id"]))
        if not file.exists():
            return web.Response(status=404)
        return web.FileResponse(file, headers={"Content-Type": "image/png"})


def _png(data: bytes) -> web.Response:
    headers = {"Cache-Control": "public, max-age=3600"}
    return web.Response(body=data, content_type="image/png", headers=headers)
