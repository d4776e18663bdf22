// What came of a press: said beside the buttons, and gone after a while.

import { $, say } from "./dom.js";

const SHOWN = 8000; // milliseconds

let timer = null;

/** Say what came of it; an error in its colour. */
export function reply({ error = null, said = "" }) {
  const element = $("#reply");
  element.classList.toggle("refused", error !== null);
  say(element, error ?? said);
  clearTimeout(timer);
  timer = setTimeout(() => say(element, ""), SHOWN);
}
