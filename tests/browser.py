"""The system's Chromium, for tests of the page and for the README's picture."""

import contextlib
import shutil
from collections.abc import AsyncIterator

from playwright.async_api import Browser, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WHY_NOT = "Chromium is not installed here; the tests of the page run where it is"


def find_chromium() -> str | None:
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@contextlib.asynccontextmanager
async def running_browser() -> AsyncIterator[Browser]:
    """Headless, and reaching nothing by itself. Raises LookupError where there is none."""
    program = find_chromium()
    if program is None:
        raise LookupError(WHY_NOT)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()
