// Changes of state, for those who hear the page: the latest one, and not too often.

import { $, say } from "./dom.js";

const QUIET = 700; // milliseconds

export function follow(model) {
  let timer = null;
  let last = "";
  model.watch((names) => {
    if (!names.has("engine") || model.engine === null) return;
    const state = model.paused ? "paused" : model.engine.state;
    const text = `${state}: ${model.engine.reason}`;
    if (text === last) return;
    last = text;
    clearTimeout(timer);
    timer = setTimeout(() => say($("#announcer"), text), QUIET);
  });
}
