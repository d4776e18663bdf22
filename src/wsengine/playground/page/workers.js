// The number of workers. A new one means a new engine, which takes a while: presses are counted
// here meanwhile, and only the number that they come to is asked for.

import { $, say } from "./dom.js";

const QUIET = 300; // milliseconds without a press: then this is the number
const [LEAST, MOST] = [1, 32];

/** Have the buttons count; return what shows the number. */
export function workers(model, ask) {
  let wanted = null;
  let timer = null;
  let asking = false;

  const shown = () => wanted ?? model.engine.workers;

  const show = () => {
    if (timer === null && !asking) wanted = null; // the engine has it, or was refused it
    say($("#workers"), String(shown()));
    $("#fewer").setAttribute("aria-disabled", String(shown() <= LEAST));
    $("#more").setAttribute("aria-disabled", String(shown() >= MOST));
  };

  const settle = async () => {
    timer = null;
    if (asking) return; // whoever asks sees that it has changed
    asking = true;
    for (let asked = null; timer === null && asked !== wanted;) {
      asked = wanted;
      await ask("workers", { count: asked });
    }
    asking = false;
  };

  const step = (by) => () => {
    if (model.engine === null) return;
    const next = shown() + by;
    if (next < LEAST || next > MOST) return;
    wanted = next;
    clearTimeout(timer);
    timer = setTimeout(settle, QUIET);
    show();
  };
  $("#fewer").addEventListener("click", step(-1));
  $("#more").addEventListener("click", step(+1));
  return show;
}
