// What the page knows: the latest frame of everything, and the last seconds of what moves.

export const REMEMBERED = 130; // seconds

const MOVING = ["changes", "fired", "samples", "work"];

export class Model {
  hello = null;
  server = null;
  engine = null;
  entries = [];
  callbacks = {};
  lanes = [];
  traces = [];
  changes = [];
  fired = [];
  samples = [];
  work = [];
  #listeners = [];
  #now = 0;
  #wall = 0;
  #taken = 0;

  /** Have `listener` called with the names of what has changed, at each frame. */
  watch(listener) {
    this.#listeners.push(listener);
  }

  begin(hello) {
    this.hello = hello;
    for (const name of MOVING) this[name] = [];
    this.engine = null;
    this.#tell(new Set(["hello"]));
  }

  take(frame) {
    const { type, now, wall, ...parts } = frame;
    [this.#now, this.#wall, this.#taken] = [now, wall, performance.now()];
    for (const [name, part] of Object.entries(parts)) {
      this[name] = MOVING.includes(name) ? [...this[name], ...part] : part;
    }
    this.#forget(now - REMEMBERED);
    this.#tell(new Set(Object.keys(parts)));
  }

  /** The time in the server's seconds, moving on between frames. */
  get now() {
    return this.#now + this.#since;
  }

  /** The same in seconds since 1970. */
  get wall() {
    return this.#wall + this.#since;
  }

  get paused() {
    return this.engine !== null && this.engine.held !== null;
  }

  get #since() {
    return Math.min((performance.now() - this.#taken) / 1000, 1);
  }

  #forget(before) {
    for (const name of ["fired", "samples"]) this[name] = this[name].filter((item) => item.at >= before);
    this.work = this.work.filter((item) => item.ended >= before);
    // The state at the left edge began earlier: keep one change from before.
    const first = this.changes.findLastIndex((item) => item.at < before);
    if (first > 0) this.changes = this.changes.slice(first);
  }

  #tell(names) {
    for (const listener of this.#listeners) listener(names);
  }
}
