"""Commands on the chat page: found, completed, filled in and run."""

import pytest
from playwright.async_api import expect

from tests.e2e.chat import SUNSET

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


async def test_a_command_is_completed_and_filled_in_by_keyboard(chat, puppet):
    await chat.open("fern")
    keyboard = chat.page.keyboard
    await chat.composer.focus()
    await keyboard.type("/vid")
    listed = chat.page.get_by_role("listbox").get_by_role("option")
    await expect(listed).to_have_count(1)
    await expect(listed).to_contain_text("/video")
    await keyboard.press("Tab")
    await expect(chat.option("prompt")).to_be_focused()
    await keyboard.type("a fox")
    await keyboard.press("Enter")

    await expect(chat.message("Making: a fox")).to_be_visible()
    assert puppet.heard[-1]["options"] == [{"name": "prompt", "type": 3, "value": "a fox"}]


async def test_a_pasted_command_runs_with_all_its_options(chat, puppet, people):
    await chat.open("fern")
    await chat.say("/video prompt: a fox: red and quick shape: wide seconds: 5 friend: @max")

    await expect(chat.message("Making: a fox: red and quick")).to_be_visible()
    given = {item["name"]: item["value"] for item in puppet.heard[-1]["options"]}
    max_id = people.person("Max").id
    assert given == {
        "prompt": "a fox: red and quick",
        "shape": "16:9",
        "seconds": 5,
        "friend": max_id,
    }


async def test_words_without_a_name_are_the_prompt(chat, puppet):
    await chat.open("fern")
    await chat.say("/video a fox running")

    await expect(chat.message("Making: a fox running")).to_be_visible()


async def test_what_is_missing_or_wrong_is_said_and_nothing_is_lost(chat, puppet):
    await chat.open("fern")
    await chat.say("/video seconds: 40")

    await expect(chat.problem).to_contain_text("prompt is needed")
    await expect(chat.problem).to_contain_text("seconds must be at most 10")
    await expect(chat.option("prompt")).to_be_focused()
    await expect(chat.option("seconds")).to_have_value("40")
    await chat.option("seconds").fill("4")
    await chat.option("prompt").fill("a fox")
    await chat.option("prompt").press("Enter")
    await expect(chat.message("Making: a fox")).to_be_visible()


async def test_words_that_no_option_takes_are_not_dropped(chat, puppet):
    await chat.open("fern")
    await chat.say("/video slowly prompt: a fox")

    await expect(chat.problem).to_contain_text("“slowly” belongs to no option")
    await expect(chat.composer).to_have_value("/video slowly prompt: a fox")
    await chat.say("/nothing")
    await expect(chat.problem).to_contain_text("There is no command /nothing")
    await chat.say("/admin opne")
    await expect(chat.problem).to_contain_text("no command /admin opne. Did you mean /admin open?")
    await chat.say("/admin rate")
    await expect(chat.problem).to_contain_text("no command /admin rate. Choose one of its 2 parts")


async def test_escape_turns_pills_back_into_text(chat, puppet):
    await chat.open("fern")
    await chat.composer.fill("/video")
    await chat.composer.press("Enter")
    await chat.option("prompt").fill("a fox")
    await chat.option("prompt").press("Escape")

    await expect(chat.composer).to_have_value("/video prompt: a fox")


async def test_an_option_completes_while_it_is_typed(chat, puppet):
    await chat.open("fern")
    await chat.composer.fill("/video")
    await chat.composer.press("Enter")
    await chat.option("prompt").fill("a fox")
    await chat.page.get_by_role("button", name="Add model").click()
    await chat.page.keyboard.type("seed")
    offered = chat.page.get_by_role("option")
    await expect(offered).to_have_text(["Seedance Lite", "Seedance Pro"])
    await chat.page.keyboard.press("ArrowDown")
    await chat.page.keyboard.press("Enter")
    await expect(chat.option("model")).to_have_value("Seedance Pro")
    await chat.page.keyboard.press("Enter")

    await expect(chat.message("Making: a fox")).to_be_visible()
    assert puppet.heard[-1]["options"][1]["value"] == "seedance pro"


async def test_a_picture_goes_with_a_command(chat, puppet):
    await chat.open("fern")
    await chat.page.get_by_test_id("file-input").set_input_files(SUNSET)
    await chat.say("/video prompt: a fox")

    await expect(chat.message("Making: a fox")).to_be_visible()
    [upload] = puppet.heard[-1]["resolved"]["attachments"].values()
    assert upload["filename"] == "sunset.png"


async def test_subcommands_are_offered_one_by_one(chat, puppet):
    await chat.open("ada")
    await chat.composer.fill("/admin")
    listed = chat.page.get_by_test_id("completion-item")
    await expect(listed).to_have_count(2)
    await chat.say("/admin close")

    await expect(chat.message("Only for you: admin")).to_be_visible()
    assert puppet.heard[-1]["options"][0]["name"] == "close"


async def test_a_second_enter_runs_a_command_that_needs_nothing(chat, puppet):
    await chat.open("ada")
    await chat.composer.fill("/list")
    await chat.composer.press("Enter")
    await expect(chat.page.get_by_role("button", name="Run /list")).to_be_focused()
    await chat.page.keyboard.press("Enter")

    await expect(chat.message("Only for you: list")).to_be_visible()
    assert puppet.heard[-1].get("options", []) == []


async def test_commands_for_messages_and_people_are_in_their_menus(chat, puppet):
    await chat.open("ada", "pictures")
    message = chat.message("Would love to see this move!")
    await message.click(button="right", position={"x": 400, "y": 12})
    await chat.page.get_by_role("menuitem", name="Inspect").click()
    await expect(chat.message("Only for you: Inspect")).to_be_visible()
    await message.get_by_test_id("avatar").click()
    await chat.page.get_by_role("button", name="Greet").click()
    await expect(chat.message("Only for you: Greet")).to_be_visible()
