// Keys: whatever has a data-key is clicked by it; the list is made of the same attributes.

import { $, $$, html } from "./dom.js";
import { kept } from "./kept.js";

export function keys() {
  const dialog = $("#keys");
  const on = $("#keys-on");
  on.checked = kept.get("keys") !== "off";
  on.addEventListener("change", () => kept.set("keys", on.checked ? "on" : "off"));

  const byKey = new Map($$("[data-key]").map((element) => [element.dataset.key, element]));
  for (const [key, element] of byKey) element.setAttribute("aria-keyshortcuts", key === "+" ? "plus" : key);
  $("#key-list").replaceChildren(...[...byKey].map(([key, element]) => html(
    "div", {}, html("dt", {}, key), html("dd", {}, nameOf(element)),
  )));
  $("#help").addEventListener("click", () => dialog.showModal());

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
    if (event.target.closest("input:not([type=range], [type=radio], [type=checkbox]), select, textarea")) return;
    if (!on.checked && event.key !== "?") return;
    if (event.repeat && !REPEATED.includes(event.key)) return;
    const element = byKey.get(event.key);
    if (element === undefined || !element.checkVisibility()) return;
    event.preventDefault();
    element.click();
  });
}

const REPEATED = ["+", "-"]; // what a key does that is held down, again and again

const NAMES = { theme: "Light or dark", help: "This list" };

function nameOf(element) {
  const form = element.form?.getAttribute("aria-label");
  return NAMES[element.id] ?? form ?? element.getAttribute("aria-label") ?? element.textContent;
}
