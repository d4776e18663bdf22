"""The lifecycle as pictures: as Mermaid, and as an SVG whose layout is done by hand.

What may follow what, and why, comes from `wsengine.states.TRANSITIONS`. A transition that
has no route here is an error, so the picture cannot leave one out.
"""

from __future__ import annotations

import html
import textwrap
from dataclasses import dataclass
from typing import TypeAlias

from wsengine.states import TRANSITIONS, EngineState

_S = EngineState
Point: TypeAlias = tuple[float, float]

WIDTH, HEIGHT = 940, 430
BOX_WIDTH, BOX_HEIGHT = 120, 44
CORNER = 10
LINE_HEIGHT = 15

CENTERS: dict[EngineState, Point] = {
    _S.IDLE: (90, 70),
    _S.OPENING: (310, 70),
    _S.OPEN: (580, 70),
    _S.CLOSING: (850, 70),
    _S.WAITING: (580, 235),
    _S.STOPPED: (580, 385),
}


@dataclass(frozen=True)
class Route:
    """The way of one arrow.

    Args:
        points: Where it begins, turns and ends.
        label: Where the last line of its label stands (`above`), or the first one.
        above: Whether the label grows upwards.
        columns: How many characters fit on a line of the label.
        anchor: Which part of the label stands at that point.
    """

    points: tuple[Point, ...]
    label: Point
    above: bool = True
    columns: int = 30
    anchor: str = "middle"


ROUTES: dict[tuple[EngineState, EngineState], Route] = {
    (_S.IDLE, _S.OPENING): Route(((150, 70), (250, 70)), (200, 62)),
    (_S.OPENING, _S.OPEN): Route(((370, 70), (520, 70)), (445, 62)),
    (_S.OPENING, _S.WAITING): Route(
        ((320, 92), (320, 245), (520, 245)), (420, 262), above=False, columns=23
    ),
    (_S.OPENING, _S.STOPPED): Route(((290, 92), (290, 375), (520, 375)), (405, 367)),
    (_S.OPEN, _S.CLOSING): Route(((640, 70), (790, 70)), (715, 62), columns=16),
    (_S.CLOSING, _S.WAITING): Route(((835, 92), (835, 235), (640, 235)), (737, 227)),
    (_S.CLOSING, _S.STOPPED): Route(((865, 92), (865, 385), (640, 385)), (752, 377)),
    (_S.WAITING, _S.OPENING): Route(((520, 225), (350, 225), (350, 92)), (435, 217)),
    (_S.WAITING, _S.STOPPED): Route(((580, 257), (580, 363)), (590, 315), anchor="start"),
    (_S.STOPPED, _S.OPENING): Route(((520, 395), (260, 395), (260, 92)), (390, 412), above=False),
}

STYLE = """\
    .paper { fill: #ffffff }
    .box { fill: #eef2f7; stroke: #57606a; stroke-width: 1.5 }
    .rest { stroke-dasharray: 5 3 }
    .open { fill: #d3f0da; stroke: #1a7f37 }
    .arrow { fill: none; stroke: #57606a; stroke-width: 1.5 }
    .head { fill: #57606a }
    text { font: 13px ui-sans-serif, system-ui, "DejaVu Sans", sans-serif; fill: #1f2328 }
    .name { font-weight: 600 }
    @media (prefers-color-scheme: dark) {
      .paper { fill: #0d1117 }
      .box { fill: #1f2630; stroke: #9198a1 }
      .open { fill: #12361f; stroke: #3fb950 }
      .arrow { stroke: #9198a1 }
      .head { fill: #9198a1 }
      text { fill: #e6edf3 }
    }"""


def mermaid() -> str:
    """Return the state diagram in Mermaid's language."""
    lines = ["stateDiagram-v2", "    direction LR", "    [*] --> IDLE"]
    lines += [
        f"    {before.name} --> {after.name}: {why}" for (before, after), why in TRANSITIONS.items()
    ]
    return "\n".join(lines)


def svg() -> str:
    """Return the state diagram as SVG, for light and for dark pages.

    Raises:
        ValueError: A transition or a state has no place in the layout, or the other way round.
    """
    if set(ROUTES) != set(TRANSITIONS) or set(CENTERS) != set(EngineState):
        raise ValueError("docs/diagram.py: CENTERS and ROUTES do not fit EngineState, TRANSITIONS")
    parts = [_arrow(ROUTES[step], why) for step, why in TRANSITIONS.items()]
    parts += [_box(state) for state in EngineState]
    body = "\n".join(parts)
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" \
width="{WIDTH}" height="{HEIGHT}" role="img" aria-labelledby="title">
  <title id="title">The states of an engine, and what leads from one to the next</title>
  <style>
{STYLE}
  </style>
  <marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" markerHeight="9" \
markerUnits="userSpaceOnUse" orient="auto"><path class="head" d="M0 1 L10 5 L0 9 z"/></marker>
  <rect class="paper" width="{WIDTH}" height="{HEIGHT}" rx="8"/>
{body}
</svg>
"""


def _box(state: EngineState) -> str:
    x, y = CENTERS[state]
    kind = {_S.OPEN: " open", _S.IDLE: " rest", _S.STOPPED: " rest"}.get(state, "")
    return (
        f'  <rect class="box{kind}" x="{x - BOX_WIDTH / 2:g}" y="{y - BOX_HEIGHT / 2:g}" '
        f'width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="8"/>\n'
        f'  <text class="name" x="{x:g}" y="{y + 5:g}" text-anchor="middle">{state.name}</text>'
    )


def _arrow(route: Route, why: str) -> str:
    x, y = route.label
    lines = textwrap.wrap(why, route.columns)
    top = y - LINE_HEIGHT * (len(lines) - 1) if route.above else y
    label = "".join(
        f'<tspan x="{x:g}" y="{top + LINE_HEIGHT * number:g}">{html.escape(line)}</tspan>'
        for number, line in enumerate(lines)
    )
    return (
        f'  <path class="arrow" d="{_path(route.points)}" marker-end="url(#head)"/>\n'
        f'  <text text-anchor="{route.anchor}">{label}</text>'
    )


def _path(points: tuple[Point, ...]) -> str:
    """Return the data of a path through the points, with its corners rounded."""
    data = [f"M{points[0][0]:g} {points[0][1]:g}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        (x1, y1), (x2, y2) = _towards(corner, before), _towards(corner, after)
        data.append(f"L{x1:g} {y1:g} Q{corner[0]:g} {corner[1]:g} {x2:g} {y2:g}")
    return " ".join([*data, f"L{points[-1][0]:g} {points[-1][1]:g}"])


def _towards(corner: Point, point: Point) -> Point:
    """Return the point on the way from a corner where its rounding ends; ways are upright."""
    (x, y), (to_x, to_y) = corner, point
    return x + CORNER * ((to_x > x) - (to_x < x)), y + CORNER * ((to_y > y) - (to_y < y))
