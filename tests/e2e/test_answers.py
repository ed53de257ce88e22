"""What a bot answers on the chat page: private words, late ones, forms, panels and cards."""

import pytest
from playwright.async_api import expect

from tests.e2e.chat import SUNSET

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


async def test_an_ephemeral_answer_is_seen_by_its_member_only(chat, puppet):
    await chat.open("fern")
    await chat.say("/hello")
    answer = chat.message("Only for you: hello")
    await expect(answer.get_by_test_id("ephemeral-mark")).to_contain_text("Only you can see this")
    await chat.become("max")
    await expect(chat.page.get_by_test_id("who-am-i")).to_contain_text("You are Max")
    await expect(answer).to_have_count(0)
    await chat.become("fern")
    await expect(answer).to_be_visible()
    await answer.get_by_test_id("dismiss").click()
    await expect(answer).to_have_count(0)


async def test_a_late_answer_is_awaited_visibly(chat, puppet):
    await chat.open("fern")
    await chat.say("/slow")
    await expect(chat.page.get_by_test_id("thinking")).to_contain_text("is thinking…")
    await puppet.finish("Here at last")

    await expect(chat.message("Here at last")).to_be_visible()
    await expect(chat.page.get_by_test_id("thinking")).to_have_count(0)


async def test_a_form_is_checked_and_sent(chat, puppet):
    await chat.open("fern")
    await chat.say("/form")
    form = chat.page.get_by_role("dialog", name="Tell me more")
    words = form.get_by_label("Words")
    await expect(words).to_be_focused()
    await form.get_by_role("button", name="Submit").click()
    await expect(form.get_by_text("Please fill this in.")).to_be_visible()
    await words.fill("A long way home")
    await form.get_by_label("Style").click()
    await chat.page.get_by_role("option", name="Cartoon").click()
    await form.get_by_text("Fast").click()
    await form.get_by_label("Pictures").set_input_files(SUNSET)
    await form.get_by_role("button", name="Submit").click()

    await expect(form).to_have_count(0)
    await expect(chat.message("Thank you for the form")).to_be_visible()
    fields = [item.get("component") for item in puppet.heard[-1]["components"]]
    assert fields[1]["value"] == "A long way home"
    assert fields[2]["values"] == ["cartoon"]
    assert fields[3]["value"] == "fast"
    assert len(fields[4]["values"]) == 1


async def test_buttons_and_selects_of_a_panel_work(chat, puppet):
    await chat.open("fern")
    await chat.say("/panel")
    panel = chat.page.get_by_test_id("container")
    await expect(panel.get_by_role("heading", name="Panel")).to_be_visible()
    await panel.get_by_role("button", name="Press me").click()
    await expect(chat.message("You pressed it")).to_be_visible()
    await panel.get_by_role("button", name="Choose a style").click()
    await chat.page.get_by_role("option", name="Cartoon").click()
    await expect(chat.message("You chose cartoon")).to_be_visible()


async def test_fields_of_a_card_share_the_width_of_their_row(chat, puppet, people):
    fields = [{"name": str(n), "value": "a word " * 20, "inline": n != 3} for n in range(6)]
    await chat.open("ada")
    await people.person("Ada").say(
        people.channel("videos"), embeds=[{"title": "Six", "fields": fields}]
    )
    card = chat.message("Six").locator(".embed-fields")
    await expect(card).to_be_visible()

    whole = (await card.bounding_box())["width"]
    boxes = [await card.locator("> div").nth(n).bounding_box() for n in range(6)]
    shares = [round(whole / box["width"]) for box in boxes]
    assert shares == [3, 3, 3, 1, 2, 2]


async def test_a_button_can_change_its_own_message(chat, puppet):
    await chat.open("fern")
    await chat.say("/card")
    card = chat.page.get_by_test_id("embed")
    await expect(card).to_contain_text("A card")
    await expect(card.locator("blockquote")).to_have_text("with a quote")
    await chat.page.get_by_role("button", name="Old").click()

    await expect(chat.message("New")).to_be_visible()
    await expect(chat.page.get_by_role("button", name="Old")).to_have_count(0)


async def test_a_bot_that_does_not_answer_is_said_to(chat, sandbox, puppet, people):
    await chat.open("fern")
    fault = {"method": "POST", "path": "/interactions/*", "kind": "status", "status": 500}
    await people.call("POST", "/faults", fault)
    await chat.say("/hello")

    failed = chat.page.get_by_test_id("command-failed")
    await expect(failed).to_contain_text("The application did not respond")
    await failed.get_by_role("button", name="Try again").click()
    await chat.page.get_by_test_id("send").click()
    await expect(chat.message("Only for you: hello")).to_be_visible()
