// Speaks to the sandbox's interface for people, /sandbox/api. The only module that fetches.

const BASE = "/sandbox/api";

/** What the sandbox refused, in its own words. `status` 0: it could not be reached. */
export class ApiError extends Error {
  constructor(message, code, status) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.status = status;
  }
}

/** One call. With files the body goes as multipart, as in Discord's own interface. */
async function call(method, path, { query, body, files = [] } = {}) {
  let response;
  try {
    response = await fetch(address(path, query), { method, ...content(body, files) });
  } catch {
    throw new ApiError("The sandbox could not be reached. Is it still running?", 0, 0);
  }
  const text = await response.text();
  if (response.ok) return text ? JSON.parse(text) : null;
  throw refusal(response.status, text);
}

/** The address of the event stream of one member. */
export function eventsAddress(as) {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  return `${scheme}//${location.host}${address("/events", { as })}`;
}

function address(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const search = new URLSearchParams(given).toString();
  return BASE + path + (search && `?${search}`);
}

function content(body, files) {
  if (body === undefined) return {};
  const json = JSON.stringify(body);
  if (!files.length) return { body: json, headers: { "Content-Type": "application/json" } };
  const form = new FormData();
  form.append("payload_json", new Blob([json], { type: "application/json" }));
  files.forEach((file, index) => form.append(`files[${index}]`, file, file.name));
  return { body: form };
}

function refusal(status, text) {
  let body = {};
  try {
    body = JSON.parse(text);
  } catch {
    body = {};
  }
  const words = [body.message, ...details(body.errors)].filter(Boolean).join(" ");
  return new ApiError(words || `The sandbox answered ${status}.`, body.code, status);
}

/** The innermost messages of Discord's nested `errors`. */
function details(node) {
  if (!node || typeof node !== "object") return [];
  if (Array.isArray(node._errors)) return node._errors.map((item) => item.message);
  return Object.values(node).flatMap(details);
}

export const world = () => call("GET", "/world");
export const channels = (as, guild) => call("GET", "/channels", { query: { as, guild } });
export const commands = (as, channel) =>
  call("GET", `/channels/${channel}/commands`, { query: { as } });

const messagePath = (message) => `/channels/${message.channel_id}/messages/${message.id}`;
const reactionPath = (message, emoji) =>
  `${messagePath(message)}/reactions/${encodeURIComponent(emoji)}`;

export const history = (as, channel, { before, limit = 50 } = {}) =>
  call("GET", `/channels/${channel}/messages`, { query: { as, limit, before } });
export const post = (as, channel, body, files) =>
  call("POST", `/channels/${channel}/messages`, { body: { as, ...body }, files });
export const edit = (as, place, content) =>
  call("PATCH", messagePath(place), { body: { as, content } });
export const remove = (as, place) => call("DELETE", messagePath(place), { query: { as } });
export const react = (as, place, emoji) =>
  call("PUT", reactionPath(place, emoji), { query: { as } });
export const unreact = (as, place, emoji) =>
  call("DELETE", reactionPath(place, emoji), { query: { as } });
export const typing = (as, channel) =>
  call("POST", `/channels/${channel}/typing`, { query: { as } });
export const startThread = (as, channel, body) =>
  call("POST", `/channels/${channel}/threads`, { body: { as, ...body } });
/** Kinds: command, autocomplete, component, modal, context-menu. */
export const interact = (kind, body, files) =>
  call("POST", `/interactions/${kind}`, { body, files });
