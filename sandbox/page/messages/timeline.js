// The messages of the open channel: day lines, grouping, loading older ones, staying at the bottom.

import { h, byId, replace } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { onMenu } from "../ui/contextmenu.js";
import { localRow } from "./localRow.js";
import { messageRow } from "./message.js";
import { edit, openMessageMenu } from "./messageActions.js";
import { channelIcon, channelLabel } from "../content/names.js";
import { loadOlder } from "../state/places.js";
import { store } from "../state/store.js";
import { attempt } from "../ui/toasts.js";
import { dayKey, dayName } from "../ui/time.js";

const TOGETHER = 7 * 60_000;
const NEAR = 60;
const OWN_HEAD = new Set([6, 7, 18, 19, 20, 21, 23]);

export function mountTimeline() {
  const list = h("div", { class: "rows" });
  const older = h("div", { class: "older" });
  const log = h(
    "div",
    {
      class: "timeline",
      role: "log",
      tabindex: "0",
      "aria-live": "polite",
      dataset: { testid: "timeline" },
    },
    older,
    list,
  );
  const jump = h(
    "button",
    {
      type: "button",
      class: "jump",
      hidden: true,
      dataset: { testid: "jump" },
      on: { click: toBottom },
    },
    "Newest messages",
    icon("down", 16),
  );
  byId("timeline").append(log, jump);
  let rows = new Map();
  let shown = null;
  let sticks = true;
  let loading = false;
  let layout = "";

  store.on("messages", (channelId) => channelId === store.channelId && draw());
  for (const name of ["channel", "world", "me"]) store.on(name, draw);
  store.on("own-message", toBottom);
  store.on("jump", (messageId) => {
    sticks = false;
    jumpTo(list, messageId, "auto");
  });
  store.on("edit-last", () => {
    const mine = store
      .history()
      .findLast((item) => item.author.id === store.meId && !(item.flags & 64));
    if (mine) edit(mine);
  });
  log.addEventListener("scroll", () => {
    if (sticks && layout !== heights()) {
      keepPlace(); // the page changed its shape; no scrolling
      return;
    }
    sticks = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
    jump.hidden = sticks;
    if (log.scrollTop < 240) more();
  });
  new ResizeObserver(keepPlace).observe(list);
  new ResizeObserver(keepPlace).observe(log);
  log.addEventListener("keydown", (event) => walk(event, log));
  log.addEventListener("focusin", (event) => markCurrent(log, event.target.closest(".message")));
  onMenu(list, (event, anchor) => {
    const message = messageOf(event.target);
    if (message) openMessageMenu(message, anchor);
  });
  list.addEventListener("click", (event) => {
    const target = event.target.closest("[data-jump]");
    if (target) jumpTo(list, target.dataset.jump);
  });

  function draw() {
    if (shown !== store.channelId) {
      rows = new Map();
      replace(list);
      [shown, sticks] = [store.channelId, true];
    }
    const channel = store.place?.channel;
    log.setAttribute(
      "aria-label",
      `Messages in ${channel ? channelLabel(channel) : "the channel"}`,
    );
    const known = store.messages.get(shown);
    replace(older, head(channel, known));
    place(
      entries(
        store.history(),
        store.local.filter((row) => row.channelId === shown),
      ),
    );
    keepPlace();
  }

  /** Put the rows in order, making and moving as few as possible. */
  function place(wanted) {
    const kept = new Map();
    let next = list.firstChild;
    for (const entry of wanted) {
      const row = rows.get(entry.key) ?? entry.make();
      row.update?.(...(entry.data ?? []));
      kept.set(entry.key, row);
      if (row.node === next) next = next.nextSibling;
      else list.insertBefore(row.node, next);
    }
    for (const [key, row] of rows) if (!kept.has(key)) row.node.remove();
    rows = kept;
  }

  function keepPlace() {
    if (sticks) log.scrollTop = log.scrollHeight;
    layout = heights();
  }

  function heights() {
    return `${log.scrollHeight} ${log.clientHeight}`;
  }

  function toBottom() {
    sticks = true;
    jump.hidden = true;
    log.scrollTop = log.scrollHeight;
  }

  async function more() {
    const known = store.messages.get(shown);
    if (loading || !known || known.complete) return;
    loading = true;
    const fromBottom = log.scrollHeight - log.scrollTop;
    await attempt(() => loadOlder(shown));
    log.scrollTop = log.scrollHeight - fromBottom;
    loading = false;
  }
}

function entries(messages, local) {
  const found = [];
  let previous = null;
  for (const message of messages) {
    const date = new Date(message.timestamp);
    const day = dayKey(date);
    if (!previous || day !== dayKey(new Date(previous.timestamp))) {
      found.push({ key: `day:${day}`, make: () => ({ node: dayLine(date) }) });
      previous = null;
    }
    found.push({
      key: message.id,
      make: messageRow,
      data: [message, isFollowing(message, previous)],
    });
    previous = message;
  }
  return [...found, ...local.map((row) => ({ key: row.key, make: localRow, data: [row] }))];
}

function isFollowing(message, previous) {
  if (
    !previous ||
    OWN_HEAD.has(message.type) ||
    (OWN_HEAD.has(previous.type) && previous.type < 19)
  )
    return false;
  const near = new Date(message.timestamp) - new Date(previous.timestamp) < TOGETHER;
  return (
    near &&
    previous.author.id === message.author.id &&
    (previous.flags & 64) === (message.flags & 64)
  );
}

function dayLine(date) {
  return h(
    "div",
    { class: "day", role: "separator", "aria-label": dayName(date) },
    h("span", {}, dayName(date)),
  );
}

/** What stands above the oldest message. */
function head(channel, known) {
  if (!channel) return null;
  if (!known) return h("div", { class: "loading", role: "status" }, "Loading messages…");
  if (!known.complete) return h("div", { class: "loading" }, "Older messages…");
  return h(
    "div",
    { class: "beginning" },
    h("div", { class: "beginning-mark" }, icon(channelIcon(channel), 30)),
    h("h2", {}, channelLabel(channel)),
    h(
      "p",
      {},
      known.list.length
        ? "This is the beginning of the channel."
        : "No messages yet. Write the first one!",
      channel.topic && ` ${channel.topic}.`,
    ),
  );
}

function messageOf(node) {
  const id = node.closest?.(".message")?.dataset.messageId;
  return id && store.find(store.channelId, id);
}

/** Arrows walk from message to message; Enter opens the menu of the one in focus. */
function walk(event, log) {
  const here = event.target.closest(".message");
  if (event.target !== log && event.target !== here) return;
  const all = [...log.querySelectorAll(".message")];
  const at = all.indexOf(here);
  const target = {
    ArrowUp: at < 0 ? all.length - 1 : at - 1,
    ArrowDown: at < 0 ? all.length - 1 : at + 1,
    Home: 0,
    End: all.length - 1,
  }[event.key];
  if (target !== undefined && all[target]) {
    event.preventDefault();
    all[target].focus();
    all[target].scrollIntoView({ block: "nearest" });
  }
  if (here && event.key === "Enter") {
    event.preventDefault();
    openMessageMenu(messageOf(here), here);
  }
}

/** Of all messages only the current one's controls are reached by Tab. */
function markCurrent(log, current) {
  if (!current || current.classList.contains("current")) return;
  for (const node of log.querySelectorAll(".message.current")) {
    node.classList.remove("current");
    for (const tool of node.querySelectorAll(".tool")) tool.tabIndex = -1;
  }
  current.classList.add("current");
  for (const tool of current.querySelectorAll(".tool")) tool.tabIndex = 0;
}

function jumpTo(list, id, behavior = "smooth") {
  const node = list.querySelector(`[data-message-id="${CSS.escape(id)}"]`);
  if (!node) return;
  node.scrollIntoView({
    block: "center",
    behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : behavior,
  });
  node.classList.add("flash");
  setTimeout(() => node.classList.remove("flash"), 1600);
}
