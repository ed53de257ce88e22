"""The chat page as a test uses it: by what a person sees and a screen reader hears."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from playwright.async_api import ConsoleMessage, FilePayload, Locator, Page, Request, Route, expect

from tests.pictures import picture

SUNSET = FilePayload(name="sunset.png", mimeType="image/png", buffer=picture(size=(320, 180)))

_HARMLESS = "the server responded with a status of 4"  # a refusal that the page puts into words


@dataclass
class Chat:
    """One page. `complaints` are errors it logged, `strangers` are hosts it asked besides its own."""

    page: Page
    origin: str
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    async def watch(self) -> None:
        """Note errors; nothing but this machine can be reached."""
        self.page.on("console", self._noted)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._asked)
        await self.page.route("**/*", _only_here)

    async def open(self, person: str = "ada", channel: str = "videos") -> "Chat":
        await self.page.goto(f"{self.origin}/?as={quote(person)}#{quote(channel)}")
        await self.page.wait_for_selector("body[data-ready]")
        await expect(self.page.get_by_test_id("channel-title")).to_contain_text(channel)
        return self

    @property
    def composer(self) -> Locator:
        return self.page.get_by_test_id("composer-input")

    @property
    def problem(self) -> Locator:
        """What stands above the composer when something was refused."""
        return self.page.get_by_test_id("composer-error")

    @property
    def messages(self) -> Locator:
        return self.page.get_by_test_id("message")

    def message(self, text: str) -> Locator:
        return self.messages.filter(has_text=text)

    def option(self, name: str) -> Locator:
        """The field of a command's option."""
        return self.page.locator(f"[data-option='{name}'] :is(textarea, button)")

    async def say(self, text: str) -> None:
        await self.composer.fill(text)
        await self.composer.press("Enter")

    async def become(self, username: str) -> None:
        await self.page.get_by_test_id("who-am-i").click()
        await self.page.get_by_test_id(f"be-{username}").click()

    async def choose_in_menu(self, message: Locator, label: str) -> None:
        await message.hover()
        await message.get_by_test_id("more").click()
        await self.page.get_by_role("menuitem", name=label).click()

    def _noted(self, said: ConsoleMessage) -> None:
        if said.type in {"error", "warning"} and _HARMLESS not in said.text:
            self.complaints.append(f"{said.text} ({said.location.get('url')})")

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if (
            parts.scheme not in {"blob", "data"}
            and f"{parts.scheme}://{parts.netloc}" != self.origin
        ):
            self.strangers.append(request.url)


async def _only_here(route: Route) -> None:
    if urlsplit(route.request.url).hostname in {"127.0.0.1", "localhost"}:
        await route.continue_()
    else:
        await route.abort()


async def width_of_overflow(page: Page) -> Any:
    """By how many pixels anything reaches over the window's right edge; 0 is as it should be."""
    return await page.evaluate(
        """() => {
            const root = document.scrollingElement;
            const log = document.querySelector("[role=log]");
            const over = (node) => node.scrollWidth - node.clientWidth;
            return Math.max(over(root), over(document.body), over(log));
        }"""
    )
