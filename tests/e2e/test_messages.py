"""Messages on the chat page: written, seen, reacted to, changed and found again."""

import re

import pytest
from playwright.async_api import expect

from tests.e2e.chat import SUNSET

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


async def test_a_message_is_posted_and_others_see_it(chat, people):
    await chat.open("ada")
    await chat.say("**Hello** everyone")

    mine = chat.message("Hello everyone")
    await expect(mine).to_be_visible()
    await expect(mine.locator("strong")).to_have_text("Hello")
    [newest, *_] = await people.person("Fern").read(people.channel("videos"))
    assert newest["content"] == "**Hello** everyone"


async def test_what_others_write_appears_by_itself(chat, people):
    await chat.open("ada")
    fern = people.person("Fern")
    await fern.say(
        people.channel("videos"),
        f"Hi <@{people.person('Ada').id}>, see <#{people.channel('pictures')}>",
    )

    arrived = chat.message("Hi @Ada, see #pictures")
    await expect(arrived).to_be_visible()
    await expect(arrived).to_have_class(re.compile("mentions-me"))


async def test_a_message_elsewhere_marks_its_channel_and_the_title(chat, people):
    await chat.open("ada", "videos")
    await people.person("Fern").say(people.channel("welcome"), "Over here")

    room = chat.page.get_by_test_id("channel").filter(has_text="welcome")
    await expect(room).to_have_class(re.compile("unread"))
    await expect(chat.page).to_have_title(re.compile(r"^\(1\) #videos"))
    await room.click()
    await expect(chat.message("Over here")).to_be_visible()
    await expect(room).not_to_have_class(re.compile("unread"))


async def test_a_picture_is_uploaded_shown_and_opened_large(chat):
    await chat.open("fern", "pictures")
    await chat.page.get_by_test_id("file-input").set_input_files(SUNSET)
    await expect(chat.page.get_by_test_id("tray")).to_contain_text("sunset.png")
    await chat.say("From the roof")

    shown = chat.message("From the roof").get_by_test_id("picture")
    await expect(shown.locator("img")).to_have_js_property("naturalWidth", 320)
    await shown.click()
    await expect(chat.page.get_by_test_id("lightbox")).to_be_visible()
    await chat.page.keyboard.press("Escape")
    await expect(chat.page.get_by_test_id("lightbox")).to_be_hidden()


async def test_one_press_reacts_with_the_clapper_and_another_takes_it_back(chat, people):
    await chat.open("max", "pictures")
    message = chat.message("Would love to see this move!")
    await message.hover()
    await message.get_by_test_id("react-clapper").click()

    chip = message.locator("[data-emoji='🎬'].reaction")
    await expect(chip).to_have_attribute("aria-pressed", "true")
    [found] = await people.person("Max").read(people.channel("pictures"))
    await people.person("Juno").react(found, "🎬")
    await expect(chip.locator(".count")).to_have_text("2")
    await chip.click()
    await expect(chip).to_have_attribute("aria-pressed", "false")
    await expect(chip.locator(".count")).to_have_text("1")


async def test_any_emoji_can_be_searched_for(chat):
    await chat.open("max", "pictures")
    message = chat.message("Would love to see this move!")
    await message.hover()
    await message.get_by_test_id("react-other").click()
    await chat.page.get_by_test_id("emoji-search").fill("clapper")
    await chat.page.get_by_role("button", name=":clapper:").click()

    await expect(message.locator("[data-emoji='clapper'].reaction")).to_be_visible()


async def test_own_messages_are_answered_edited_forwarded_and_deleted(chat):
    await chat.open("ada")
    await chat.say("First words")
    first = chat.message("First words").first
    await chat.choose_in_menu(first, "Reply")
    await expect(chat.page.get_by_test_id("reply-bar")).to_contain_text("Replying to Ada")
    await chat.say("An answer")
    await expect(chat.message("An answer").locator(".reference")).to_contain_text("First words")
    await chat.say("> A quotation\nand words below\n-# and a small line")
    await chat.choose_in_menu(chat.message("A quotation").last, "Reply")
    words = chat.page.get_by_test_id("reply-bar").locator(".reply-words")
    await expect(words).to_have_text("A quotation and words below and a small line")
    await chat.page.get_by_role("button", name="Do not reply").click()

    await chat.choose_in_menu(first, "Edit message")
    await chat.page.get_by_label("Edit message").fill("Better words")
    await chat.page.keyboard.press("Enter")
    better = chat.messages.filter(has=chat.page.locator(".words", has_text="Better words"))
    await expect(better).to_contain_text("(edited)")

    await chat.choose_in_menu(better, "Forward")
    dialog = chat.page.get_by_test_id("forward-dialog")
    await dialog.get_by_role("button", name="welcome").click()
    await expect(chat.page.get_by_test_id("toast")).to_contain_text("Forwarded to #welcome")

    await chat.choose_in_menu(better, "Delete message")
    await expect(better).to_have_count(0)


async def test_older_messages_come_when_one_scrolls_up(chat, people):
    fern, videos = people.person("Fern"), people.channel("videos")
    for number in range(70):
        await fern.say(videos, f"line {number:02}")
    await chat.open("ada")
    await expect(chat.message("line 69")).to_be_in_viewport()
    await expect(chat.message("line 05")).to_have_count(0)
    await chat.page.get_by_test_id("timeline").evaluate("node => node.scrollTo(0, 0)")

    await expect(chat.messages).to_have_count(70)
    await chat.page.get_by_test_id("jump").click()
    await expect(chat.message("line 69")).to_be_in_viewport()


async def test_markdown_is_shown_and_markup_is_only_text(chat):
    await chat.open("ada")
    await chat.say("# Big\n- one\n- *two*\n||hidden|| ~~gone~~ <b>bold</b> <t:0:R> `code`")
    shown = chat.message("Big")
    await expect(shown.get_by_role("heading", name="Big")).to_be_visible()
    await expect(shown.locator("li em")).to_have_text("two")
    await expect(shown).to_contain_text("<b>bold</b>")
    await expect(shown.locator("time.stamp")).to_contain_text("years ago")
    spoiler = shown.get_by_role("button", name="Spoiler")
    await spoiler.click()
    await expect(shown.locator(".spoiler.shown")).to_have_text("hidden")
