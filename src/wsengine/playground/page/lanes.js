// What each worker is doing, and has done in the last seconds.

import { $, duration, say, svg } from "./dom.js";
import { Strip } from "./strip.js";

const SECONDS = 10;
const LEFT = 138;

export function lanes(model) {
  const strip = new Strip($("#lanes"), model, {
    seconds: SECONDS, height: 40, left: LEFT, label: "What each worker is doing",
  });
  strip.show(() => draw(strip, model));
  model.watch(() => {
    const busy = model.lanes.filter((lane) => lane.what !== null).length;
    const waiting = model.samples.at(-1)?.waiting ?? 0;
    const backlog = waiting ? `, ${waiting} messages wait` : "";
    say($("#lanes-note"), `${busy} of ${model.lanes.length} busy${backlog}`);
    strip.redraw();
  });
}

const heightOf = (count) => (count <= 6 ? 24 : count <= 12 ? 18 : 14);

function draw(strip, model) {
  const row = heightOf(model.lanes.length);
  strip.tall = Math.max(1, model.lanes.length) * row;
  strip.behind.replaceChildren(...model.lanes.flatMap((lane, number) => label(strip, model, lane, number, row)));
  const done = model.work.filter((piece) => piece.ended >= strip.begin && piece.lane < model.lanes.length);
  const running = model.lanes
    .map((lane, number) => ({ lane: number, began: lane.since, ended: strip.edge + 2, what: lane.what }))
    .filter((piece) => piece.what !== null);
  strip.drift.replaceChildren(...[...done, ...running].map((piece) => bar(strip, piece, row)));
}

function label(strip, model, lane, number, row) {
  const y = number * row + row / 2 + 4;
  const doing = lane.what === null ? "free" : `${lane.what} · ${duration(Math.max(0, model.now - lane.since))}`;
  return [
    svg("rect", { class: "lane", x: strip.left, y: number * row + 2, width: Math.max(0, strip.width - strip.left), height: row - 4, rx: 3 }),
    svg("text", { class: "figure", x: 0, y }, String(number + 1)),
    svg("text", { class: lane.what === null ? "" : "busy", x: 24, y, "data-lane": number }, doing.slice(0, 20)),
  ];
}

function bar(strip, piece, row) {
  const x = Math.max(strip.x(piece.began), strip.left - 40);
  const width = Math.max(2, strip.x(piece.ended) - x - 0.5);
  const kind = piece.what.startsWith("heartbeat") ? "work beat" : piece.what.startsWith("flood") ? "work flood" : "work";
  return svg(
    "rect", { class: kind, x: x.toFixed(1), y: piece.lane * row + 3, width: width.toFixed(1), height: row - 6, rx: 2 },
    svg("title", {}, piece.what),
  );
}
