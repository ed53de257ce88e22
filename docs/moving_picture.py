"""Records a page as an animated WebP: screenshots, each shown for as long as it was on the screen.

What stands still is shown for at most `LONGEST_STILL` milliseconds, and of a wait a few frames are
kept. The mouse pointer, which screenshots leave out, is drawn into the page.
"""

import contextlib
import io
import itertools
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from playwright.async_api import FloatRect, Page

from sandbox.tasks import TaskOwner

LONGEST_STILL = 650
WAITING_FRAMES = 6
LAST_STILL = 2000  # until it begins again
BETWEEN = 80  # milliseconds; what a screenshot takes is added
QUALITY = 60
POINTER = """() => {
    const pointer = document.createElement("div");
    pointer.style.cssText = "position:fixed;z-index:99;pointer-events:none;width:22px;height:26px;"
        + "background:white;clip-path:polygon(0 0,0 78%,22% 60%,38% 96%,54% 89%,38% 55%,68% 55%);"
        + "filter:drop-shadow(0 0 1px black);transition:left 0.4s,top 0.4s;left:50%;top:70%";
    document.body.append(pointer);
    addEventListener("mousemove", event => {
        pointer.style.left = `${event.clientX}px`;
        pointer.style.top = `${event.clientY}px`;
    });
}"""


@dataclass
class Recording:
    """The frames of one page, with the moment of each."""

    page: Page
    clip: FloatRect
    frames: list[tuple[float, bytes]] = field(default_factory=list)

    async def run(self) -> None:
        """Take pictures until cancelled."""
        while True:
            await self.take()
            await self.page.wait_for_timeout(BETWEEN)

    async def take(self) -> None:
        taken = time.perf_counter()
        shot = await self.page.screenshot(clip=self.clip)
        if not self.frames or self.frames[-1][1] != shot:
            self.frames.append((taken, shot))

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Keep a few frames of what the block waits for, however long it takes."""
        begun = len(self.frames)
        yield
        seen = self.frames[begun:]
        self.frames[begun:] = seen[:: max(1, -(-len(seen) // WAITING_FRAMES))]

    def save(self, target: Path) -> None:
        """Write the animation, which repeats endlessly."""
        images = [Image.open(io.BytesIO(shot)).convert("RGB") for _, shot in self.frames]
        moments = [taken for taken, _ in self.frames]
        shown = [
            min(round((later - taken) * 1000), LONGEST_STILL)
            for taken, later in itertools.pairwise(moments)
        ]
        images[0].save(
            target,
            save_all=True,
            append_images=images[1:],
            duration=[*shown, LAST_STILL],
            loop=0,
            quality=QUALITY,
            method=3,
            allow_mixed=True,  # lossless where that is smaller, as it is for text
        )


@contextlib.asynccontextmanager
async def recording(page: Page, clip: FloatRect, target: Path) -> AsyncIterator[Recording]:
    """Record this part of the page while the block runs."""
    await page.evaluate(POINTER)
    kept = Recording(page, clip)
    async with TaskOwner() as tasks:
        _running = tasks.start(kept.run(), name="recording")
        yield kept
    await kept.take()
    kept.save(target)
