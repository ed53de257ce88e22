"""Links that stay in the page, and refusals that say what to change."""

import re

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

MB = 1024 * 1024


def address_of(people, message):
    return (
        f"https://discord.com/channels/{people.guild['id']}/{message['channel_id']}/{message['id']}"
    )


async def test_a_link_to_a_message_opens_its_channel_and_shows_it(chat, people):
    fern = people.person("Fern")
    target = await fern.say(people.channel("pictures"), "Here is the video")
    await fern.say(people.channel("videos"), f"Done: [Watch it]({address_of(people, target)})")
    await chat.open("ada", "videos")
    await chat.page.get_by_role("link", name="Watch it").click()

    await expect(chat.page.get_by_test_id("channel-title")).to_contain_text("pictures")
    await expect(chat.message("Here is the video")).to_be_in_viewport()
    await expect(chat.message("Here is the video")).to_have_class(re.compile("flash"))
    await expect(chat.page).to_have_url(f"{chat.origin}/?as=ada#pictures")
    await chat.page.go_back()
    await expect(chat.page.get_by_test_id("channel-title")).to_contain_text("videos")


async def test_a_link_in_an_embed_leads_to_a_message_far_above(chat, people):
    fern, videos = people.person("Fern"), people.channel("videos")
    target = await fern.say(videos, "Long ago")
    for number in range(60):
        await fern.say(videos, f"line {number:02}")
    card = {"title": "The card", "url": address_of(people, target)}
    await fern.say(videos, "", embeds=[card])
    await chat.open("ada", "videos")
    await expect(chat.message("Long ago")).to_have_count(0)
    await chat.page.get_by_role("link", name="The card").click()

    await expect(chat.message("Long ago")).to_be_in_viewport()
    await expect(chat.message("line 59")).not_to_be_in_viewport()


async def test_a_link_that_leads_to_nothing_says_so(chat, people):
    fern, videos = people.person("Fern"), people.channel("videos")
    gone = await fern.say(videos, "Soon gone")
    secret = {"channel_id": people.channel("staff"), "id": "1"}
    await people.call("DELETE", f"/channels/{videos}/messages/{gone['id']}?as={fern.id}")
    await fern.say(
        videos, f"[Gone]({address_of(people, gone)}) [Secret]({address_of(people, secret)})"
    )
    await chat.open("juno", "videos")
    toasts = chat.page.get_by_test_id("toast")

    await chat.page.get_by_role("link", name="Gone").click()
    await expect(toasts.filter(has_text="That message is no longer there.")).to_be_visible()
    await chat.page.get_by_role("link", name="Secret").click()
    await expect(toasts.filter(has_text="a channel you cannot see")).to_be_visible()
    await expect(chat.page.get_by_test_id("channel-title")).to_contain_text("videos")


async def test_a_link_to_another_server_is_a_link_like_any_other(chat, people):
    elsewhere = "https://discord.com/channels/1/2/3"
    await people.person("Fern").say(people.channel("videos"), f"See {elsewhere}")
    await chat.open("ada", "videos")

    link = chat.page.get_by_role("link", name=elsewhere)
    await expect(link).to_have_attribute("href", elsewhere)
    await expect(link).to_have_attribute("target", "_blank")


async def test_a_file_that_is_too_large_is_named_with_the_limit(chat, people):
    await chat.open("juno", "videos")
    files = [
        {"name": "huge.png", "mimeType": "image/png", "buffer": bytes(21 * MB)},
        {"name": "small.png", "mimeType": "image/png", "buffer": bytes(1000)},
    ]
    await chat.page.get_by_test_id("file-input").set_input_files(files)
    await chat.say("Look at this")

    await expect(chat.problem).to_have_text(
        "huge.png (21 MB) is too large: a file may have at most 20 MB here."
    )
    await expect(chat.composer).to_have_value("Look at this")
    await people.call("PATCH", f"/guilds/{people.guild['id']}", {"premium_tier": 2})
    await chat.composer.press("Enter")
    await expect(chat.message("Look at this")).to_be_visible()


async def test_a_file_that_is_too_large_for_a_command_is_named_too(chat, puppet):
    await chat.open("juno", "videos")
    huge = {"name": "huge.png", "mimeType": "image/png", "buffer": bytes(21 * MB)}
    await chat.page.get_by_test_id("file-input").set_input_files(huge)
    await chat.say("/video prompt: a fox")

    await expect(chat.problem).to_contain_text("huge.png (21 MB) is too large")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("/vidoe prompt: a fox", "/video"), ("/Vido", "/video"), ("/admn open", "/admin")],
)
async def test_a_misspelt_command_is_answered_with_the_one_that_was_meant(
    chat, puppet, typed, meant
):
    await chat.open("fern", "videos")
    await chat.say(typed)

    await expect(chat.problem).to_contain_text(f"Did you mean {meant}?")
    await expect(chat.composer).to_have_value(typed)


async def test_a_command_unlike_any_other_is_not_guessed(chat, puppet):
    await chat.open("fern", "videos")
    await chat.say("/nothing")

    await expect(chat.problem).to_contain_text("There is no command /nothing")
    await expect(chat.problem).not_to_contain_text("Did you mean")


async def test_the_page_says_that_its_dollars_are_play_money(chat):
    await chat.open("ada", "videos")

    await expect(chat.page.locator("#channels")).to_contain_text("play money")
