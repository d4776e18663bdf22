// Sessions and failed attempts as a list, with the cause of each end.

import { $, ago, duration, html } from "./dom.js";

const SHOWN = 12;

const WHO = { client: "by this side", server: "by the server", network: "by the network" };

export function entries(model) {
  const list = $("#entries");
  const draw = () => {
    const latest = model.entries.slice(-SHOWN).reverse();
    list.replaceChildren(...latest.map((entry) => item(entry, model)));
  };
  let second = 0;
  model.watch((names) => {
    const now = Math.floor(model.now);
    if (names.has("entries") || names.has("hello") || now !== second) draw();
    second = now;
  });
}

function item(entry, model) {
  const [tag, state, cause, ...about] = described(entry, model);
  const when = ago(model.now - (entry.ended ?? entry.began));
  const open = entry.kind === "session" && entry.ended === null;
  return html(
    "li", { "data-kind": entry.kind, "data-state": state },
    html("span", { class: "tag" }, tag),
    html("span", { class: "cause" }, cause, " ", html("span", { class: "about" }, ...about)),
    html("span", { class: "ago" }, open ? "open" : when),
  );
}

function described(entry, model) {
  if (entry.kind === "attempt") {
    const times = entry.dials === 1 ? "1 dial failed" : `${entry.dials} dials failed`;
    // Where short sessions came before, the engine's count is another one: delays grow with it.
    const attempt = entry.attempt === entry.dials ? "" : ` (attempt ${entry.attempt})`;
    return ["✕", "waiting", html("b", {}, times + attempt), entry.cause];
  }
  if (entry.kind === "stop") return ["■", "stopped", html("b", {}, "Stopped"), entry.cause];
  const age = duration((entry.ended ?? model.now) - entry.began);
  const about = entry.about.split(/(?<=, )/).map(whole);
  if (entry.ended === null) return [`#${entry.number}`, "open", html("b", {}, "Open"), ...about];
  const code = [entry.code, entry.name].filter(Boolean).join(" ");
  const who = entry.by ? `${WHO[entry.by]}, ` : "";
  const reason = entry.code && entry.cause ? `“${entry.cause}”, ` : "";
  return [`#${entry.number}`, "closing", html("b", {}, code || entry.cause), `${who}${reason}`, whole(`after ${age}`), "; ", ...about];
}

/** Words that stay on one line: a figure and what it counts. */
function whole(text) {
  return html("span", { class: "whole" }, text);
}
