// Light or dark: as the system has it, until one of them is chosen.

import { $ } from "./dom.js";
import { kept } from "./kept.js";

const dark = matchMedia("(prefers-color-scheme: dark)");

export function theme() {
  const button = $("#theme");
  const show = () => {
    const chosen = kept.get("theme");
    if (chosen) document.documentElement.dataset.theme = chosen;
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-label", isDark() ? "Use light colours" : "Use dark colours");
  };
  button.addEventListener("click", () => {
    kept.set("theme", isDark() ? "light" : "dark");
    show();
  });
  dark.addEventListener("change", show);
  show();
}

const isDark = () => (kept.get("theme") ? kept.get("theme") === "dark" : dark.matches);
