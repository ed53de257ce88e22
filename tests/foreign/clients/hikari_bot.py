# mypy: ignore-errors
# hikari is installed in an environment of its own, so its types are not here to be checked.
"""hikari through everything that a bot does."""

import asyncio

import hikari
from reporting import API, FORUM, GUILD, TOKEN, VIDEOS, VOICE, absent, say, step, watch

bot = hikari.GatewayBot(
    TOKEN, rest_url=API, intents=hikari.Intents.ALL, banner=None, logs="WARNING"
)
VIDEO = hikari.Bytes(b"frames", "video.mp4")


def rows():
    buttons = bot.rest.build_message_action_row()
    buttons.add_interactive_button(hikari.ButtonStyle.PRIMARY, "press", label="Press")
    buttons.add_interactive_button(hikari.ButtonStyle.SECONDARY, "ask", label="Ask")
    choice = bot.rest.build_message_action_row()
    choice.add_text_menu("choose").add_option("A", "a").add_option("B", "b").parent  # noqa: B018 - hikari's builders are used so
    return [buttons, choice]


@bot.listen(hikari.InteractionCreateEvent)
async def on_interaction(event):
    try:
        await _answer(event.interaction)
    except Exception as error:  # noqa: BLE001 - whatever a library raises is what is to be told
        say("interaction", repr(error))


async def _answer(interaction):
    if isinstance(interaction, hikari.AutocompleteInteraction):
        await interaction.create_response([hikari.impl.AutocompleteChoiceBuilder("fox", "fox")])
    elif isinstance(interaction, hikari.CommandInteraction):
        await interaction.create_initial_response(hikari.ResponseType.DEFERRED_MESSAGE_CREATE)
        words = interaction.options[0].value
        await interaction.edit_initial_response(
            f"made {words}", attachment=VIDEO, components=rows()
        )
        more = await interaction.execute("more", flags=hikari.MessageFlag.EPHEMERAL)
        await interaction.edit_message(more, "even more")
        await interaction.delete_message(more)
        await interaction.fetch_initial_response()
    elif isinstance(interaction, hikari.ModalInteraction):
        words = interaction.components[0].components[0].value
        await interaction.create_initial_response(
            hikari.ResponseType.MESSAGE_CREATE, f"wrote {words}"
        )
    elif interaction.custom_id == "press":
        await interaction.create_initial_response(hikari.ResponseType.MESSAGE_UPDATE, "pressed")
    elif interaction.custom_id == "choose":
        await interaction.create_initial_response(
            hikari.ResponseType.MESSAGE_CREATE,
            f"chose {interaction.values[0]}",
            flags=hikari.MessageFlag.EPHEMERAL,
        )
    else:
        row = bot.rest.build_modal_action_row()
        row.add_text_input("words", "Words")
        await interaction.create_modal_response("Form", "form", component=row)


@bot.listen(hikari.ExceptionEvent)
async def on_exception(event):
    say("unhandled", repr(event.exception))


@bot.listen(hikari.ShardResumedEvent)
async def on_resumed(_event):
    say("resumed")


@bot.listen(hikari.StartedEvent)
async def on_started(_event):
    watch(asyncio.get_running_loop())
    rest = bot.rest
    async with step("fetch"):
        await rest.fetch_guild(GUILD)
        await rest.fetch_guild_channels(GUILD)
        await rest.fetch_members(GUILD)
        await rest.fetch_my_guilds()
        await rest.fetch_roles(GUILD)
        await rest.fetch_guild_emojis(GUILD)
        await rest.fetch_application()
        await rest.fetch_available_sticker_packs()
        await rest.fetch_active_threads(GUILD)
        await rest.fetch_voice_regions()
    async with step("register"):
        application = await rest.fetch_application()
        command = rest.slash_command_builder("video", "Make a video")
        command.add_option(
            hikari.CommandOption(
                type=hikari.OptionType.STRING, name="words", description="Words",
                is_required=True, autocomplete=True,
            )
        )  # fmt: skip
        command.add_option(
            hikari.CommandOption(
                type=hikari.OptionType.ATTACHMENT, name="picture", description="A picture"
            )
        )
        await rest.set_application_commands(application, [command])
        await rest.fetch_application_commands(application)
    message = None
    async with step("message"):
        embed = hikari.Embed(title="One").add_field("a", "b")
        message = await rest.create_message(VIDEOS, "hello", embed=embed)
        await rest.fetch_messages(VIDEOS).limit(10)
    async with step("edit"):
        await message.edit("edited")
    async with step("upload"):
        embed = hikari.Embed(title="One").set_image(hikari.Bytes(b"frames", "a.png"))
        sent = await rest.create_message(VIDEOS, embed=embed)
        assert not sent.attachments
    async with step("v2"):
        container = hikari.impl.ContainerComponentBuilder()
        container.add_text_display("A panel")
        container.add_component(
            hikari.impl.MediaGalleryComponentBuilder().add_media_gallery_item(
                hikari.Bytes(b"frames", "b.png")
            )
        )
        container.add_separator()
        container.add_file(hikari.Bytes(b"words", "c.txt"))
        sent = await rest.create_message(VIDEOS, component=container)
        assert not sent.attachments
    async with step("reaction"):
        await message.add_reaction("🎬")
        await rest.fetch_reactions_for_emoji(VIDEOS, message, "🎬")
        await message.remove_reaction("🎬")
        await message.remove_all_reactions()
    async with step("thread"):
        thread = await rest.create_message_thread(VIDEOS, message, "About it")
        await rest.create_message(thread, "in it")
        await rest.fetch_thread_members(thread)
        await rest.edit_channel(thread, archived=True)
        await rest.fetch_public_archived_threads(VIDEOS)
        await rest.edit_channel(thread, archived=False)
        await rest.delete_channel(thread)
    async with step("forum"):
        tag = hikari.ForumTag(name="fox", emoji="🦊")
        forum = await rest.edit_channel(FORUM, available_tags=[tag])
        post = await rest.create_forum_post(
            FORUM, "A post", "opening", attachment=VIDEO, tags=[forum.available_tags[0]]
        )
        await rest.edit_channel(post, applied_tags=[])
    async with step("pin"):
        await rest.pin_message(VIDEOS, message)
        pins = await rest.fetch_pins(VIDEOS)
        assert len(pins) == 1
        await rest.unpin_message(VIDEOS, message)
    async with step("delete"):
        await message.delete()
    async with step("voice"):
        async with asyncio.TaskGroup() as group:
            told = group.create_task(bot.wait_for(hikari.VoiceStateUpdateEvent, timeout=10))
            await asyncio.sleep(0.1)  # noqa: TID251 - a real client's real time
            await bot.update_voice_state(GUILD, VOICE)
        assert told.result().state.channel_id == VOICE
        await bot.update_voice_state(GUILD, None)
    absent("soundboard", "hikari knows no soundboard")
    async with step("ratelimit"):
        await asyncio.gather(*(rest.create_message(VIDEOS, f"burst {n}") for n in range(7)))
    say("done")


bot.run(check_for_updates=False)
