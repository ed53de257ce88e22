// The event stream: one websocket for the member we are, opened again by itself when it breaks.

import { eventsAddress } from "./api.js";

const FIRST_WAIT = 500;
const LONGEST_WAIT = 8000;

export class EventStream {
  #socket = null;
  #as = null;
  #wait = FIRST_WAIT;
  #timer = 0;
  #hadConnection = false;

  constructor({ onEvent, onConnected, onChange }) {
    this.onEvent = onEvent;
    this.onConnected = onConnected;
    this.onChange = onChange;
    addEventListener("online", () => this.retryNow());
  }

  /** Watch as this member; a former stream is closed. */
  open(as) {
    this.#as = as;
    this.#hadConnection = false;
    this.#connect();
  }

  retryNow() {
    if (this.#as && this.#socket?.readyState !== WebSocket.OPEN) this.#connect();
  }

  #connect() {
    clearTimeout(this.#timer);
    this.#drop();
    const socket = new WebSocket(eventsAddress(this.#as));
    this.#socket = socket;
    socket.onopen = () => {
      this.#wait = FIRST_WAIT;
      const again = this.#hadConnection;
      this.#hadConnection = true;
      this.onChange(true);
      this.onConnected(again);
    };
    socket.onmessage = ({ data }) => this.onEvent(JSON.parse(data));
    socket.onclose = () => {
      this.#hadConnection = true; // what came before the next opening is to be caught up with
      this.onChange(false);
      this.#timer = setTimeout(() => this.#connect(), this.#wait);
      this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT);
    };
  }

  #drop() {
    if (!this.#socket) return;
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close();
  }
}
