// What the browser remembers between visits. Works without, where storage is blocked.

const PREFIX = "showreel:";
const fallback = new Map();

export const memory = {
  get(key) {
    try {
      return localStorage.getItem(PREFIX + key) ?? undefined;
    } catch {
      return fallback.get(key);
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(PREFIX + key, value);
    } catch {
      fallback.set(key, value);
    }
  },
};
