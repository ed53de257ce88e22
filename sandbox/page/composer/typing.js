// "Fern is typing…": telling others, and showing who does.

import * as api from "../state/api.js";
import { h, replace } from "../ui/dom.js";
import { userName } from "../content/names.js";
import { store } from "../state/store.js";

const EVERY = 8000;

export class TypingTeller {
  #until = 0;

  tell() {
    if (Date.now() < this.#until || !store.maySend) return;
    this.#until = Date.now() + EVERY;
    api.typing(store.meId, store.channelId).catch(() => undefined);
  }

  reset() {
    this.#until = 0;
  }
}

export function typingLine() {
  const node = h("div", { class: "typing", role: "status", dataset: { testid: "typing" } });
  const draw = () => {
    const now = Date.now();
    const typing = [...(store.typing.get(store.channelId) ?? [])].filter(
      ([, until]) => until > now,
    );
    const names = typing
      .map(([id]) => store.members.get(id)?.user)
      .filter(Boolean)
      .map(userName);
    replace(
      node,
      names.length > 0 && [
        h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")),
        words(names),
      ],
    );
    if (names.length) setTimeout(draw, 1000);
  };
  store.on("typing", draw);
  store.on("channel", draw);
  return node;
}

function words(names) {
  if (names.length > 3) return "Several people are typing…";
  const list = new Intl.ListFormat("en", { type: "conjunction" }).format(names);
  return `${list} ${names.length === 1 ? "is" : "are"} typing…`;
}
