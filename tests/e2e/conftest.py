"""A sandbox, a browser and a bot that answers by script, for tests of the page."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from sandbox.app import Sandbox, running_sandbox
from sandbox.settings import SandboxSettings
from tests.browser import WHY_NOT, find_chromium, running_browser
from tests.e2e.chat import Chat
from tests.e2e.puppet import Puppet, performing
from tests.people import People

_PATIENCE_MILLISECONDS = 45_000  # 21 MB through a browser on a busy machine

expect.set_options(timeout=_PATIENCE_MILLISECONDS)


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    log = os.environ.get("SANDBOX_TRAFFIC_LOG")  # noqa: TID251 - to judge the tests' own traffic
    settings = SandboxSettings(
        port=0, data_dir=tmp_path, generation_seconds=0, traffic_log=Path(log) if log else None
    )
    async with running_sandbox(settings) as running:
        yield running


@pytest.fixture
async def people(sandbox: Sandbox) -> AsyncIterator[People]:
    """Everyone else, by the interface that the page uses too."""
    async with aiohttp.ClientSession() as session:
        found = People(session, sandbox.origin)
        await found.look_around()
        yield found


@pytest.fixture
async def puppet(sandbox: Sandbox) -> AsyncIterator[Puppet]:
    async with aiohttp.ClientSession() as session, performing(sandbox, session) as bot:
        yield bot


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """The machine's own Chromium; skips, and says so, where there is none."""
    if find_chromium() is None:
        pytest.skip(WHY_NOT)  # fine on a developer's machine; CI allows no skips
    async with running_browser() as launched:
        yield launched


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    opened = await browser.new_context(
        viewport={"width": 1280, "height": 800}, color_scheme="dark", locale="en-US"
    )
    yield opened
    await opened.close()


@pytest.fixture
async def browser_page(context: BrowserContext) -> Page:
    page = await context.new_page()
    page.set_default_timeout(_PATIENCE_MILLISECONDS)
    return page


@pytest.fixture
async def chat(sandbox: Sandbox, browser_page: Page) -> AsyncIterator[Chat]:
    """The page of the sandbox. Whatever a test does: no errors, and no request to elsewhere."""
    opened = Chat(browser_page, sandbox.origin)
    await opened.watch()
    yield opened
    assert opened.complaints == []
    assert opened.strangers == []
