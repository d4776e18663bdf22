"""A few shapes in SVG: text, lines and bars, in colours for light and for dark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

ROW: Final = 24
"""The height of one row."""
LEFT: Final = 330
"""Where the scale begins: the titles stand before it."""
WIDE: Final = 470
"""The width of the scale."""
RIGHT: Final = 90
"""What is left for figures behind it."""
TOP: Final = 64

STYLE: Final = """\
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 16px; font-weight: 600 }
.small { font-size: 11px; fill: #656d76 }
.ground { fill: #ffffff }
.grid { stroke: #d8dee4 }
.whisker { stroke: #1f2328; stroke-width: 1.5 }
.c0 { fill: #9a6700; stroke: #9a6700 }
.c1 { fill: #0969da; stroke: #0969da }
.c2 { fill: #1a7f37; stroke: #1a7f37 }
.c3 { fill: #8250df; stroke: #8250df }
.bare { fill-opacity: .35 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .small { fill: #9198a1 } .ground { fill: #0d1117 }
.grid { stroke: #30363d } .whisker { stroke: #e6edf3 }
.c0 { fill: #d29922; stroke: #d29922 } .c1 { fill: #4493f8; stroke: #4493f8 }
.c2 { fill: #3fb950; stroke: #3fb950 } .c3 { fill: #ab7df8; stroke: #ab7df8 }
}"""


def text(x: float, y: float, words: str, style: str = "", anchor: str = "start") -> str:
    """Return words that begin, end or have their middle at a place."""
    where = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {where} class="{style}">{escape(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    """Return a straight line."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{style}"/>'


def bar(x: float, y: float, width: float, height: float, style: str) -> str:
    """Return a filled rectangle."""
    where = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect {where} class="{style}"/>'


def dot(x: float, y: float, radius: float, style: str) -> str:
    """Return a filled circle."""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" class="{style}"/>'


def picture(title: str, subtitle: str, rows: int, shapes: Sequence[str]) -> str:
    """Return a whole picture with room for so many rows."""
    width, height = LEFT + WIDE + RIGHT, TOP + rows * ROW + 16
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img">'
    )
    words = [text(16, 24, title, "title"), text(16, 42, subtitle, "small")]
    ground = bar(0, 0, width, height, "ground")
    name, style = f"<title>{escape(title)}</title>", f"<style>\n{STYLE}\n</style>"
    return "\n".join([head, name, style, ground, *words, *shapes, "</svg>"]) + "\n"
