// The page's own line icons, drawn on a 24-pixel grid.

import { svg } from "./dom.js";

const PATHS = {
  hash: "M9 4 7 20M17 4l-2 16M4.5 9h16M3.5 15h16",
  news: "M4 10v4h3l8 5V5L7 10zM18.5 9.5a4 4 0 0 1 0 5",
  thread: "M6 4v10a3 3 0 0 0 3 3h10m0 0-3.5-3.5M19 17l-3.5 3.5",
  at: "M16 12a4 4 0 1 1-8 0 4 4 0 0 1 8 0zm0 0v1.5a2.5 2.5 0 0 0 5 0V12a9 9 0 1 0-3.5 7.1",
  menu: "M4 7h16M4 12h16M4 17h16",
  people:
    "M12 11a4 4 0 1 1-8 0 4 4 0 0 1 8 0zM2 21c.5-4 3-6 6-6s5.5 2 6 6M16 7.5a3.5 3.5 0 0 1 0 7M17.5 15.5c2.5.5 4 2.5 4.5 5.5",
  close: "m6 6 12 12M18 6 6 18",
  plus: "M12 5v14M5 12h14",
  send: "M4 12 20 4l-4 16-4.5-6.5zM20 4l-8.5 9.5",
  smile: "M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0zM8.5 14.5c1.5 2.5 5.5 2.5 7 0M9 9.5v.500M15 9.5v.5",
  reply: "M10 6 4 12l6 6M4 12h9c4 0 7 2 7 7",
  forward: "m14 6 6 6-6 6M20 12h-9c-4 0-7 2-7 7",
  edit: "M4 20l1-5L16 4l4 4L9 19zM14 6l4 4",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  file: "M6 3h8l5 5v13H6zM14 3v5h5",
  sound: "M5 9v6h4l5 4V5L9 9zM17 9a4 4 0 0 1 0 6",
  video: "M4 5h16v14H4zM8 5v14M16 5v14M4 9h4M4 15h4M16 9h4M16 15h4",
  picture: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.01",
  link: "M10 14 20 4m0 0h-6m6 0v6M19 14v6H4V5h6",
  down: "M12 5v14m0 0-6-6m6 6 6-6",
  chevron: "m6 9 6 6 6-6",
  check: "m5 12 5 5L20 6",
  eye: "M2 12c3-5 6-7 10-7s7 2 10 7c-3 5-6 7-10 7s-7-2-10-7zM15 12a3 3 0 1 1-6 0 3 3 0 0 1 6 0z",
  crown: "M4 18h16l1-10-5 4-4-7-4 7-5-4z",
  warning: "M12 4 2.5 20h19zM12 10v5M12 17.5v.5",
  apps: "M5 5h5v5H5zM14 5h5v5h-5zM5 14h5v5H5zM14 14h5v5h-5z",
  spoiler:
    "M3 3l18 18M9.5 5.5C14 4 18 6 22 12c-.9 1.5-2 2.8-3 3.8M6 7.5C4.5 8.7 3.2 10.2 2 12c4 6.5 8.5 8.2 13 6",
  moon: "M20 14.5A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.5z",
  sticker: "M5 4h14v9l-6 7H5zM13 20v-7h6",
};

/** An icon; what it means is said by the control that holds it. */
export function icon(name, size = 20) {
  return svg(
    "svg",
    {
      class: `icon icon-${name}`,
      viewBox: "0 0 24 24",
      width: size,
      height: size,
      "aria-hidden": "true",
    },
    svg("path", {
      d: PATHS[name],
      fill: "none",
      stroke: "currentColor",
      "stroke-width": name === "more" ? 3 : 1.8,
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
    }),
  );
}
