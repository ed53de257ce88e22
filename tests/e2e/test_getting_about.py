"""Getting about on the chat page: by phone, by keyboard, by address, after a lost connection."""

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.e2e.chat import width_of_overflow
from tests.people import Upload
from tests.pictures import picture

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


async def test_a_newcomer_sees_where_to_begin(chat, puppet):
    page = chat.page
    await page.goto(chat.origin)

    await expect(page.get_by_role("heading", name="Showreel Studio")).to_be_visible()
    await expect(page.get_by_test_id("bot-state")).to_contain_text("online")
    await expect(page.get_by_test_id("who-am-i")).to_contain_text("You are Ada")
    await page.get_by_test_id("hint-video").click()
    await expect(chat.composer).to_have_value("/video prompt: a fox running through snow")
    await chat.composer.press("Enter")
    await expect(chat.message("Making: a fox running through snow")).to_be_visible()


async def test_who_may_not_write_is_told(chat):
    await chat.open("juno", "announcements")
    await expect(chat.composer).to_have_attribute(
        "placeholder", "You can read this channel, but not send messages."
    )
    await expect(chat.page.get_by_test_id("attach")).to_be_disabled()
    await expect(chat.page.get_by_test_id("channel").filter(has_text="staff")).to_have_count(0)
    await chat.become("ada")
    await expect(chat.composer).to_have_attribute("placeholder", "Message #announcements")
    await expect(chat.page.get_by_test_id("channel").filter(has_text="staff")).to_have_count(1)


async def test_who_sees_no_channel_is_told_once_that_is_known(chat, people):
    """The kind: at the start, and on acting as someone else, with channels and without."""
    asked, sent = asyncio.Event(), asyncio.Event()

    async def hold(route):
        asked.set()
        await sent.wait()
        await route.continue_()

    none = chat.page.get_by_text("You cannot see any channel here.")
    await chat.page.route(re.compile(r"/channels\?as="), hold)
    await chat.page.goto(f"{chat.origin}/?as=ada")
    await asked.wait()
    await expect(chat.page.get_by_text("Loading…", exact=True)).to_be_visible()
    await expect(none).to_have_count(0)
    sent.set()
    await chat.page.wait_for_selector("body[data-ready]")
    await expect(chat.page.get_by_text("Loading…", exact=True)).to_have_count(0)
    await expect(none).to_have_count(0)

    everyone = next(one for one in people.guild["roles"] if one["id"] == people.guild["id"])
    hidden = str(int(everyone["permissions"]) & ~(1 << 10))
    path = f"/guilds/{people.guild['id']}/roles/{everyone['id']}"
    await people.call("PATCH", path, {"permissions": hidden})
    await chat.become("juno")
    await expect(none).to_be_visible()
    await chat.become("ada")
    await expect(chat.composer).to_be_enabled()
    await expect(none).to_have_count(0)


async def test_a_refusal_of_the_sandbox_keeps_the_text(chat):
    await chat.open("juno")
    await chat.say("x" * 2001)

    await expect(chat.problem).to_contain_text("2000")
    await expect(chat.composer).to_have_value("x" * 2001)


async def test_after_a_lost_connection_it_catches_up(chat, people):
    broken = []

    async def pass_on(socket):
        server = socket.connect_to_server()
        broken.append((socket, server))

    await chat.page.route_web_socket(re.compile("/events"), pass_on)
    await chat.open("ada")
    socket, server = broken[-1]
    await people.person("Fern").say(people.channel("videos"), "before")
    await expect(chat.message("before")).to_be_visible()
    await server.close()
    await socket.close(code=1001)
    await people.person("Fern").say(people.channel("videos"), "in the meantime")

    await expect(chat.message("in the meantime")).to_be_visible()
    await expect(chat.page.locator("#banner")).to_be_hidden()


async def test_a_phone_shows_everything_without_scrolling_sideways(chat, puppet, people):
    page = chat.page
    await page.set_viewport_size({"width": 360, "height": 740})
    upload = Upload("a-very-long-name-" * 4 + ".png", picture(), "image/png")
    await people.person("Fern").say(
        people.channel("videos"), "w" * 300 + " `" + "c" * 200 + "`", upload
    )
    await chat.open("juno")
    await chat.say("/panel")
    await expect(page.get_by_test_id("container")).to_be_visible()
    await chat.say("/card")
    await expect(page.get_by_test_id("embed")).to_be_visible()
    assert await width_of_overflow(page) == 0

    await page.get_by_role("button", name="Channels").click()
    await page.get_by_test_id("channel").filter(has_text="welcome").click()
    await expect(page.get_by_test_id("channel-title")).to_contain_text("welcome")
    await page.get_by_role("button", name="Members").click()
    await expect(page.get_by_test_id("member").first).to_be_in_viewport()
    await page.keyboard.press("Escape")
    await chat.composer.fill("/video")
    await chat.composer.press("Enter")
    assert await width_of_overflow(page) == 0


async def test_all_of_it_can_be_done_without_a_mouse(chat, puppet):
    await chat.open("ada", "pictures")
    page, keyboard = chat.page, chat.page.keyboard
    await expect(chat.composer).to_be_focused()
    await page.get_by_test_id("timeline").focus()
    await keyboard.press("ArrowUp")
    message = chat.message("Would love to see this move!")
    await expect(message).to_be_focused()
    await keyboard.press("Enter")
    first = page.get_by_role("menuitem", name="React with 🎬")
    await expect(first).to_be_focused()
    await keyboard.press("Enter")
    await expect(message.get_by_test_id("reaction")).to_have_count(1)

    await page.get_by_test_id("who-am-i").focus()
    await keyboard.press("Enter")
    await expect(page.get_by_role("menuitemradio", name="Ada")).to_be_focused()
    await keyboard.type("F")
    await keyboard.press("Enter")
    await expect(page.get_by_test_id("who-am-i")).to_contain_text("You are Fern")

    await chat.composer.focus()
    await keyboard.type("/for")
    await expect(page.get_by_role("option").first).to_contain_text("/form")
    await keyboard.press("Enter")
    await keyboard.press("Enter")
    form = page.get_by_role("dialog", name="Tell me more")
    await expect(form.get_by_label("Words")).to_be_focused()
    await keyboard.press("Escape")
    await expect(form).to_have_count(0)


async def test_the_address_leads_back_to_person_and_channel(chat):
    await chat.open("juno", "pictures")
    await chat.page.get_by_test_id("channel").filter(has_text="videos").click()
    await expect(chat.page).to_have_url(f"{chat.origin}/?as=juno#videos")
    await chat.page.go_back()
    await expect(chat.page.get_by_test_id("channel-title")).to_contain_text("pictures")
    await chat.page.reload()
    await expect(chat.page.get_by_test_id("who-am-i")).to_contain_text("You are Juno")
    await expect(chat.page.get_by_test_id("channel-title")).to_contain_text("pictures")


async def test_the_suggested_command_stands_first_until_others_are_used_more(chat, puppet):
    await chat.open("ada", "videos")
    await chat.composer.fill("/")
    suggested = chat.page.get_by_role("option")
    await expect(suggested.first).to_contain_text("/video")
    names = await suggested.all_inner_texts()
    single = [number for number, name in enumerate(names) if not name.startswith("/admin")]
    nested = [number for number, name in enumerate(names) if name.startswith("/admin")]
    assert nested
    assert max(single) < min(nested)

    for _ in range(2):
        await chat.say("/panel")
        await expect(chat.composer).to_have_value("")
    await chat.composer.fill("/")

    await expect(suggested.first).to_contain_text("/panel")


async def test_the_hint_about_pictures_leads_to_one_that_is_there(chat, people):
    await chat.open("ada", "videos")
    hint = chat.page.get_by_test_id("hint-picture")
    await expect(hint).to_contain_text("on the picture in #pictures")
    await hint.click()
    await expect(chat.page.get_by_test_id("channel-title")).to_contain_text("pictures")
    await expect(hint).to_contain_text("on the picture here")
    await hint.click()
    await expect(chat.page.locator("[data-emoji='🎬'].reaction")).to_be_visible()
