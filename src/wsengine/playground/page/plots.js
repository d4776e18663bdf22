// Messages per second, and the round trip of pings.

import { $, say, svg } from "./dom.js";
import { Strip } from "./strip.js";

const HEIGHT = 104;
const [TOP, BOTTOM] = [12, HEIGHT - 6];

export function plots(model) {
  plot(model, $("#rates"), "Messages per second in the last minute", 4, [
    { name: "in", of: (sample) => sample.received, area: true },
    { name: "out", of: (sample) => sample.sent },
  ]);
  plot(model, $("#ping"), "Round trip of pings in the last minute, in milliseconds", 0.5, [
    { name: "ping", of: (sample) => (sample.roundTrip === null ? null : sample.roundTrip * 1000), area: true },
  ]);
  model.watch((names) => {
    const latest = model.samples.at(-1);
    if (!names.has("samples") || !latest) return;
    say($("#in-now"), figure(latest.received));
    say($("#out-now"), figure(latest.sent));
    say($("#ping-now"), latest.roundTrip === null ? "–" : (latest.roundTrip * 1000).toFixed(2));
  });
}

const figure = (value) => (value < 100 ? value.toFixed(1) : String(Math.round(value)));

function plot(model, host, label, least, lines) {
  const strip = new Strip(host, model, { seconds: 60, height: HEIGHT, left: 34, label });
  strip.show(() => {
    const seen = model.samples.filter((sample) => sample.at >= strip.begin);
    const most = Math.max(least, ...seen.flatMap((sample) => lines.map((line) => line.of(sample) ?? 0)));
    const top = nice(most);
    const y = (value) => BOTTOM - (value / top) * (BOTTOM - TOP);
    strip.behind.replaceChildren(...scale(strip, top, y));
    strip.drift.replaceChildren(...lines.flatMap((line) => curve(strip, seen, line, y)));
  });
  model.watch((names) => names.has("samples") && strip.redraw());
}

/** The next of 1, 2, 5, 10, ... that is not less. */
function nice(most) {
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= most * 1.04) ?? 20 * power;
}

function scale(strip, top, y) {
  return [0, 0.5, 1].flatMap((share) => [
    svg("path", { class: share ? "grid" : "base", d: `M${strip.left} ${y(share * top)} H${strip.width}` }),
    svg("text", { class: "figure", x: strip.left - 6, y: y(share * top) + 4, "text-anchor": "end" }, short(share * top)),
  ]);
}

const short = (value) => (value >= 1000 ? `${+(value / 1000).toFixed(1)}k` : String(+value.toFixed(2)));

/** A line, with gaps where there is no value. */
function curve(strip, samples, { name, of, area }, y) {
  const pieces = [[]];
  for (const sample of samples) {
    const value = of(sample);
    if (value === null) pieces.push([]);
    else pieces.at(-1).push([strip.x(sample.at).toFixed(1), y(value).toFixed(1)]);
  }
  return pieces.filter((piece) => piece.length > 1).flatMap((piece) => {
    const d = `M${piece.map((point) => point.join(" ")).join(" L")}`;
    const line = svg("path", { class: `line ${name}`, d });
    if (!area) return [line];
    return [svg("path", { class: `area ${name}`, d: `${d} L${piece.at(-1)[0]} ${BOTTOM} L${piece[0][0]} ${BOTTOM} Z` }), line];
  });
}
