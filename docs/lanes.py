"""The scenes of `docs/scenes.py` as SVG: a lane for everybody, time from left to right."""

from __future__ import annotations

import dataclasses
import html
from collections.abc import Iterator

from scenes import Bar, Scene, keys, lead, pause, read_ahead

NAMES, MARGIN = 116, 14
"""Widths of the names, and of the space around all."""

SCALE = 3.0
"""Pixels for each millisecond."""

ROW, BAR = 34, 20
"""Heights of a lane, and of a bar in it."""

HEAD, FOOT = 58, 62
"""Heights of what stands above the first lane, and below the last one."""

STYLE = """\
    .paper { fill: #ffffff }
    .lane { stroke: #d1d9e0; stroke-width: 1 }
    .sent { fill: #0969da }
    .fall { stroke: #0969da; stroke-width: 1; stroke-dasharray: 2 3 }
    .reads { fill: #ddf4ff; stroke: #0969da; stroke-width: 1.5 }
    .handles { fill: #1a7f37 }
    .receives { fill: #8250df }
    .waits { fill: #fff1c2; stroke: #9a6700; stroke-width: 1 }
    .pauses { fill: #fbefff; stroke: #8250df; stroke-width: 1.5 }
    text { font: 13px ui-sans-serif, system-ui, "DejaVu Sans", sans-serif; fill: #1f2328 }
    .title { font-size: 15px; font-weight: 600 }
    .dim { fill: #59636e; font-size: 12px }
    .on { fill: #ffffff; font-size: 12px; font-weight: 600 }
    .in { font-size: 12px; font-weight: 600 }
    @media (prefers-color-scheme: dark) {
      .paper { fill: #0d1117 }
      .lane { stroke: #3d444d }
      .sent { fill: #79c0ff }
      .fall { stroke: #79c0ff }
      .reads { fill: #0c2d4d; stroke: #4493f8 }
      .handles { fill: #238636 }
      .receives { fill: #8957e5 }
      .waits { fill: #3b2f10; stroke: #d29922 }
      .pauses { fill: #2b1b47; stroke: #ab7df8 }
      text { fill: #e6edf3 }
      .dim { fill: #9198a1 }
      .on { fill: #ffffff }
    }"""

LEGEND = {
    "reads": "has the lead, and waits for a message",
    "handles": "runs a handler",
    "waits": "waits in the backlog",
    "pauses": "the pause",
    "receives": "comes out of receive()",
}

WHO = {"pilot": "you, in the pause", "backlog 1": "backlog"}


def pictures() -> dict[str, str]:
    """Return each picture by the name of its file."""
    return {
        "lead.svg": svg("The lead goes on when a handler suspends (3 workers)", lead()),
        "read-ahead.svg": svg("All workers are busy: the standby reads ahead (2)", read_ahead()),
        "order-by.svg": svg("In order for each key (3 workers, keys A and B)", keys()),
        "pausing.svg": svg("A pause takes the lead, and gives it back (1 worker)", pause()),
    }


def svg(title: str, scene: Scene) -> str:
    """Return the picture of a scene, for light and for dark pages."""
    bars = list(_apart(scene.bars))
    lanes = _lanes(bars)
    last = max(bar.end for bar in scene.bars)
    width = round(MARGIN + NAMES + last * SCALE + MARGIN)
    height = HEAD + ROW * len(lanes) + FOOT
    parts = [*_sent(scene, HEAD + ROW * len(lanes))]
    for number, lane in enumerate(lanes):
        parts += _lane(lane, HEAD + ROW * number, width)
        for bar in _merged([bar for bar in bars if bar.lane == lane]):
            parts += _bar(bar, HEAD + ROW * number)
    parts += _legend(scene, height - FOOT + 24)
    body = "\n".join(f"  {part}" for part in parts)
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" \
width="{width}" height="{height}" role="img" aria-labelledby="title">
  <title id="title">{html.escape(title)}</title>
  <style>
{STYLE}
  </style>
  <rect class="paper" width="{width}" height="{height}" rx="8"/>
  <text class="title" x="{MARGIN}" y="24">{html.escape(title)}</text>
{body}
</svg>
"""


def _apart(bars: list[Bar]) -> Iterator[Bar]:
    """Yield the bars, with lanes of their own for messages that wait at the same time."""
    ends: list[int] = []
    for bar in sorted(bars, key=lambda bar: bar.begin):
        if bar.lane != "backlog":
            yield bar
            continue
        free = [number for number, end in enumerate(ends) if end <= bar.begin]
        place = free[0] if free else len(ends)
        ends[place : place + 1] = [bar.end]
        yield dataclasses.replace(bar, lane=f"backlog {place + 1}")


def _lanes(bars: list[Bar]) -> list[str]:
    """Return the names of the lanes, from above."""
    there = sorted({bar.lane for bar in bars})
    order = ("backlog", "worker", "standby", "pilot")
    return [lane for kind in order for lane in there if lane.startswith(kind)]


def _x(milliseconds: float) -> float:
    return MARGIN + NAMES + milliseconds * SCALE


def _sent(scene: Scene, bottom: int) -> Iterator[str]:
    """Yield what the server sends, each with a line down through the lanes."""
    yield f'<text class="dim" x="{MARGIN}" y="{HEAD - 10}">server sends</text>'
    for at, label in scene.sent:
        x = _x(at)
        yield f'<path class="fall" d="M{x:g} {HEAD - 6} V{bottom}"/>'
        yield f'<text class="sent" x="{x:g}" y="{HEAD - 10}" text-anchor="middle">{label}</text>'


def _lane(lane: str, top: int, width: int) -> Iterator[str]:
    middle = top + ROW / 2
    name = WHO.get(lane, "" if lane.startswith("backlog") else lane)
    yield f'<text x="{MARGIN}" y="{middle + 5:g}">{name}</text>'
    yield f'<path class="lane" d="M{_x(0):g} {middle:g} H{width - MARGIN}"/>'


def _merged(bars: list[Bar]) -> list[Bar]:
    """Return the bars in their order, with one bar for reads that follow each other."""
    merged: list[Bar] = []
    for bar in sorted(bars, key=lambda bar: (bar.begin, bar.end)):
        before = merged[-1] if merged else None
        if before and before.kind == bar.kind == "reads" and before.end == bar.begin:
            merged[-1] = Bar(bar.lane, "reads", before.begin, bar.end)
        else:
            merged.append(bar)
    return merged


def _bar(bar: Bar, top: int) -> Iterator[str]:
    x, width = _x(bar.begin), (bar.end - bar.begin) * SCALE
    y, height = top + (ROW - BAR) / 2, float(BAR)
    if bar.kind == "reads":
        y, height = y + 5, height - 10
    if bar.begin == bar.end:  # a message that was received in the pause
        yield f'<circle class="{bar.kind}" cx="{x:g}" cy="{top + ROW / 2:g}" r="9"/>'
        width = 0
    else:
        yield (
            f'<rect class="{bar.kind}" x="{x:g}" y="{y:g}" width="{width:g}" '
            f'height="{height:g}" rx="3"/>'
        )
    if bar.label:
        kind = "in" if bar.kind == "waits" else "on"
        yield (
            f'<text class="{kind}" x="{x + width / 2:g}" y="{top + ROW / 2 + 4:g}" '
            f'text-anchor="middle">{bar.label}</text>'
        )


def _legend(scene: Scene, y: int) -> Iterator[str]:
    """Yield what the colours mean."""
    x = float(MARGIN)
    kinds = {bar.kind for bar in scene.bars}
    for kind, meaning in LEGEND.items():
        if kind in kinds:
            yield f'<rect class="{kind}" x="{x:g}" y="{y - 10}" width="14" height="11" rx="2"/>'
            yield f'<text class="dim" x="{x + 20:g}" y="{y}">{meaning}</text>'
            x += 44 + 6.2 * len(meaning)
    yield f'<text class="dim" x="{MARGIN}" y="{y + 22}">Time goes from left to right; all of it \
was seen in a run.</text>'
