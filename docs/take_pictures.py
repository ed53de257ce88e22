"""Makes the README's picture: the page with a film that was just made in it.

Starts the sandbox and the bot, types the README's own command, waits for the film, and takes the
picture with the system's Chromium. Run it with `make picture`.
"""

import asyncio
import contextlib
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from playwright.async_api import Page

from tests.browser import running_browser

DOCS = Path(__file__).parent
COMMAND = "/video prompt: a fox running through snow"
FILM_MILLISECONDS = 60_000
PLAY_A_WHILE = """film => new Promise(resolve => {
    film.muted = true;
    film.currentTime = 2;
    film.ontimeupdate = () => { if (film.currentTime > 2.2) { film.pause(); resolve(); } };
    film.play();
})"""


async def main() -> None:
    async with running_showreel() as address, running_browser() as browser:
        page = await browser.new_page(
            viewport={"width": 1280, "height": 800}, color_scheme="dark", device_scale_factor=1
        )
        await page.goto(f"{address}#films")
        await make_film(page)
        await page.screenshot(path=DOCS / "showreel.png")


async def make_film(page: Page) -> None:
    """Type the command, and wait until the film plays and its card is final."""
    box = page.get_by_role("textbox", name="Message")
    await box.fill(COMMAND)
    await box.press("Enter")
    film = page.locator("article video").last
    await film.wait_for(timeout=FILM_MILLISECONDS)
    await page.get_by_text("Watch it").last.wait_for(timeout=FILM_MILLISECONDS)
    await film.evaluate(PLAY_A_WHILE)


@contextlib.asynccontextmanager
async def running_showreel() -> AsyncIterator[str]:
    """`python -m bot run` in a folder of its own; gives the page's address."""
    with tempfile.TemporaryDirectory() as folder:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "bot", "run"),
            cwd=DOCS.parent,
            env={"PATH": "/usr/bin:/bin", "DATA_DIR": folder, "SANDBOX_PORT": "0"},
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            yield await _page_of(child)
        finally:
            child.terminate()
            await child.wait()


async def _page_of(child: asyncio.subprocess.Process) -> str:
    while child.stdout is not None and (line := await child.stdout.readline()):
        _, found, address = line.decode().partition("Showreel is at ")
        if found:
            return address.strip()
    sys.exit("the bot did not start")


if __name__ == "__main__":
    asyncio.run(main())
