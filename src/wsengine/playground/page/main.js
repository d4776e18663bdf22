// The page: each instrument follows the model, which follows the control socket.

import { follow } from "./announcer.js";
import { callbacks } from "./callbacks.js";
import { controls } from "./controls.js";
import { diagram } from "./diagram.js";
import { entries } from "./entries.js";
import { header } from "./header.js";
import { keys } from "./keys.js";
import { lanes } from "./lanes.js";
import { Link } from "./link.js";
import { Model } from "./model.js";
import { plots } from "./plots.js";
import { theme } from "./theme.js";
import { timeline } from "./timeline.js";
import { traces } from "./traces.js";

const model = new Model();
const link = new Link(model);

theme();
for (const instrument of [header, diagram, timeline, entries, plots, callbacks, lanes, traces, follow]) {
  instrument(model);
}
controls(model, link);
keys();
link.open();
