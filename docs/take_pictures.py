"""Makes the pictures of README and docs: the page, with what was just made in it.

Starts the sandbox and the bot, types commands as a person would, and takes the pictures with the
system's Chromium. Run it with `make picture`.
"""

import asyncio
import contextlib
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
from playwright.async_api import Browser, FloatRect, Locator, Page

from docs.moving_picture import recording
from tests.browser import running_browser
from tests.people import People, Upload
from tests.pictures import picture as drawn

DOCS = Path(__file__).parent
PICTURES = DOCS / "pictures"
FOX = "/video prompt: a fox running through snow"
VIDEOS = {
    "ada": [
        f"{FOX} model: sora-2",
        "/video prompt: a sailing ship in a storm at night",
    ],
    "fern": [
        "/video prompt: a red balloon over the city at dawn",
        "/video prompt: a whale under the stars",
    ],
}
RULES = [
    "pool dollars: 25",
    "allowance dollars: 1.50 period: day",
    "max-price dollars: 2",
    "gifts dollars: 1",
    "allowance dollars: 4 period: week role: Moderator",
    "grant member: Fern dollars: 2.50 reason: won the contest lasts: 7 days",
    "event-open videos: 3 max_price: 0.50 channel: pictures lasts: 12 h",
]
VIDEO_MILLISECONDS = 120_000
STILL = 600  # milliseconds before a press, so that it is seen
PLAY = """(video, [from, to]) => new Promise(resolve => {
    video.muted = true;
    video.currentTime = from;
    video.ontimeupdate = () => { if (video.currentTime > to) { video.pause(); resolve(); } };
    video.play();
})"""
SHOTS = [
    "A lighthouse on a cliff at dusk, waves below",
    "A sailing ship in a storm at night",
    "The ship comes home at dawn, calm sea",
]
FOLLOWS = {"More": "Details", "Details": "Make a preset"}  # what a press makes appear
MAIN = FloatRect(x=248, y=0, width=720, height=680)  # of a page that is 1200 wide


async def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    async with running_showreel() as address, running_browser() as browser:
        await moving_picture(browser, address)
        ada = await person(browser, address, "ada", height=1160)
        for rule in RULES:
            await decide(ada, rule)
        fern = await person(browser, address, "fern", height=1080)
        for page, commands in ((ada, VIDEOS["ada"]), (fern, VIDEOS["fern"])):
            for command in commands:
                await make_video(page, command)
        await picture_of_buttons(fern)
        await picture_of_both(fern, ["/quota month", "/quota show"], "quota")
        await picture_of_both(ada, ["/quota-admin usage", "/quota-admin show"], "quota-admin")
        await picture_of_a_quote(fern)
        await picture_of_models(fern)
        await pictures_of_forms(fern)
        await picture_of_a_question(browser, address)


async def moving_picture(browser: Browser, address: str) -> None:
    """A video is asked for, posted, and continued after its price was confirmed."""
    juno = await person(browser, address, "juno", width=1200, height=680)
    admin = await person(browser, address, "ada")
    await juno.get_by_role("button", name="Hide the hints").click()
    async with recording(juno, MAIN, DOCS / "showreel.webp") as recorded:
        await type_slowly(juno, FOX)
        with recorded.waiting():
            video = await made_video(juno, 1)
        await ask(admin, "/settings confirm-above dollars: 0")
        await video.evaluate(PLAY, [0.5, 2.5])
        await point_and_press(juno, "Extend")
        with recorded.waiting():
            await juno.get_by_role("button", name="Make it for").wait_for()
        await point_and_press(juno, "Make it for")
        with recorded.waiting():
            longer = await made_video(juno, 2)
        await longer.evaluate(PLAY, [4, 7])
    await ask(admin, "/settings confirm-above dollars: 0.50")
    await juno.close()
    await admin.close()


async def point_and_press(page: Page, label: str) -> None:
    """Lead the pointer to the latest button with this label, where it can be seen."""
    button = page.get_by_role("button", name=label).last
    await button.hover()
    await page.wait_for_timeout(STILL)
    await button.click()


async def type_slowly(page: Page, text: str) -> None:
    box = page.get_by_role("textbox", name="Message")
    await box.press_sequentially(text, delay=15)
    await page.wait_for_timeout(STILL)
    await box.press("Enter")


async def picture_of_both(page: Page, commands: list[str], name: str) -> None:
    """The last two answers, below each other."""
    for command in commands:
        answer = await ask(page, command)
        for picture in await answer.locator("img[src*='.png']").all():
            await picture.evaluate("picture => picture.decode()")
    await page.mouse.move(0, 0)
    await page.screenshot(path=PICTURES / f"{name}.png", clip=await around(page, 2))


async def picture_of_a_quote(page: Page) -> None:
    command = "/video prompt: a lighthouse in a storm model: nanophoto/veo-3.1 resolution: 4k"
    answer = await ask(page, command)
    await answer.get_by_role("button", name="Make it for").hover()
    await page.screenshot(path=PICTURES / "quote.png", clip=await around(page, 1))


async def picture_of_buttons(page: Page) -> None:
    """A video, and what More and Details say of it."""
    for label in ("More", "Details"):
        await page.get_by_test_id("component-button").filter(has_text=label).last.click()
        await page.get_by_test_id("component-button").filter(has_text=FOLLOWS[label]).wait_for()
    await page.mouse.move(0, 0)
    await page.screenshot(path=PICTURES / "buttons.png", clip=await around(page, 3))


async def picture_of_a_question(browser: Browser, address: str) -> None:
    """May Fern animate Juno's picture? Juno allows it; then someone else asks."""
    juno = await person(browser, address, "juno", width=1200, height=1080)
    await ask(juno, "/privacy pictures who: ask me first")
    async with aiohttp.ClientSession() as session:
        people = People(session, address.rstrip("/"))
        await people.look_around()
        videos, uploads = people.channel("videos"), Upload("cat.png", drawn(), "image/png")
        message = await people.person("Juno").say(videos, "my cat", uploads)
        for number, name in enumerate(("Fern", "Max")):
            await people.person(name).react(message, "🎬")
            allow = juno.get_by_role("button", name="Allow", exact=True)
            await allow.wait_for()
            if number == 0:
                await allow.click()
                await juno.get_by_text("allowed you to make videos").wait_for()
    await juno.mouse.move(0, 0)
    await juno.screenshot(path=PICTURES / "consent.png", clip=await around(juno, 5))


async def picture_of_models(page: Page) -> None:
    await ask(page, "/models list")
    await page.screenshot(path=PICTURES / "models.png", clip=await around(page, 1))


async def pictures_of_forms(page: Page) -> None:
    await type_in(page, "/create")
    form = page.get_by_test_id("modal")
    await form.get_by_label("Prompt").fill("A fox running through fresh snow at dawn")
    await picture_of_form(form, "form")
    await type_in(page, "/storyboard")
    await form.get_by_label("One shot per line").fill("\n".join(SHOTS))
    await picture_of_form(form, "storyboard", then="Submit")
    await picture_of_a_storyboard_being_made(page)


async def picture_of_a_storyboard_being_made(page: Page) -> None:
    """Its card, with the shot that is being made."""
    card = page.get_by_test_id("message").filter(has_text=" of 3")
    await card.get_by_test_id("embed").wait_for()
    await page.mouse.move(0, 0)
    await card.screenshot(path=PICTURES / "storyboard-card.png")


async def picture_of_form(form: Locator, name: str, *, then: str = "Cancel") -> None:
    await form.screenshot(path=PICTURES / f"{name}.png")
    await form.get_by_role("button", name=then).click()


async def around(page: Page, count: int) -> FloatRect:
    """The part of the page that shows the last messages."""
    messages = page.get_by_test_id("message")
    last_one = await messages.count() - 1
    shown = (last_one - count + 1, last_one)
    boxes = [await messages.nth(number).bounding_box() for number in shown]
    first, last = (box for box in boxes if box is not None)
    top = max(first["y"], 60)
    return {
        "x": round(first["x"]),
        "y": round(top),
        "width": 720,
        "height": round(last["y"] + last["height"] - top),
    }


async def person(
    browser: Browser, address: str, name: str, *, width: int = 1280, height: int = 800
) -> Page:
    """The page of one of the sandbox's members."""
    page = await browser.new_page(
        viewport={"width": width, "height": height}, color_scheme="dark", device_scale_factor=1
    )
    page.set_default_timeout(VIDEO_MILLISECONDS)
    await page.goto(f"{address}?as={name}#videos")
    await page.wait_for_selector("body[data-ready]")
    return page


async def decide(page: Page, rule: str) -> None:
    """A change of the rules, agreed to where that is asked for."""
    answer = await ask(page, f"/quota-admin {rule}")
    button = answer.get_by_role("button", name="Make this change")
    if await button.count():
        await button.click()
    await answer.get_by_text("Done.").wait_for()


async def make_video(page: Page, command: str) -> Locator:
    """Type the command, and wait until the video has replaced its card."""
    made = await page.locator("article video").count()
    await type_in(page, command)
    return await made_video(page, made + 1)


async def made_video(page: Page, count: int) -> Locator:
    """The video with this number, once it has replaced its card."""
    videos, cards = page.locator("article video"), page.get_by_test_id("embed")
    await videos.nth(count - 1).wait_for(timeout=VIDEO_MILLISECONDS)
    await cards.first.wait_for(state="detached", timeout=VIDEO_MILLISECONDS)
    return videos.nth(count - 1)


async def ask(page: Page, command: str) -> Locator:
    """Type the command; its private answer, once it says something."""
    answers = page.locator("article", has_text="Only you can see this")
    count = await answers.count()
    await type_in(page, command)
    answer = answers.nth(count)
    await answer.wait_for(timeout=VIDEO_MILLISECONDS)
    await answer.get_by_text("thinking").wait_for(state="detached", timeout=VIDEO_MILLISECONDS)
    return answer


async def type_in(page: Page, command: str) -> None:
    box = page.get_by_role("textbox", name="Message")
    await box.fill(command)
    await box.press("Enter")
    if await page.locator("[data-option]").count():  # all are optional: a second press runs it
        await page.keyboard.press("Enter")


@contextlib.asynccontextmanager
async def running_showreel() -> AsyncIterator[str]:
    """`python -m bot run` in a folder of its own; gives the page's address."""
    with tempfile.TemporaryDirectory() as folder:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "bot", "run"),
            cwd=DOCS.parent,
            env={
                "PATH": "/usr/bin:/bin",
                "DATA_DIR": folder,
                "SANDBOX_PORT": "0",
                "SANDBOX_GENERATION_SECONDS": "2",
            },
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
