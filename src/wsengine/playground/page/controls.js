// Buttons, switches, sliders and forms: what each asks for, and when it can.

import { $, $$, html, say } from "./dom.js";
import { reply } from "./reply.js";
import { workers } from "./workers.js";

/** The adapter that was asked for, until the engine has it: meanwhile the choice stays where it is. */
let chosen = null;

export function controls(model, link) {
  const ask = async (command, values, element) => {
    if (element?.getAttribute("aria-disabled") === "true") {
      if (element.title) reply({ error: element.title });
      return;
    }
    reply(await link.ask(command, values));
  };

  for (const button of $$("button[data-command]")) {
    const values = JSON.parse(button.dataset.args ?? "{}");
    button.addEventListener("click", () => ask(button.dataset.command, values, button));
  }
  for (const button of $$("[data-fault]")) {
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-checked") !== "true";
      ask("fault", { name: button.dataset.fault, on }, button);
    });
  }
  for (const form of $$("form[data-command]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      ask(form.dataset.command, valuesOf(form), event.submitter);
    });
  }
  $$("input[list]").forEach(offered);
  const showWorkers = workers(model, ask);
  slider("rate", (value) => ask("rate", { per_second: value }));
  slider("work", (value) => ask("work", { seconds: value }));
  slider("delay", (value) => ask("delay", { seconds: value }));
  $("#adapters").addEventListener("change", async (event) => {
    chosen = event.target.value;
    await ask("adapter", { name: chosen });
    chosen = null;
  });

  model.watch((names) => {
    if (names.has("hello")) begin(model.hello);
    if (model.server) showServer(model.server);
    if (model.engine) showEngine(model);
    if (model.engine) showWorkers();
  });
}

function slider(id, changed) {
  const input = $(`#${id}`);
  input.addEventListener("input", () => say($(`#${id}-now`), WORDS[id](input.valueAsNumber)));
  input.addEventListener("change", () => changed(input.valueAsNumber));
}

const WORDS = {
  rate: (value) => (value ? `${value}/s` : "none"),
  work: (value) => `${Math.round(value * 1000)} ms`,
  delay: (value) => (value ? `${value.toFixed(1)} s` : "none"),
};

function valuesOf(form) {
  const fields = [...form.elements].filter((field) => field.name);
  return Object.fromEntries(fields.map((field) => {
    const isNumber = field.type === "number" || "number" in field.dataset;
    const value = field.value || (field.list ? field.placeholder : "");
    if (value === "") return [field.name, null];
    return [field.name, isNumber ? Number(value) : value];
  }));
}

/** Browsers offer of a list what begins like the value: all of it, while there is none. */
function offered(input) {
  input.addEventListener("focus", () => {
    if (!input.validity.valid) return; // it is being told what is wrong with it
    input.placeholder = input.value;
    input.value = "";
  });
  input.addEventListener("blur", () => {
    if (input.value === "" && !input.validity.badInput) input.value = input.placeholder;
  });
}

function begin({ hasEngine, adapters, codes }) {
  for (const element of $$('[data-needs="engine"]')) element.hidden = !hasEngine;
  $("#no-engine").hidden = hasEngine;
  $("#codes").replaceChildren(...codes.map(({ code, name }) => html("option", { value: code }, name.toLowerCase().replaceAll("_", " "))));
  const legend = $("#adapters legend");
  $("#adapters").replaceChildren(legend, ...adapters.map(({ name, missing }) => {
    const input = html("input", { type: "radio", name: "adapter", value: name, disabled: missing ? "" : null });
    return html("label", { title: missing ?? name }, input, name);
  }));
}

const NEED_CLIENTS = ["interrupt", "garble", "flood"];

function showServer(server) {
  enable("server_stop", server.running);
  enable("server_start", !server.running);
  for (const command of NEED_CLIENTS) enable(command, server.clients > 0, "Nobody is connected");
  for (const button of $$("[data-fault]")) button.setAttribute("aria-checked", String(server[button.dataset.fault]));
  hold("delay", server.delay);
  $("#refusing").hidden = server.refuse === null;
  if (server.refuse) say($("#refusing span"), refusing(server.refuse));
}

function refusing({ status, retryAfter, times }) {
  const after = retryAfter === null ? "" : `, Retry-After ${retryAfter} s`;
  return `Refusing ${times === null ? "all dials" : times === 1 ? "1 dial" : `${times} dials`} with ${status}${after}`;
}

function showEngine(model) {
  const { engine, paused } = model;
  const rests = engine.state === "idle" || engine.state === "stopped";
  enable("start", rests);
  for (const name of ["stop", "exit", "restart"]) enable(name, !rests);
  enable("pause", engine.state === "open" && !paused);
  enable("resume", paused);
  for (const input of $$("#adapters input")) input.checked = input.value === (chosen ?? engine.adapter);
  hold("rate", engine.rate);
  hold("work", engine.work);
}

/** Show a slider's value, unless somebody is moving it. */
function hold(id, value) {
  const input = $(`#${id}`);
  if (document.activeElement === input && input.matches(":active")) return;
  input.value = value;
  say($(`#${id}-now`), WORDS[id](value));
}

/** Disabled for all to see, and still there for the focus; a press says why. */
function enable(command, on, why = "") {
  for (const button of $$(`button[data-command="${command}"], form[data-command="${command}"] button`)) {
    button.setAttribute("aria-disabled", String(!on));
    button.title = on ? "" : why;
  }
}
