"""Spans as a picture: a row for each, trees indented, time from left to right; as SVG."""

from __future__ import annotations

import html
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from opentelemetry.sdk.trace import ReadableSpan

NAMES, BARS, MARGIN = 258, 640, 16
"""Widths of the names and of the bars, and the space around all."""

AFTER = 86
"""Space behind the last bar, for its duration."""

ROW, BAR, GAP = 21, 13, 9
"""Heights of a row and of a bar in it, and the gap between two traces."""

HEAD = 58
"""Height of what stands above the first row."""

INDENT = 16
LEAST = 3
"""A bar has at least this width."""

WIDTH = MARGIN + NAMES + BARS + AFTER + MARGIN

STYLE = """\
    .paper { fill: #ffffff }
    .band { fill: #f6f8fa }
    .tick { stroke: #d1d9e0; stroke-width: 1 }
    .twig { stroke: #afb8c1; stroke-width: 1; fill: none }
    .phase { fill: #8c959f }
    .dial { fill: #8250df }
    .callback { fill: #0969da }
    .message { fill: #1a7f37 }
    .traffic { fill: #54aeff }
    .other { fill: #bf8700 }
    .wait { fill: #d8dee4 }
    .failed { stroke: #cf222e; stroke-width: 2 }
    text { font: 12px ui-sans-serif, system-ui, "DejaVu Sans", sans-serif; fill: #1f2328 }
    .title { font-size: 14px; font-weight: 600 }
    .dim { fill: #59636e; font-size: 11px }
    .bad { fill: #cf222e; font-size: 11px }
    @media (prefers-color-scheme: dark) {
      .paper { fill: #0d1117 }
      .band { fill: #151b23 }
      .tick { stroke: #3d444d }
      .twig { stroke: #656c76 }
      .phase { fill: #9198a1 }
      .dial { fill: #ab7df8 }
      .callback { fill: #4493f8 }
      .message { fill: #3fb950 }
      .traffic { fill: #a5d6ff }
      .other { fill: #d29922 }
      .wait { fill: #2f3742 }
      .failed { stroke: #f85149 }
      text { fill: #e6edf3 }
      .dim { fill: #9198a1 }
      .bad { fill: #f85149 }
    }"""

LEGEND = {
    "phase": "a phase of the engine",
    "dial": "a dial",
    "callback": "a callback",
    "message": "on_message",
    "traffic": "send and ping",
    "other": "spans of others",
    "wait": "the delay before a dial",
}

KINDS = {
    "start": "phase",
    "restart": "phase",
    "stop": "phase",
    "dial": "dial",
    "on_message": "message",
    "send": "traffic",
    "ping": "traffic",
}


@dataclass(frozen=True)
class Row:
    """A span in its place.

    Args:
        span: The span.
        depth: How many parents it has.
        parent: The number of its parent's row; its own where it has none.
        trace: The number of its trace.
        note: What it is linked to.
    """

    span: ReadableSpan
    depth: int
    parent: int
    trace: int
    note: str

    @property
    def kind(self) -> str:
        """The class of its bar."""
        ours, _, name = self.span.name.rpartition("websocket ")
        return KINDS.get(name, "callback") if ours or name != self.span.name else "other"


def svg(spans: Sequence[ReadableSpan]) -> str:
    """Return the picture, for light and for dark pages."""
    rows = list(_rows(spans))
    begin = min(_start(span) for span in spans)
    scale = BARS / (max(_end(span) for span in spans) - begin)
    tops = [HEAD + ROW * number + GAP * row.trace for number, row in enumerate(rows)]
    bottom = tops[-1] + ROW
    parts = [*_bands(rows, tops), *_axis(1 / scale, bottom)]
    for row, top in zip(rows, tops, strict=True):
        parts += _name(row, top, tops[row.parent])
        parts += _bar(row, top, begin, scale)
    parts += _legend(bottom + 24)
    height = bottom + 44
    body = "\n".join(f"  {part}" for part in parts)
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" \
width="{WIDTH}" height="{height}" role="img" aria-labelledby="title">
  <title id="title">The spans of an engine that loses its server once</title>
  <style>
{STYLE}
  </style>
  <rect class="paper" width="{WIDTH}" height="{height}" rx="8"/>
  <text class="title" x="{MARGIN}" y="26">A life of an engine, with one reconnect</text>
{body}
</svg>
"""


def _rows(spans: Sequence[ReadableSpan]) -> Iterator[Row]:
    """Yield the spans as they are to stand below each other: trees, by their begin."""
    ordered = sorted(spans, key=_start)
    dials = [span.context.span_id for span in ordered if span.name == "websocket dial"]
    known = {span.context.span_id for span in spans}

    numbers = itertools.count()

    def tree(span: ReadableSpan, depth: int, parent: int | None, trace: int) -> Iterator[Row]:
        linked = [f"dial {dials.index(link.context.span_id) + 1}" for link in span.links]
        note = f"→ {', '.join(linked)}" if linked else ""
        if span.context.span_id in dials:
            note = f"({dials.index(span.context.span_id) + 1})"
        own = next(numbers)
        yield Row(span, depth, own if parent is None else parent, trace, note)
        for other in ordered:
            if other.parent is not None and other.parent.span_id == span.context.span_id:
                yield from tree(other, depth + 1, own, trace)

    roots = [span for span in ordered if span.parent is None or span.parent.span_id not in known]
    for trace, root in enumerate(roots):
        yield from tree(root, 0, None, trace)


def _bands(rows: Sequence[Row], tops: Sequence[int]) -> Iterator[str]:
    """Yield a band behind each trace."""
    for trace in range(rows[-1].trace + 1):
        inside = [top for row, top in zip(rows, tops, strict=True) if row.trace == trace]
        height = inside[-1] - inside[0] + ROW + 4
        yield (
            f'<rect class="band" x="{MARGIN / 2:g}" y="{inside[0] - 2}" '
            f'width="{WIDTH - MARGIN}" height="{height}" rx="4"/>'
        )


def _axis(unit: float, bottom: int) -> Iterator[str]:
    """Yield a line for each tenth of a second."""
    for tenth in range(int(unit * BARS * 10) + 1):
        x = MARGIN + NAMES + tenth / 10 / unit
        yield f'<path class="tick" d="M{x:.1f} {HEAD - 8} V{bottom}"/>'
        text = f"{tenth * 100} ms" if tenth else "0"
        yield f'<text class="dim" x="{x:.1f}" y="{HEAD - 13}" text-anchor="middle">{text}</text>'


def _name(row: Row, top: int, above: int) -> Iterator[str]:
    """Yield the name of a span, with a twig to its parent."""
    x, middle = MARGIN + INDENT * row.depth, top + ROW / 2
    if row.depth:
        yield f'<path class="twig" d="M{x - 10} {above + ROW - 3} V{middle:g} H{x - 3}"/>'
    note = f' <tspan class="dim">{html.escape(row.note)}</tspan>' if row.note else ""
    yield f'<text x="{x}" y="{middle + 4:g}">{html.escape(row.span.name)}{note}</text>'


def _bar(row: Row, top: int, begin: float, scale: float) -> Iterator[str]:
    """Yield the bar of a span, its delays, and its duration."""
    seconds = _end(row.span) - _start(row.span)
    x = MARGIN + NAMES + (_start(row.span) - begin) * scale
    width, y = max(seconds * scale, LEAST), top + (ROW - BAR) / 2
    failed = not row.span.status.is_ok
    kind = f"{row.kind} failed" if failed else row.kind
    yield f'<rect class="{kind}" x="{x:.1f}" y="{y:g}" width="{width:.1f}" height="{BAR}" rx="2"/>'
    for event in row.span.events:
        delay = (event.attributes or {}).get("wsengine.delay")
        if isinstance(delay, float):
            at = MARGIN + NAMES + (event.timestamp / 1e9 - begin) * scale
            yield (
                f'<rect class="wait" x="{at:.1f}" y="{y + 2:g}" '
                f'width="{delay * scale:.1f}" height="{BAR - 4}" rx="1"/>'
            )
    style = "bad" if failed else "dim"
    text = html.escape(f"{_duration(seconds)}{' failed' if failed else ''}")
    yield f'<text class="{style}" x="{x + width + 5:.1f}" y="{top + ROW / 2 + 4:g}">{text}</text>'


def _duration(seconds: float) -> str:
    """Return milliseconds, with a digit more for what is over in a moment."""
    if seconds < 0.0001:
        return "< 0.1 ms"
    return f"{seconds * 1000:.{1 if seconds < 0.01 else 0}f} ms"


def _legend(y: int) -> Iterator[str]:
    """Yield what the colours mean."""
    x = float(MARGIN)
    for kind, meaning in LEGEND.items():
        yield f'<rect class="{kind}" x="{x:g}" y="{y - 9}" width="12" height="10" rx="2"/>'
        yield f'<text class="dim" x="{x + 17:g}" y="{y}">{meaning}</text>'
        x += 42 + 5.6 * len(meaning)


def _start(span: ReadableSpan) -> float:
    return (span.start_time or 0) / 1e9


def _end(span: ReadableSpan) -> float:
    return (span.end_time or 0) / 1e9
