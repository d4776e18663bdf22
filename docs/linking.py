"""An extension of Sphinx: code that names something in the reference becomes a link to it.

`ReconnectPolicy`, in the Markdown of a page or in a docstring, leads to its entry: the first
time in each section, so that a page stays calm. Links to files of the project that are pages of
the site as well lead to those pages, and those of an included file to what they mean there.
A block of code that is a file or a terminal says so.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from pygments.lexers.special import TextLexer
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.domains.python import PythonDomain
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.nodes import make_refnode

ROOT = Path(__file__).resolve().parents[1]

PAGES = {
    "CHANGELOG.md": "changelog",
    "CONTRIBUTING.md": "contributing",
    "SECURITY.md": "security",
    "benchmarks/NOTES.md": "explanation/what-was-tried",
    "benchmarks/README.md": "explanation/benchmarks",
    "benchmarks/results/latest.md": "explanation/performance",
    "examples/README.md": "examples",
    "examples/observability/README.md": "how-to/observability",
}
"""Files outside of `docs` that are included in a page."""

PACKAGES = ("wsengine", "wsengine.testing", "wsengine.codecs", "wsengine.correlators")
"""Where a name may stand that is written without its package."""

# A name, perhaps called: `session.paused()` is looked for as Session.paused.
_NAME = re.compile(r"([A-Za-z][\w.]*)(?:\(.*\))?", re.DOTALL)

# The module of a class that the reference has as a name of the package.
_MODULE = re.compile(r"^wsengine\.[a-z_.]+\.(?=[A-Z])")


class LinkNames(SphinxPostTransform):
    """Makes links of the names in inline code."""

    default_priority = 5

    def run(self, **_: Any) -> None:
        """Go through the inline code of a page."""
        seen: set[tuple[int, str]] = set()
        for literal in list(self.document.findall(nodes.literal)):
            parent = literal.parent
            if isinstance(parent, nodes.reference | addnodes.pending_xref | nodes.title):
                continue
            target = self._find(literal)
            if target is None:
                continue
            section = id(next(_above(literal, nodes.section), self.document))
            if (section, target) not in seen:
                seen.add((section, target))
                self._link(literal, target)

    def _find(self, literal: nodes.literal) -> str | None:
        """Return the full name of what the code names, unless it is where the code stands."""
        match = _NAME.fullmatch(literal.astext())
        if match is None:
            return None
        here = [place for entry in _above(literal, addnodes.desc) for place in _places(entry)]
        known = self._domain.objects
        for candidate in _candidates(match[1], here):
            if candidate in known and not known[candidate].aliased:
                return None if candidate in here else candidate
        return None

    def _link(self, literal: nodes.literal, target: str) -> None:
        entry = self._domain.objects[target]
        link = make_refnode(
            self.app.builder, self.env.docname, entry.docname, entry.node_id, literal.deepcopy()
        )
        literal.replace_self(link)

    @property
    def _domain(self) -> PythonDomain:
        return self.env.domains.python_domain


def _above(node: nodes.Node, kind: type[nodes.Element]) -> Iterator[Any]:
    """Yield the elements of a kind that a node stands in, the nearest first."""
    above = node.parent
    while above is not None:
        if isinstance(above, kind):
            yield above
        above = above.parent


def _places(entry: addnodes.desc) -> Iterator[str]:
    for signature in entry.findall(addnodes.desc_signature):
        if signature.parent is entry and signature.get("fullname"):
            yield f"{signature.get('module')}.{signature['fullname']}"


def _candidates(name: str, here: list[str]) -> Iterator[str]:
    """Yield the full names that a name may stand for, the nearest first."""
    for place in here:
        yield f"{place}.{name}"
        yield f"{place.rpartition('.')[0]}.{name}"
    for package in PACKAGES:
        yield f"{package}.{name}"
    yield name
    yield _MODULE.sub("wsengine.", name)
    owner, dot, rest = name.partition(".")
    if dot and owner in OWNERS:
        yield f"wsengine.{OWNERS[owner]}.{rest}"


OWNERS = {"engine": "Engine", "session": "Session", "close": "Close"}
"""What variables are called in the documentation, and their classes."""


class LinkPages(SphinxPostTransform):
    """Has links to files outside of `docs` lead to the pages that include them."""

    default_priority = 4  # before MyST looks for them among the sources

    def run(self, **_: Any) -> None:
        """Go through the links of a page."""
        for link in list(self.document.findall(addnodes.pending_xref)):
            if link.get("refdomain") != "doc":
                continue
            path = Path(self.env.srcdir) / f"{link['reftarget']}.md"
            if path.is_relative_to(ROOT):
                name = path.relative_to(ROOT).as_posix()
                link["reftarget"] = PAGES.get(name, link["reftarget"])


class ShowMarks(SphinxTransform):
    """Shows what the comment above a block of code says of it: a file, a terminal, its output."""

    default_priority = 500

    def apply(self, **_: Any) -> None:
        """Go through the comments of a page."""
        for comment in list(self.document.findall(nodes.raw)):
            text = comment.astext().strip().removeprefix("<!-- ").removesuffix(" -->")
            kind, _blank, name = text.partition(" ")
            shown = {"file": name, "terminal": f"terminal {name}", "output": "prints"}.get(kind)
            if shown and isinstance(
                comment.next_node(descend=False, siblings=True), nodes.literal_block
            ):
                comment.replace_self(nodes.paragraph("", shown, classes=["mark"]))


# What a link or an image of Markdown leads to, unless it has a scheme or is an anchor.
_RELATIVE = re.compile(r"(?<=\]\()(?![a-z]+:|[#/])[^)\s]+")


def relink(app: Sphinx, included: Path, _page: str, content: list[str]) -> None:
    """Have the relative links of an included file lead to the same files from its new place."""
    here = (Path(app.srcdir) / app.env.docname).parent
    home = (Path(app.srcdir) / included).parent

    def moved(link: re.Match[str]) -> str:
        return Path(os.path.relpath(home / link[0], here)).as_posix()

    content[0] = _RELATIVE.sub(moved, content[0])


def setup(app: Sphinx) -> dict[str, Any]:
    """Register what is above."""
    app.add_post_transform(LinkNames)
    app.add_post_transform(LinkPages)
    app.add_transform(ShowMarks)
    app.connect("include-read", relink)
    app.add_lexer("mermaid", TextLexer)  # code hosts draw it; here its picture stands beside it
    return {"parallel_read_safe": True, "parallel_write_safe": True}
