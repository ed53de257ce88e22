// Dates and times as people read them, and `<t:…:R>` marks that tick.

import { h } from "./dom.js";

const format = (options) => new Intl.DateTimeFormat(undefined, options);
const CLOCK = format({ hour: "2-digit", minute: "2-digit" });
const STYLES = {
  t: CLOCK,
  T: format({ hour: "2-digit", minute: "2-digit", second: "2-digit" }),
  d: format({ day: "2-digit", month: "2-digit", year: "numeric" }),
  D: format({ day: "numeric", month: "long", year: "numeric" }),
  f: format({ day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit" }),
  F: format({
    weekday: "long",
    day: "numeric",
    month: "long",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  }),
};
const RELATIVE = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const UNITS = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

export const clock = (date) => CLOCK.format(date);
export const longDate = (date) => STYLES.F.format(date);
export const dayKey = (date) => `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;

/** "Today at 14:02", "Yesterday at …", or the date. */
export function stamp(date) {
  const days = daysAgo(date);
  if (days === 0) return clock(date);
  if (days === 1) return `Yesterday at ${clock(date)}`;
  return `${STYLES.d.format(date)} ${clock(date)}`;
}

export function dayName(date) {
  return { 0: "Today", 1: "Yesterday" }[daysAgo(date)] ?? STYLES.D.format(date);
}

function daysAgo(date) {
  const midnight = (moment) => new Date(moment).setHours(0, 0, 0, 0);
  return Math.round((midnight(Date.now()) - midnight(date)) / 86_400_000);
}

function relative(date) {
  const seconds = Math.round((date - Date.now()) / 1000);
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? UNITS.at(-1);
  return RELATIVE.format(Math.trunc(seconds / size), unit);
}

/** `<t:seconds:style>` as an element; the relative ones are kept current. */
export function timestampNode(seconds, style = "f") {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return null;
  const text = style === "R" ? relative(date) : (STYLES[style] ?? STYLES.f).format(date);
  return h(
    "time",
    {
      class: "stamp",
      datetime: date.toISOString(),
      title: longDate(date),
      dataset: { tick: style === "R" ? "1" : null },
    },
    text,
  );
}

setInterval(() => {
  for (const node of document.querySelectorAll("time[data-tick]")) {
    const text = relative(new Date(node.dateTime));
    if (node.textContent !== text) node.textContent = text;
  }
}, 1000);
