// The control socket: opens itself again, for as long as the page is there.

const FIRST_DELAY = 0.5;
const LONGEST_DELAY = 4;

export class Link {
  #model;
  #socket = null;
  #delay = FIRST_DELAY;
  #answers = new Map();
  #number = 0;

  constructor(model) {
    this.#model = model;
  }

  open() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/control`);
    socket.addEventListener("message", (event) => this.#take(JSON.parse(event.data)));
    socket.addEventListener("close", () => this.#again());
    this.#socket = socket;
  }

  /** Ask for something; the promise gives the answer: an `error`, or what was `said`, or neither. */
  ask(command, values = {}) {
    if (this.#socket?.readyState !== WebSocket.OPEN) {
      return Promise.resolve({ error: "the playground's server cannot be reached" });
    }
    const id = ++this.#number;
    this.#socket.send(JSON.stringify({ command, id, ...values }));
    return new Promise((resolve) => this.#answers.set(id, resolve));
  }

  #take(message) {
    if (message.type === "hello") {
      this.#delay = FIRST_DELAY;
      this.#lost(null);
      this.#model.begin(message);
    } else if (message.type === "frame") {
      this.#model.take(message);
    } else {
      this.#answers.get(message.id)?.(message);
      this.#answers.delete(message.id);
    }
  }

  #again() {
    for (const resolve of this.#answers.values()) resolve({ error: "the connection to the playground was lost" });
    this.#answers.clear();
    this.#lost("The playground's server is gone. This page connects again as soon as it is back.");
    setTimeout(() => this.open(), this.#delay * 1000);
    this.#delay = Math.min(this.#delay * 1.6, LONGEST_DELAY);
  }

  #lost(text) {
    const banner = document.querySelector("#lost");
    document.documentElement.dataset.link = text === null ? "up" : "down";
    if ((text ?? "") !== banner.textContent) banner.textContent = text ?? "";
    banner.hidden = text === null;
  }
}
