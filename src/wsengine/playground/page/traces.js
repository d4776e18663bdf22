// The latest traces as waterfalls.

import { $, $$, ago, duration, html } from "./dom.js";

const SHOWN = { life: 3, message: 4 };
const MOST_SPANS = 14;
const REDRAW = 1000; // milliseconds: what is read should hold still

const PHASES = ["start", "restart", "stop"];

export function traces(model) {
  const host = $("#traces");
  let kind = "life";
  let drawnAt = 0;

  const draw = () => {
    drawnAt = performance.now();
    const tracing = model.hello?.tracing ?? null;
    if (tracing !== null) {
      host.replaceChildren(html("p", { class: "empty" }, "Traces need the SDK of OpenTelemetry: ", html("code", {}, tracing)));
      return;
    }
    const latest = model.traces.filter((trace) => trace.kind === kind).slice(-SHOWN[kind]).reverse();
    const none = html("p", { class: "empty" }, "None yet.");
    host.replaceChildren(...(latest.length ? latest.map((trace) => waterfall(trace, model.wall)) : [none]));
  };

  for (const tab of $$("[data-traces]")) {
    tab.addEventListener("click", () => {
      kind = tab.dataset.traces;
      for (const each of $$("[data-traces]")) each.setAttribute("aria-pressed", String(each === tab));
      draw();
    });
  }
  model.watch((names) => {
    if (names.has("hello") || performance.now() - drawnAt > REDRAW) draw();
  });
}

function waterfall(trace, wall) {
  const rows = tree(trace.spans);
  const begin = Math.min(...trace.spans.map((span) => span.began));
  const end = Math.max(...trace.spans.map((span) => span.ended));
  const shown = rows.slice(0, MOST_SPANS);
  const more = rows.length - shown.length;
  const [{ span: root }] = rows;
  const title = root.parent === null ? bare(root.name) + (root.about ? ` (${root.about})` : "") : "under way";
  return html(
    "div", { class: "trace" },
    html(
      "h3", {}, title,
      html("span", {}, `${duration(end - begin)} · ${ago(wall - end)}`),
    ),
    ...shown.map((row) => line(row, begin, end - begin || 1)),
    more > 0 ? html("p", { class: "empty" }, `and ${more} more`) : null,
  );
}

function line({ span, depth }, begin, whole) {
  const bar = html("span", { class: "bar" });
  bar.style.left = `min(${((span.began - begin) / whole) * 100}%, 100% - 2px)`;
  bar.style.width = `${((span.ended - span.began) / whole) * 100}%`;
  const name = html("span", { class: "name", title: span.why || span.name }, bare(span.name));
  name.style.paddingLeft = `${depth * 12}px`;
  const took = html("span", { class: "took" }, duration(span.ended - span.began));
  const kind = kindOf(bare(span.name));
  return html("div", { class: span.failed ? "span failed" : "span", "data-kind": kind }, name, html("span", { class: "way" }, bar), took);
}

/** Spans as they stand below each other: children below their parents, by their begin. */
function tree(spans) {
  const known = new Set(spans.map((span) => span.id));
  const below = (parent, depth) => spans
    .filter((span) => (known.has(span.parent) ? span.parent : null) === parent)
    .flatMap((span) => [{ span, depth }, ...below(span.id, depth + 1)]);
  return below(null, 0);
}

const bare = (name) => name.replace(/^websocket /, "");

function kindOf(name) {
  if (PHASES.includes(name)) return "phase";
  if (name === "dial") return "dial";
  return name === "on_message" ? "message" : "callback";
}
