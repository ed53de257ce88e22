// A tiny notifier: parts of the page listen to what the store tells, and know nothing of each other.

export class Emitter {
  #listeners = new Map();

  /** Listen; the answer stops listening. */
  on(name, listener) {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  emit(name, detail) {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) listener(detail);
  }
}
