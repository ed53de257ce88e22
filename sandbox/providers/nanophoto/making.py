"""Renders an accepted shot: fetches the pictures, draws, and joins the videos."""

import asyncio
import io
from collections.abc import Sequence
from pathlib import Path

from sandbox.providers.nanophoto.shots import Shot
from sandbox.providers.pictures import fetched
from sandbox.videos.rendering import Renderer, RenderRequest
from sandbox.videos.scenes import Scene

SHOT_SECONDS = 8.0
OWN_PICTURES = "https://static.nanophoto.ai/demo/"  # of the page's examples; drawn, not fetched


class Studio:
    """Makes videos into a folder."""

    def __init__(self, renderer: Renderer, folder: Path) -> None:
        self.folder = folder
        self._renderer = renderer
        folder.mkdir(parents=True, exist_ok=True)

    async def make(self, shot: Shot) -> str:
        """The name of the shot's video. Raises RenderingError, as for a picture that is away."""
        order = shot.order
        pictures = await asyncio.gather(*(_picture(address) for address in order.image_urls))
        is_frames = order.generation_type == "FIRST_AND_LAST_FRAMES_2_VIDEO"
        request = RenderRequest(
            prompt=order.prompt,
            seconds=SHOT_SECONDS,
            resolution=shot.resolution,
            aspect_ratio=order.aspect_ratio,
            audio=True,
            image=pictures[0] if is_frames else None,
            end_image=pictures[1] if is_frames and len(pictures) > 1 else None,
            references=() if is_frames else tuple(pictures),
        )
        name = f"{shot.task_id}.mp4"
        await self._renderer.render(request, self.folder / name)
        return name

    async def join(self, shots: Sequence[Shot]) -> str:
        """The name of the video that shows these finished shots in turn. Raises RenderingError."""
        name = f"task_joined{shots[0].task_id.removeprefix('task_')}.mp4"
        videos = [self.folder / str(shot.video) for shot in shots]
        alike = len({shot.order.aspect_ratio for shot in shots}) == 1
        await self._renderer.join(videos, self.folder / name, alike=alike)
        return name


async def _picture(address: str) -> bytes:
    """The picture at an address. Raises RenderingError."""
    if address.startswith(OWN_PICTURES):
        return await asyncio.to_thread(_drawn, address.removeprefix(OWN_PICTURES))
    return await fetched(address)


def _drawn(name: str) -> bytes:
    content = io.BytesIO()
    Scene(name, (640, 360), SHOT_SECONDS).frame(0.5).save(content, "WEBP")
    return content.getvalue()
