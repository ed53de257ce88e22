"""Two rarer endpoints of NanoGPT: a video's content behind the key, and Midjourney's extension."""

import asyncio
import io
from typing import Any

from aiohttp import web

from sandbox.providers.nanogpt.endpoints.guards import KEY, address_of
from sandbox.providers.nanogpt.endpoints.videos import (
    ensure_own,
    given,
    is_relative,
    own_run,
    stored,
)
from sandbox.providers.nanogpt.refusals import Refusal
from sandbox.providers.nanogpt.runs import MICROS, Run
from sandbox.providers.nanogpt.service import NanoGpt
from sandbox.videos.scenes import Scene

Json = dict[str, Any]

MIDJOURNEY = "midjourney-video"
VIDEOS_OF_MIDJOURNEY = 4
EXTENSION_ETA_SECONDS = 60
VARIANTS = {"video": 0, "thumbnail": 1, "spritesheet": 4}  # pictures that make one up
_PICTURE = (320, 180)


class Extras:
    """The handlers of one service."""

    def __init__(self, nanogpt: NanoGpt) -> None:
        self._nanogpt = nanogpt

    async def content(self, request: web.Request) -> web.Response:
        """What a relative address leads to: a redirect to the store, or a picture of the video."""
        run = own_run(self._nanogpt, request, "runId")
        variant = request.query.get("variant", "video")
        if request.query.get("model") != run.model or not is_relative(self._nanogpt, run):
            raise Refusal(400, "Invalid model", "invalid_parameter_value", param="model")
        if variant not in VARIANTS:
            raise Refusal(400, "Invalid variant", "invalid_parameter_value", param="variant")
        if run.video is None:
            raise Refusal(404, "Content not found")
        if variant == "video":
            return web.Response(status=302, headers={"Location": stored(self._nanogpt, run)})
        drawn = await asyncio.to_thread(_pictures, run, VARIANTS[variant])
        return web.Response(body=drawn, content_type="image/jpeg")

    async def extend(self, request: web.Request) -> web.Response:
        """Five seconds more of one of the four videos of a Midjourney run."""
        nanogpt, now = self._nanogpt, self._nanogpt.clock.now()
        most = nanogpt.overrides.extensions_per_minute
        nanogpt.limits.ensure_not_too_often("extend", address_of(request), now, most)
        body = await given(request)
        named, index = body.get("runId") or body.get("taskId"), body.get("index")
        if not named:
            text = "Missing required parameter: runId"
            raise Refusal(400, text, "missing_required_parameter", param="runId")
        source = ensure_own(nanogpt, request[KEY], named)
        if source.model != MIDJOURNEY:
            raise Refusal(400, "Only Midjourney videos can be extended here.")
        if type(index) is not int or not 0 <= index < VIDEOS_OF_MIDJOURNEY:
            raise Refusal(400, "Invalid index", "invalid_parameter_value", param="index")
        if source.state != "COMPLETED":
            raise Refusal(409, "The video to extend is not completed.")
        run = nanogpt.accept(request[KEY], source.body)
        return web.json_response(_extension(run, index))


def _extension(run: Run, index: int) -> Json:
    return {
        "success": True,
        "runId": run.id,
        "id": run.id,
        "taskId": run.id,
        "status": "pending",
        "model": run.model,
        "cost": run.cost_micros / MICROS,
        "message": f"Extending video {index + 1} by 5 seconds...",
        "eta": EXTENSION_ETA_SECONDS,
    }


def _pictures(run: Run, count: int) -> bytes:
    """A JPEG of one frame, or of several in a strip."""
    scene = Scene(str(run.body.get("prompt", "")), _PICTURE, 5.0)
    frames = [scene.frame(number / max(1, count - 1)) for number in range(count)]
    strip = frames[0].resize((_PICTURE[0] * count, _PICTURE[1]))
    for number, frame in enumerate(frames):
        strip.paste(frame, (_PICTURE[0] * number, 0))
    written = io.BytesIO()
    strip.convert("RGB").save(written, "JPEG")
    return written.getvalue()
