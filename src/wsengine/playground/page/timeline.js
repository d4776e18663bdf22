// The states of the last 90 seconds as a band, and the sessions above it.

import { $, svg } from "./dom.js";
import { Strip } from "./strip.js";

const HEIGHT = 78;
const [SESSION, BAND, TICKS] = [4, 34, 62];

export function timeline(model) {
  const strip = new Strip($("#timeline"), model, {
    seconds: 90, height: HEIGHT, label: "Sessions and states of the last 90 seconds",
  });
  strip.show(() => {
    strip.behind.replaceChildren(...axis(strip));
    strip.drift.replaceChildren(...bands(strip, model), ...sessions(strip, model));
  });
  model.watch(() => strip.redraw());
}

function axis(strip) {
  const marks = [0, 30, 60, 90].map((back) => {
    const x = strip.x(strip.edge - back);
    const anchor = back === 0 ? "end" : back === 90 ? "start" : "middle";
    return svg("text", { x, y: HEIGHT - 3, "text-anchor": anchor }, back ? `−${back} s` : "now");
  });
  return [svg("rect", { class: "lane", x: 0, y: BAND, width: strip.width, height: 18, rx: 3 }), ...marks];
}

function bands(strip, model) {
  return model.changes.map((change, number) => {
    const end = model.changes[number + 1]?.at ?? strip.edge + 2;
    if (end < strip.begin) return null;
    const [x, to] = [Math.max(strip.x(change.at), -20), strip.x(end)];
    const rest = change.state === "idle" || change.state === "stopped";
    return svg(
      "rect",
      { class: rest ? "band rest" : "band", "data-state": change.state, x, y: BAND, width: Math.max(1.5, to - x), height: 18 },
      svg("title", {}, `${change.state}: ${change.reason}`),
    );
  }).filter(Boolean);
}

function sessions(strip, model) {
  return model.entries.flatMap((entry) => {
    if (entry.kind === "attempt") {
      return [svg("circle", { class: "failed", cx: strip.x(entry.began), cy: TICKS - 4, r: 2.5 }, svg("title", {}, entry.cause))];
    }
    if (entry.kind !== "session" || (entry.ended ?? Infinity) < strip.begin) return [];
    const x = Math.max(strip.x(entry.began), -20);
    const to = strip.x(entry.ended ?? strip.edge + 2);
    const width = Math.max(3, to - x);
    const parts = [svg("rect", { class: "session", x, y: SESSION, width, height: 22, rx: 4 }, svg("title", {}, entry.about))];
    if (width > 26) parts.push(svg("text", { class: "figure", x: Math.max(x, 0) + 5, y: SESSION + 15 }, `#${entry.number}`));
    if (entry.ended !== null) {
      parts.push(svg("path", { class: "end", d: `M${to} ${SESSION - 3} V${BAND}` }));
      const code = entry.code ?? "";
      if (width > 78) parts.push(svg("text", { class: "figure", x: to - 6, y: SESSION + 15, "text-anchor": "end" }, String(code)));
    }
    return parts;
  });
}
