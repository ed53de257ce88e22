"""What a person can do on the chat page, with mouse, finger or keyboard."""

import io
import re

import pytest
from PIL import Image
from playwright.async_api import expect

from tests.e2e.chat import width_of_overflow
from tests.people import Upload

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


def picture(name="sunset.png"):
    target = io.BytesIO()
    Image.new("RGB", (320, 180), (230, 120, 60)).save(target, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": target.getvalue()}


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


async def test_a_message_is_posted_and_others_see_it(chat, people):
    await chat.open("ada")
    await chat.say("**Hello** everybody")

    mine = chat.message("Hello everybody")
    await expect(mine).to_be_visible()
    await expect(mine.locator("strong")).to_have_text("Hello")
    [newest, *_] = await people.person("Fern").read(people.channel("films"))
    assert newest["content"] == "**Hello** everybody"


async def test_what_others_write_appears_by_itself(chat, people):
    await chat.open("ada")
    fern = people.person("Fern")
    await fern.say(
        people.channel("films"),
        f"Hi <@{people.person('Ada').id}>, see <#{people.channel('pictures')}>",
    )

    arrived = chat.message("Hi @Ada, see #pictures")
    await expect(arrived).to_be_visible()
    await expect(arrived).to_have_class(re.compile("mentions-me"))


async def test_a_message_elsewhere_marks_its_channel_and_the_title(chat, people):
    await chat.open("ada", "films")
    await people.person("Fern").say(people.channel("welcome"), "Over here")

    room = chat.page.get_by_test_id("channel").filter(has_text="welcome")
    await expect(room).to_have_class(re.compile("unread"))
    await expect(chat.page).to_have_title(re.compile(r"^\(1\) #films"))
    await room.click()
    await expect(chat.message("Over here")).to_be_visible()
    await expect(room).not_to_have_class(re.compile("unread"))


async def test_a_picture_is_uploaded_shown_and_opened_large(chat):
    await chat.open("fern", "pictures")
    await chat.page.get_by_test_id("file-input").set_input_files(picture())
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
    await chat.page.get_by_test_id("file-input").set_input_files(picture())
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
    await form.get_by_label("Pictures").set_input_files(picture())
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
        people.channel("films"), embeds=[{"title": "Six", "fields": fields}]
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


async def test_commands_for_messages_and_people_are_in_their_menus(chat, puppet):
    await chat.open("ada", "pictures")
    message = chat.message("Would love to see this move!")
    await message.click(button="right", position={"x": 400, "y": 12})
    await chat.page.get_by_role("menuitem", name="Inspect").click()
    await expect(chat.message("Only for you: Inspect")).to_be_visible()
    await message.get_by_test_id("avatar").click()
    await chat.page.get_by_role("button", name="Greet").click()
    await expect(chat.message("Only for you: Greet")).to_be_visible()


async def test_own_messages_are_answered_edited_forwarded_and_deleted(chat):
    await chat.open("ada")
    await chat.say("First words")
    first = chat.message("First words").first
    await chat.choose_in_menu(first, "Reply")
    await expect(chat.page.get_by_test_id("reply-bar")).to_contain_text("Replying to Ada")
    await chat.say("An answer")
    await expect(chat.message("An answer").locator(".reference")).to_contain_text("First words")

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


async def test_who_may_not_write_is_told(chat):
    await chat.open("juno", "announcements")
    await expect(chat.composer).to_have_attribute(
        "placeholder", "You may read here, but not write."
    )
    await expect(chat.page.get_by_test_id("attach")).to_be_disabled()
    await expect(chat.page.get_by_test_id("channel").filter(has_text="staff")).to_have_count(0)
    await chat.become("ada")
    await expect(chat.composer).to_have_attribute("placeholder", "Message #announcements")
    await expect(chat.page.get_by_test_id("channel").filter(has_text="staff")).to_have_count(1)


async def test_a_refusal_of_the_sandbox_keeps_the_text(chat):
    await chat.open("juno")
    await chat.say("x" * 2001)

    await expect(chat.problem).to_contain_text("2000")
    await expect(chat.composer).to_have_value("x" * 2001)


async def test_older_messages_come_when_one_scrolls_up(chat, people):
    fern, films = people.person("Fern"), people.channel("films")
    for number in range(70):
        await fern.say(films, f"line {number:02}")
    await chat.open("ada")
    await expect(chat.message("line 69")).to_be_in_viewport()
    await expect(chat.message("line 05")).to_have_count(0)
    await chat.page.get_by_test_id("timeline").evaluate("node => node.scrollTo(0, 0)")

    await expect(chat.messages).to_have_count(70)
    await chat.page.get_by_test_id("jump").click()
    await expect(chat.message("line 69")).to_be_in_viewport()


async def test_after_a_lost_connection_it_catches_up(chat, people):
    broken = []

    async def pass_on(socket):
        server = socket.connect_to_server()
        broken.append((socket, server))

    await chat.page.route_web_socket(re.compile("/events"), pass_on)
    await chat.open("ada")
    socket, server = broken[-1]
    await people.person("Fern").say(people.channel("films"), "before")
    await expect(chat.message("before")).to_be_visible()
    await server.close()
    await socket.close(code=1001)
    await people.person("Fern").say(people.channel("films"), "meanwhile")

    await expect(chat.message("meanwhile")).to_be_visible()
    await expect(chat.page.locator("#banner")).to_be_hidden()


async def test_a_phone_shows_everything_without_scrolling_sideways(chat, puppet, people):
    page = chat.page
    await page.set_viewport_size({"width": 360, "height": 740})
    upload = Upload("a-very-long-name-" * 4 + ".png", picture()["buffer"], "image/png")
    await people.person("Fern").say(
        people.channel("films"), "w" * 300 + " `" + "c" * 200 + "`", upload
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
    await keyboard.press("Enter")
    await keyboard.press("Enter")
    form = page.get_by_role("dialog", name="Tell me more")
    await expect(form.get_by_label("Words")).to_be_focused()
    await keyboard.press("Escape")
    await expect(form).to_have_count(0)


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


async def test_the_address_leads_back_to_person_and_channel(chat):
    await chat.open("juno", "pictures")
    await chat.page.get_by_test_id("channel").filter(has_text="films").click()
    await expect(chat.page).to_have_url(f"{chat.origin}/?as=juno#films")
    await chat.page.go_back()
    await expect(chat.page.get_by_test_id("channel-title")).to_contain_text("pictures")
    await chat.page.reload()
    await expect(chat.page.get_by_test_id("who-am-i")).to_contain_text("You are Juno")
    await expect(chat.page.get_by_test_id("channel-title")).to_contain_text("pictures")
