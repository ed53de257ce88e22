// discord.js through everything that a bot does; says how each step went in JSON lines.
import {
  ActionRowBuilder, ApplicationCommandOptionType, AttachmentBuilder, ButtonBuilder, ButtonStyle,
  Client, ContainerBuilder, Events, GatewayIntentBits, MediaGalleryBuilder, MessageFlags, ModalBuilder,
  StringSelectMenuBuilder, TextDisplayBuilder, TextInputBuilder, TextInputStyle,
} from "discord.js";

const { SANDBOX_API, SANDBOX_TOKEN, SANDBOX_GUILD, SANDBOX_VIDEOS, SANDBOX_FORUM, SANDBOX_VOICE } = process.env;
const say = (step, problem = null) => console.log(JSON.stringify({ step, problem }));
const step = async (name, act) => {
  try {
    await act();
    say(name);
  } catch (error) {
    say(name, `${error.stack ?? error} ${JSON.stringify(error.rawError ?? {})}`);
  }
};

const intents = Object.values(GatewayIntentBits).filter((bit) => typeof bit === "number");
const client = new Client({ intents, rest: { api: SANDBOX_API.replace("/v10", ""), version: "10" } });
process.on("unhandledRejection", (error) => say("unhandled", String(error.stack ?? error)));
process.on("warning", (warning) => say("warning", String(warning)));
client.on(Events.Error, (error) => say("unhandled", String(error.stack ?? error)));
client.on(Events.Warn, (text) => say("warning", text));
client.on(Events.ShardResume, () => say("resumed"));

const video = (name) => new AttachmentBuilder(Buffer.from("frames"), { name });
const rows = () => [
  new ActionRowBuilder().addComponents(
    new ButtonBuilder().setCustomId("press").setLabel("Press").setStyle(ButtonStyle.Primary),
    new ButtonBuilder().setCustomId("ask").setLabel("Ask").setStyle(ButtonStyle.Secondary),
  ),
  new ActionRowBuilder().addComponents(
    new StringSelectMenuBuilder().setCustomId("choose").addOptions(
      { label: "A", value: "a" }, { label: "B", value: "b" },
    ),
  ),
];

client.on(Events.InteractionCreate, async (interaction) => {
  try {
    if (interaction.isAutocomplete()) {
      await interaction.respond([{ name: "fox", value: "fox" }]);
    } else if (interaction.isChatInputCommand()) {
      await interaction.deferReply();
      await interaction.editReply({
        content: `made ${interaction.options.getString("words")}`, files: [video("video.mp4")], components: rows(),
      });
      const more = await interaction.followUp({ content: "more", flags: MessageFlags.Ephemeral });
      await interaction.webhook.editMessage(more.id, { content: "even more" });
      await interaction.deleteReply(more.id);
      await interaction.fetchReply();
    } else if (interaction.isButton() && interaction.customId === "press") {
      await interaction.update({ content: "pressed" });
    } else if (interaction.isButton()) {
      const words = new TextInputBuilder().setCustomId("words").setLabel("Words").setStyle(TextInputStyle.Short);
      const modal = new ModalBuilder().setCustomId("form").setTitle("Form");
      await interaction.showModal(modal.addComponents(new ActionRowBuilder().addComponents(words)));
    } else if (interaction.isStringSelectMenu()) {
      await interaction.reply({ content: `chose ${interaction.values[0]}`, flags: MessageFlags.Ephemeral });
    } else if (interaction.isModalSubmit()) {
      const words = interaction.fields.getTextInputValue("words");
      await interaction.reply({ content: `wrote ${words}`, flags: MessageFlags.Ephemeral });
    }
  } catch (error) {
    say("interaction", String(error.stack ?? error));
  }
});

client.once(Events.ClientReady, async () => {
  const guild = await client.guilds.fetch(SANDBOX_GUILD);
  const videos = await client.channels.fetch(SANDBOX_VIDEOS);
  await step("fetch", async () => {
    await client.guilds.fetch();
    await guild.channels.fetch();
    await guild.members.fetch();
    await guild.members.fetchMe();
    await guild.roles.fetch();
    await guild.emojis.fetch();
    await guild.stickers.fetch();
    await client.application.fetch();
    await client.fetchStickerPacks();
    await guild.channels.fetchActiveThreads();
  });
  await step("register", async () => {
    const options = [
      { name: "words", description: "Words", type: ApplicationCommandOptionType.String, autocomplete: true, required: true },
      { name: "picture", description: "A picture", type: ApplicationCommandOptionType.Attachment },
    ];
    await client.application.commands.set([{ name: "video", description: "Make a video", options }]);
    await client.application.commands.fetch();
    await guild.commands.fetch();
  });
  let message;
  await step("message", async () => {
    message = await videos.send({ content: "hello", embeds: [{ title: "One", fields: [{ name: "a", value: "b" }] }] });
    await videos.messages.fetch({ limit: 10 });
  });
  await step("edit", async () => { await message.edit("edited"); });
  await step("upload", async () => {
    await videos.send({ files: [video("a.png")], embeds: [{ image: { url: "attachment://a.png" } }] });
  });
  await step("v2", async () => {
    const gallery = new MediaGalleryBuilder().addItems({ media: { url: "attachment://b.png" } });
    const container = new ContainerBuilder()
      .addTextDisplayComponents(new TextDisplayBuilder().setContent("A panel"))
      .addMediaGalleryComponents(gallery)
      .addSeparatorComponents({ type: 14 })
      .addFileComponents({ type: 13, file: { url: "attachment://c.txt" } });
    const sent = await videos.send({
      components: [container], flags: MessageFlags.IsComponentsV2, files: [video("b.png"), video("c.txt")],
    });
    if (sent.attachments.size) throw new Error("attachments beside the components that show them");
  });
  await step("reaction", async () => {
    const reaction = await message.react("🎬");
    await reaction.users.fetch();
    await reaction.users.remove();
    await message.react("👍");
    await message.reactions.removeAll();
  });
  await step("thread", async () => {
    const thread = await message.startThread({ name: "About it", autoArchiveDuration: 60 });
    await thread.send("in it");
    await thread.members.fetch();
    await thread.setArchived(true);
    await videos.threads.fetchArchived();
    await thread.setArchived(false);
    await thread.delete();
  });
  await step("forum", async () => {
    const forum = await client.channels.fetch(SANDBOX_FORUM);
    await forum.setAvailableTags([{ name: "fox", emoji: { name: "🦊" } }]);
    const tag = forum.availableTags[0].id;
    const post = await forum.threads.create({
      name: "A post", appliedTags: [tag], message: { content: "opening", files: [video("d.png")] },
    });
    await post.fetchStarterMessage();
    await post.setAppliedTags([]);
  });
  await step("pin", async () => {
    await message.pin();
    const pins = await videos.messages.fetchPins();
    if (pins.items.length !== 1) throw new Error("the pin is not listed");
    await message.unpin();
  });
  await step("delete", async () => { await message.delete(); });
  await step("voice", async () => {
    const told = new Promise((resolve) => client.once(Events.VoiceStateUpdate, (_old, now) => resolve(now)));
    guild.shard.send({ op: 4, d: { guild_id: guild.id, channel_id: SANDBOX_VOICE, self_mute: false, self_deaf: false } });
    if ((await told).channelId !== SANDBOX_VOICE) throw new Error("not in the channel");
    await guild.voiceStates.fetch("@me");
    guild.shard.send({ op: 4, d: { guild_id: guild.id, channel_id: null, self_mute: false, self_deaf: false } });
  });
  await step("soundboard", async () => {
    await client.fetchDefaultSoundboardSounds();
    await client.guilds.fetchSoundboardSounds({ guildIds: [guild.id] });
    await guild.soundboardSounds.fetch();
  });
  await step("ratelimit", async () => {
    await Promise.all(Array.from({ length: 7 }, (_, n) => videos.send(`burst ${n}`)));
  });
  say("done");
});
client.login(SANDBOX_TOKEN);
