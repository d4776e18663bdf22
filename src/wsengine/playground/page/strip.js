// A picture of the last seconds that drifts to the left, as paper does in a recorder.

import { calm, svg } from "./dom.js";

/** What comes in late is drawn late: the right edge lies so many seconds back. */
const LAG = 0.3;

const strips = new Set();

export class Strip {
  #model;
  #seconds;
  #left;
  #drawnAt = 0;
  #drawnWidth = 0;
  #draw = null;
  #number = strips.size;

  /** `left` is the space for labels, which do not drift. */
  constructor(host, model, { seconds, height, left = 0, label }) {
    this.#model = model;
    this.#seconds = seconds;
    this.#left = left;
    this.width = 0;
    this.height = height;
    this.behind = svg("g");
    this.drift = svg("g");
    this.before = svg("g");
    this.clip = svg("rect", { y: 0, height });
    const id = `clip-${this.#number}`;
    this.root = svg(
      "svg", { role: "img", "aria-label": label, height },
      svg("clipPath", { id }, this.clip),
      this.behind, svg("g", { "clip-path": `url(#${id})` }, this.drift), this.before,
    );
    host.replaceChildren(this.root);
    new ResizeObserver(([entry]) => this.#resize(entry.contentRect.width)).observe(host);
    strips.add(this);
  }

  /** Call `draw` whenever something is new; it fills `behind`, `drift` and `before`. */
  show(draw) {
    this.#draw = draw;
  }

  set tall(height) {
    if (height === this.height) return;
    this.height = height;
    this.root.setAttribute("height", height);
    this.clip.setAttribute("height", height);
  }

  get left() {
    return this.#left;
  }

  /** The oldest moment that is seen. */
  get begin() {
    return this.#drawnAt - this.#seconds - 1;
  }

  get edge() {
    return this.#drawnAt;
  }

  /** Where a moment is, at the time of drawing. */
  x(moment) {
    return this.width - (this.#drawnAt - moment) * this.#scale;
  }

  redraw() {
    if (this.width === 0 || this.#draw === null || this.#holdsStill) return;
    this.#drawnWidth = this.width;
    this.#drawnAt = this.#model.now - LAG;
    this.#draw(this);
    this.move();
  }

  move() {
    const shift = calm.matches ? 0 : (this.#model.now - LAG - this.#drawnAt) * this.#scale;
    this.drift.setAttribute("transform", `translate(${-shift.toFixed(2)} 0)`);
  }

  /** Where motion is not wanted, a picture a second is enough. */
  get #holdsStill() {
    const young = Math.abs(this.#model.now - LAG - this.#drawnAt) < 1;
    return calm.matches && young && this.width === this.#drawnWidth;
  }

  get #scale() {
    return (this.width - this.#left) / this.#seconds;
  }

  #resize(width) {
    this.width = width;
    this.clip.setAttribute("x", this.#left);
    this.clip.setAttribute("width", Math.max(0, width - this.#left));
    this.redraw();
  }
}

function turn() {
  if (!calm.matches) for (const strip of strips) strip.move();
  requestAnimationFrame(turn);
}
requestAnimationFrame(turn);
