// Where one writes: plain messages with files, or a command. Nothing typed is ever lost to an error.

import * as api from "../state/api.js";
import { CommandBar } from "./commandBar.js";
import { matchLeaf, segments } from "./commandline.js";
import { Completion } from "./completion.js";
import { byId, h, replace } from "../ui/dom.js";
import { openEmojiPicker } from "../content/emojiPicker.js";
import { emojiName } from "../content/emoji.js";
import { mountHints } from "./hints.js";
import { icon } from "../ui/icons.js";
import { runCommand } from "../interactions/interactions.js";
import { channelLabel, userName } from "../content/names.js";
import { reloadCommands } from "../state/places.js";
import { plain } from "../content/markdown.js";
import { BIT, store } from "../state/store.js";
import { ourLeaves, suggest, withMentions } from "./suggestions.js";
import { noteUse } from "../state/uses.js";
import { composerParts } from "./composerParts.js";
import { commandHint, refusalWords, strayWords, unknownWords } from "./composerWords.js";
import { typingLine, TypingTeller } from "./typing.js";
import { refusalOf } from "../interactions/tooLarge.js";
import { acceptFiles, Tray } from "./uploads.js";

const LIKE_A_COMMAND = /^\/[\p{L}\w-]+(\s|$)/u;

class Composer {
  #bar = null;
  #replyTo = null;
  #drafts = new Map();
  #drawnFor = null;
  #typing = new TypingTeller();

  constructor(place) {
    this.completion = new Completion(place);
    this.tray = new Tray(() => this.#refresh());
    Object.assign(
      this,
      composerParts({
        typed: () => this.#typed(),
        key: (event) => this.#key(event),
        clicked: () => this.#suggest(),
        left: () => this.completion.hide(),
        chosen: (files) => this.addFiles(files),
        emoji: (anchor) => this.#pickEmoji(anchor),
        send: () => this.submit(),
      }),
    );
    place.append(
      mountHints(this),
      this.reply,
      this.tray.node,
      this.error,
      this.box,
      h("div", { class: "composer-below" }, typingLine(), this.hint),
    );
    acceptFiles(byId("main"), (files) => this.addFiles(files));
    this.#listen();
  }

  #listen() {
    for (const name of ["channel", "channels", "world", "me"]) store.on(name, () => this.#moved());
    store.on("commands", () => this.input === document.activeElement && this.#suggest());
    store.on("reply", (message) => this.replyTo(message));
    store.on("focus-composer", () => this.focus());
    store.on("insert", (text) => this.insert(text));
    store.on("command", (path) => this.begin(`/${path}`));
  }

  /** Another channel or person: each keeps its own draft. */
  #moved() {
    const key = `${store.meId}:${store.channelId}`;
    if (key !== this.#drawnFor) {
      if (this.#drawnFor)
        this.#drafts.set(this.#drawnFor, this.#bar ? this.#bar.asText() : this.input.value);
      this.#leaveBar();
      this.replyTo(null);
      this.#say("");
      this.input.value = this.#drafts.get(key) ?? "";
      this.#drawnFor = key;
      if (matchMedia("(hover: hover)").matches && !document.querySelector("dialog:modal,.popover"))
        this.focus();
    }
    this.#refresh();
  }

  #refresh() {
    const channel = store.place?.channel;
    if (!channel || !this.input) return;
    const may = store.maySend;
    const words = may ? `Message ${channelLabel(channel)}` : refusalWords();
    this.input.placeholder = words;
    this.input.setAttribute("aria-label", may ? `Message ${channelLabel(channel)}` : words);
    this.input.disabled = !may && !store.may(BIT.USE_COMMANDS);
    this.attach.disabled = !may || !store.may(BIT.ATTACH_FILES);
    this.send.disabled = this.#isEmpty();
    replace(
      this.hint,
      this.#bar ? "Enter to run · Tab for the next option · Esc to go back" : commandHint(this.input.value),
    );
    this.#grow();
  }

  #isEmpty() {
    return !this.#bar && !this.input.value.trim() && !this.tray.files.length;
  }

  #grow() {
    this.input.style.setProperty("height", "auto");
    this.input.style.setProperty("height", `${Math.min(this.input.scrollHeight, 220)}px`);
  }

  focus() {
    if (this.#bar) this.#bar.focus();
    else this.input.focus({ preventScroll: true });
  }

  /** Put a text in as if it had been typed. */
  begin(text) {
    this.#leaveBar();
    this.input.value = text;
    this.focus();
    this.#typed();
  }

  insert(text) {
    if (this.#bar) return;
    const { selectionStart: from, selectionEnd: to } = this.input;
    this.input.setRangeText(text, from, to, "end");
    this.focus();
    this.#typed();
  }

  addFiles(files) {
    const left = this.#bar ? files.filter((file) => !this.#bar.takeFile(file)) : files;
    if (this.#bar && left.length) this.#say("This command takes no more files.");
    else this.#say(this.tray.add(left));
    this.focus();
  }

  replyTo(message) {
    this.#replyTo = message;
    this.reply.hidden = !message;
    if (!message) return;
    const close = h(
      "button",
      {
        type: "button",
        class: "icon-button",
        "aria-label": "Do not reply",
        on: {
          click: () => {
            this.replyTo(null);
            this.focus();
          },
        },
      },
      icon("close", 16),
    );
    replace(
      this.reply,
      icon("reply", 16),
      h("span", {}, "Replying to ", h("strong", {}, userName(message.author))),
      h("span", { class: "reply-words faint" }, plain(message.content ?? "")),
      close,
    );
    this.focus();
  }

  #typed() {
    this.#say("");
    this.#refresh();
    if (!this.input.value.startsWith("/") && this.input.value.trim()) this.#typing.tell();
    this.#suggest();
  }

  #suggest() {
    const text = this.input.value;
    const found = text ? suggest(text, this.input.selectionStart) : null;
    if (!found || document.activeElement !== this.input) this.completion.hide();
    else
      this.completion.show(this.input, found.items, {
        ...found,
        onPick: (item, by) => this.#take(item, by),
      });
  }

  #take(item, by) {
    if (item.leaf) {
      const isTyped = this.input.value.slice(1).trim().toLowerCase() === item.leaf.path;
      if (!item.leaf.options.length && by === "Enter" && isTyped) this.submit();
      else this.#openBar(item.leaf);
      return;
    }
    this.input.setRangeText(item.insert, item.from, this.input.selectionStart, "end");
    this.#typed();
  }

  #openBar(leaf, rest = "", entries = null) {
    this.completion.hide();
    const files = this.tray.files;
    this.#bar = new CommandBar(leaf, {
      completion: this.completion,
      changed: () => {
        this.#say("");
        this.#refresh();
      },
      run: () => this.submit(),
      leave: (text, held) => {
        this.#leaveBar();
        this.input.value = text;
        this.tray.add(held);
        this.focus();
        this.#refresh();
      },
    });
    if (entries) this.#bar.restore(entries);
    else this.#bar.fill(rest, files);
    this.tray.clear();
    for (const file of files) this.tray.add([file]);
    this.input.value = "";
    replace(this.field, this.#bar.node);
    this.#refresh();
    this.#bar.focus();
    if (!leaf.options.length) this.send.focus();
  }

  #leaveBar() {
    this.completion.hide();
    if (!this.#bar) return;
    this.#bar = null;
    replace(this.field, this.input);
  }

  #key(event) {
    if (event.isComposing || this.completion.handleKey(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.submit();
    } else if (event.key === "Escape" && this.#replyTo) {
      this.replyTo(null);
    } else if (event.key === "ArrowUp" && !this.input.value) {
      event.preventDefault();
      store.emit("edit-last");
    }
  }

  async submit() {
    this.#say("");
    if (this.#bar) return this.#runBar();
    const text = this.input.value;
    if (!LIKE_A_COMMAND.test(text)) return this.#post();
    if (!matchLeaf(text, ourLeaves())) await reloadCommands(store.channelId); // the bot may just have come
    const match = matchLeaf(text, ourLeaves());
    if (!match) return this.#say(unknownWords(text));
    if (this.#bar || this.input.value !== text) return undefined;
    const { stray } = segments(match.leaf, match.rest);
    if (stray) return this.#say(strayWords(match.leaf, stray));
    this.#openBar(match.leaf, match.rest);
    return this.#runBar();
  }

  async #runBar() {
    const bar = this.#bar;
    const found = bar.read();
    if (found.problem) {
      this.#say(found.problem);
      found.field.focus();
      return;
    }
    const entries = bar.entries();
    const again = (words = "") => {
      if (this.#isEmpty()) this.#openBar(bar.leaf, "", entries);
      this.#say(words);
    };
    this.#leaveBar();
    this.input.value = "";
    this.tray.clear();
    this.#refresh();
    this.focus();
    store.emit("own-message");
    noteUse(bar.path);
    try {
      await runCommand({ path: bar.path, options: found.options, files: found.files, again });
    } catch (error) {
      again(refusalOf(error, found.files));
    }
  }

  async #post() {
    if (this.#isEmpty()) return;
    const [text, files, replied] = [this.input.value, this.tray.files, this.#replyTo];
    const channelId = store.channelId;
    this.input.value = "";
    this.tray.clear();
    this.replyTo(null);
    this.#refresh();
    this.#typing.reset();
    this.focus();
    try {
      const body = {
        content: withMentions(text.trim()),
        ...(replied ? { reply_to: replied.id } : {}),
      };
      store.putMessage(await api.post(store.meId, channelId, body, files));
      store.emit("own-message");
    } catch (error) {
      this.input.value = [text, this.input.value].filter(Boolean).join("\n");
      this.tray.add(files);
      if (replied) this.replyTo(replied);
      this.#refresh();
      this.#say(refusalOf(error, files));
    }
  }

  #pickEmoji(anchor) {
    const onSticker = (sticker) =>
      api
        .post(store.meId, store.channelId, { sticker_ids: [sticker.id] })
        .catch((error) => this.#say(error.message));
    openEmojiPicker(anchor, (emoji) => this.insert(`${emojiName(emoji)} `), {
      onSticker,
      side: "above",
    });
  }

  #say(words) {
    replace(this.error, words && [icon("warning", 16), h("span", {}, words)]);
  }
}

export const mountComposer = () => new Composer(byId("composer"));
