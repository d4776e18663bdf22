// The six callbacks: a lamp that lights when one fires, how often it has, and with what.

import { $, html, say, svg } from "./dom.js";
import { Strip } from "./strip.js";

const SECONDS = 30;

export function callbacks(model) {
  const rows = new Map();
  model.watch((names) => {
    if (names.has("hello")) {
      rows.clear();
      $("#callbacks").replaceChildren();
    }
    for (const [name, told] of names.has("callbacks") ? Object.entries(model.callbacks) : []) {
      if (!rows.has(name)) rows.set(name, row(name, model));
      rows.get(name).update(told);
    }
    for (const each of rows.values()) each.strip.redraw();
  });
}

function row(name, model) {
  const led = html("span", { class: "led", "aria-hidden": "true" });
  const what = html("span", { class: "what" });
  const count = html("span", { class: "count" });
  const ticks = html("div", { class: "ticks", "aria-hidden": "true" });
  const item = html("li", { "data-callback": name }, led, html("span", { class: "name" }, name), what, count, ticks);
  $("#callbacks").append(item);
  const strip = new Strip(ticks, model, { seconds: SECONDS, height: 9, label: name });
  strip.show(() => strip.drift.replaceChildren(...marks(strip, model, name)));
  let before = null;
  return {
    strip,
    update(told) {
      item.classList.toggle("never", told.count === 0);
      say(what, told.count === 0 ? "not yet" : told.what);
      what.title = told.what;
      say(count, String(told.count));
      if (before !== null && told.count > before) flash(led);
      before = told.count;
    },
  };
}

function marks(strip, model, name) {
  return model.fired
    .filter((fired) => fired.name === name && fired.at >= strip.begin)
    .map((fired) => svg("rect", { x: strip.x(fired.at).toFixed(1), y: 1, width: 2, height: 7, rx: 1 }));
}

function flash(led) {
  led.classList.remove("fired");
  void led.offsetWidth; // has the animation begin anew
  led.classList.add("fired");
}
