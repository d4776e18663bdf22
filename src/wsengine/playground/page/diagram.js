// The lifecycle, with the live state lit and the transition that led there.

import { $, svg } from "./dom.js";
import { layoutFor } from "./layouts.js";

const CORNER = 10;
const LINE = 15;

export function diagram(model) {
  const host = $("#diagram");
  let layout = null;

  const draw = () => {
    if (model.hello === null || host.clientWidth === 0) return;
    layout = layoutFor(host.clientWidth);
    const { states, transitions } = model.hello;
    host.replaceChildren(svg(
      "svg",
      {
        viewBox: `0 0 ${layout.width} ${layout.height}`, class: layout.small ? "small" : null,
        role: "img", "aria-label": "The lifecycle",
      },
      ...transitions.map((transition) => arrow(layout, transition)),
      ...states.map((state) => node(layout, state)),
    ));
    light(false);
  };

  const light = (fresh) => {
    if (model.engine === null || layout === null) return;
    const [before, latest] = model.changes.slice(-2);
    const step = latest && before ? `${before.state} ${latest.state}` : "";
    for (const element of host.querySelectorAll(".node")) {
      const lit = element.dataset.name === model.engine.state;
      element.classList.toggle("lit", lit);
      if (lit) element.dataset.state = model.paused ? "paused" : element.dataset.name;
      $("text", element).textContent = lit && model.paused ? "PAUSED" : element.dataset.name.toUpperCase();
    }
    for (const element of host.querySelectorAll(".step")) {
      const taken = element.dataset.step === step;
      element.classList.toggle("taken", taken);
      element.classList.toggle("fresh", taken && fresh);
    }
    const picture = $("svg", host);
    picture.setAttribute("aria-label", `The lifecycle; the state is ${model.engine.state}`);
  };

  const count = () => {
    const { since, delay } = model.engine ?? {};
    for (const bar of host.querySelectorAll(".countdown")) {
      const left = delay && bar.dataset.of === model.engine.state ? 1 - (model.now - since) / delay : 0;
      bar.setAttribute("width", Math.max(0, Math.min(1, left)) * (layout.box[0] - 16));
    }
    requestAnimationFrame(count);
  };

  model.watch((names) => {
    if (names.has("hello")) draw();
    else if (names.has("engine") || names.has("changes")) light(names.has("changes"));
  });
  new ResizeObserver(() => {
    if (layout === null || layoutFor(host.clientWidth) !== layout) draw();
  }).observe(host);
  requestAnimationFrame(count);
}

function node(layout, state) {
  const [x, y] = layout.centers[state] ?? [layout.width / 2, layout.height - 20];
  const [width, height] = layout.box;
  const left = x - width / 2;
  return svg(
    "g", { class: "node", "data-name": state, "data-state": state },
    svg("rect", { x: left, y: y - height / 2, width, height, rx: 9 }),
    svg("circle", { class: "halo", cx: left + 17, cy: y, r: 9 }),
    svg("circle", { cx: left + 17, cy: y, r: 5 }),
    svg("text", { x: left + 29, y: y + 4.5 }, state.toUpperCase()),
    svg("rect", { class: "countdown", "data-of": state, x: left + 8, y: y + height / 2 - 6, width: 0, height: 2.5, rx: 1 }),
  );
}

function arrow(layout, { from, to, why }) {
  const straight = { points: [layout.centers[from], layout.centers[to]] };
  const route = layout.routes[`${from} ${to}`] ?? straight;
  const [[x1, y1], [x2, y2]] = route.points.slice(-2);
  const angle = Math.atan2(y2 - y1, x2 - x1) * 180 / Math.PI;
  return svg(
    "g", { class: "step", "data-step": `${from} ${to}`, "data-state": to },
    svg("title", {}, `${from} to ${to}: ${why}`),
    svg("path", { d: path(route.points) }),
    svg("polygon", { points: "0,0 -9,-4.5 -9,4.5", transform: `translate(${x2} ${y2}) rotate(${angle})` }),
    route.label ? label(route, why, layout.line) : null,
  );
}

function label({ label: [x, y], columns, below, anchor = "middle" }, why, line = LINE) {
  const lines = wrapped(why, columns);
  const top = below ? y : y - line * (lines.length - 1);
  return svg(
    "text", { "text-anchor": anchor },
    ...lines.map((words, number) => svg("tspan", { x, y: top + line * number }, words)),
  );
}

function wrapped(text, columns) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (longer.length > columns && lines.at(-1)) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

/** A path through points, its corners rounded. */
function path(points) {
  let data = `M${points[0].join(" ")}`;
  for (let number = 1; number < points.length - 1; number++) {
    const corner = points[number];
    const [a, b] = [towards(corner, points[number - 1]), towards(corner, points[number + 1])];
    data += ` L${a.join(" ")} Q${corner.join(" ")} ${b.join(" ")}`;
  }
  return `${data} L${points.at(-1).join(" ")}`;
}

function towards([x, y], [toX, toY]) {
  return [x + CORNER * Math.sign(toX - x), y + CORNER * Math.sign(toY - y)];
}
