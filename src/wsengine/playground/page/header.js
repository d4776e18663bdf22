// The line at the top: the state in words, and a few facts.

import { $, duration, say } from "./dom.js";

export function header(model) {
  const update = () => {
    const { engine, server, hello } = model;
    if (server) {
      say($("#fact-server"), server.running ? server.url.replace(/^ws:\/\/|\/$/g, "") : "stopped");
      $("#fact-server").classList.toggle("off", !server.running);
      say($("#fact-clients"), String(server.clients));
    }
    if (hello?.hasEngine === false) {
      say($("#state"), "no engine");
      return;
    }
    if (!engine) return;
    const shown = model.paused ? "paused" : engine.state;
    $("#state").dataset.state = shown;
    say($("#state"), shown);
    say($("#why"), why(model));
    $("#why").title = engine.reason;
    document.title = `${shown} · wsengine playground`;
    const age = engine.session && engine.since !== null ? model.now - engine.since : null;
    say($("#fact-session"), age === null ? "none" : `#${engine.session.number} · ${duration(Math.floor(age) || 0.999)}`);
  };
  model.watch(update);
}

/** What there is to say about the state. */
export function why({ engine, paused, now }) {
  if (paused) return `read by hand: ${messages(engine.held)} held, on_message gets them afterwards`;
  if (engine.state === "waiting" && engine.delay) {
    const left = Math.max(0, engine.since + engine.delay - now);
    return `next dial in ${left.toFixed(1)} s · ${engine.reason.replace(/; next dial in .*$/, "")}`;
  }
  return engine.reason;
}

const messages = (count) => (count === 1 ? "1 message" : `${count} messages`);
