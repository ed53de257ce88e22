// Pictures at full size, with arrows to leaf through those of the same message.

import { h, replace } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { localAddress } from "./addresses.js";

export function openLightbox(items, first) {
  let at = Math.max(0, items.indexOf(first));
  const stage = h("div", { class: "lightbox-stage" });
  const caption = h("div", { class: "lightbox-caption" });
  const show = () => {
    const item = items[at];
    replace(
      stage,
      h("img", {
        src: localAddress(item.url),
        alt: item.description || item.filename || "Picture",
      }),
    );
    replace(
      caption,
      items.length > 1 && h("span", {}, `${at + 1} of ${items.length}`),
      h("span", {}, item.description || item.filename || ""),
      h(
        "a",
        { href: localAddress(item.url), target: "_blank", rel: "noopener" },
        "Open in a new tab",
      ),
    );
  };
  const leaf = (step) => {
    at = (at + step + items.length) % items.length;
    show();
  };
  const arrow = (label, step) =>
    h(
      "button",
      {
        type: "button",
        class: `lightbox-arrow ${step < 0 ? "left" : "right"}`,
        "aria-label": label,
        on: { click: () => leaf(step) },
      },
      icon("chevron", 28),
    );
  const dialog = h(
    "dialog",
    { class: "lightbox", "aria-label": "Picture", dataset: { testid: "lightbox" } },
    stage,
    caption,
    items.length > 1 && [arrow("Previous picture", -1), arrow("Next picture", 1)],
    h(
      "button",
      {
        type: "button",
        class: "lightbox-close",
        "aria-label": "Close",
        on: { click: () => dialog.close() },
      },
      icon("close", 24),
    ),
  );
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target === stage) dialog.close();
  });
  dialog.addEventListener("keydown", (event) => {
    if (items.length > 1 && event.key === "ArrowLeft") leaf(-1);
    if (items.length > 1 && event.key === "ArrowRight") leaf(1);
  });
  dialog.addEventListener("close", () => dialog.remove());
  show();
  document.body.append(dialog);
  dialog.showModal();
}
