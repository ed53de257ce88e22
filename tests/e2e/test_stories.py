"""The two stories of a newcomer, by clicking, in a real browser with the real bot."""

import io

import pytest
from PIL import Image
from playwright.async_api import expect

from tests.browser import WHY_NOT, find_chromium, running_browser
from tests.studio import open_studio

pytestmark = [
    pytest.mark.browser,
    # fine on a developer's machine; CI allows no skips
    pytest.mark.skipif(find_chromium() is None, reason=WHY_NOT),
]

SOON = 20_000  # milliseconds


@pytest.fixture
async def studio(tmp_path):
    async with open_studio(tmp_path, generation_seconds=0.5) as opened:
        yield opened


@pytest.fixture
async def page(studio):
    """The page as a newcomer sees it; any error on it fails the test."""
    wrong = []
    async with running_browser() as browser:
        opened = await browser.new_page()
        opened.on("pageerror", lambda error: wrong.append(str(error)))
        opened.on(
            "request",
            lambda request: (
                wrong.append(request.url)
                if not request.url.startswith((studio.sandbox.origin, "data:", "blob:"))
                else None
            ),
        )
        yield opened
    assert wrong == []


def landscape():
    target = io.BytesIO()
    Image.linear_gradient("L").resize((320, 180)).convert("RGB").save(target, "PNG")
    return target.getvalue()


async def test_typing_a_request_gives_a_video_that_plays(studio, page):
    async with studio.bot():
        await page.goto(f"{studio.sandbox.origin}/#videos")
        box = page.get_by_role("textbox", name="Message")
        await box.fill("/video prompt: a fox running through snow")
        await box.press("Enter")

        await expect(page.get_by_text("Accepted for")).to_be_visible(timeout=SOON)
        video = page.locator("article video")
        await expect(video).to_be_visible(timeout=SOON)
        width = await video.evaluate(
            "video => video.videoWidth || new Promise("
            "done => { video.onloadedmetadata = () => done(video.videoWidth) })"
        )
        await expect(page.get_by_test_id("embed")).to_have_count(0, timeout=SOON)  # the card

    assert width == 1280


async def test_a_picture_moves_after_one_press(studio, page):
    async with studio.bot():
        await page.goto(f"{studio.sandbox.origin}/#videos")
        await page.locator("input[type=file]").first.set_input_files(
            {"name": "hills.png", "mimeType": "image/png", "buffer": landscape()}
        )
        await page.get_by_role("textbox", name="Message").press("Enter")
        message = page.locator("article", has=page.locator("img[src*='hills']"))
        await expect(message).to_be_visible(timeout=SOON)
        await message.hover()
        await message.get_by_role("button", name="React with 🎬").click()

        await expect(page.locator("article video")).to_be_visible(timeout=SOON)
    assert len(studio.runs) == 1
