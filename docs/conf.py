"""How Sphinx builds the documentation: `make docs`.

Nothing is fetched, neither by the build nor by a page.
"""

from __future__ import annotations

import dataclasses
import re
import sys
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.ext.napoleon import Config, GoogleDocstring
from sphinx.pycode import ModuleAnalyzer

sys.path.insert(0, str(Path(__file__).resolve().parent))

from wsengine import __version__

project = "wsengine"
version = release = __version__
author = "the authors of wsengine"
copyright = author  # noqa: A001 - Sphinx's name for it

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "linking",
]
exclude_patterns = ["_build"]

# Markdown, as a code host shows it, too.
myst_heading_anchors = 4
myst_enable_extensions = ["attrs_block"]
suppress_warnings = [
    "myst.header",  # included pages begin with a heading of their own
    "misc.highlighting_failure",  # a page may show a damaged file
]

# The reference, from docstrings.
default_role = "literal"  # in a docstring `x` is code; `linking` makes a link of what it knows
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_display_short_literal_types = True
python_maximum_signature_line_length = 88
toc_object_entries_show_parents = "hide"

# Every name of wsengine in a signature has to lead somewhere. Those of others cannot: their
# inventories would have to be fetched.
nitpicky = True
nitpick_ignore_regex = [
    ("py:.*", r"(?!wsengine).*"),
    ("py:class", r"wsengine\.running\.Result"),  # a type variable
    ("py:class", r"wsengine\.adapters\.\w+\.\w+Connection"),  # each keeps wsengine.Connection
]

html_theme = "furo"
html_title = f"wsengine {version}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
pygments_style = "friendly"
pygments_dark_style = "github-dark"


STYLE = Config(napoleon_use_rtype=False)


def read_google_style(app: Sphinx, what: str, *about: Any) -> None:
    """Translate a docstring in Google's style.

    As the extension napoleon does; but it would take what an attribute's docstring has before a
    colon for a type.
    """
    name, documented, options, lines = about
    kind = "method" if what in {"attribute", "data", "property"} else what
    lines[:] = GoogleDocstring(lines, STYLE, app, kind, name, documented, options).lines()


def show_defaults(
    _app: Sphinx, _what: str, _name: str, documented: Any, *about: Any
) -> tuple[str, str | None] | None:
    """Write what a dataclass makes by default as one would: it reads `<factory>` otherwise."""
    _options, signature, returns = about
    if not (signature and dataclasses.is_dataclass(documented)):
        return None
    for field in dataclasses.fields(documented):
        if field.default_factory is not dataclasses.MISSING:
            made = field.default_factory()
            text = f"{type(made).__name__}()" if dataclasses.is_dataclass(made) else repr(made)
            signature = signature.replace("<factory>", text, 1)
    return re.sub(r"<function (\w+)(?: at 0x\w+)?>", r"\1", signature), returns


def setup(app: Sphinx) -> None:
    """Register what is above, and prepare one module."""
    app.connect("autodoc-process-signature", show_defaults)
    app.connect("autodoc-process-docstring", read_google_style)
    # Callbacks are shown as what they are called with: their overloads are for type checkers.
    endpoint = ModuleAnalyzer.for_module("wsengine.endpoint")
    endpoint.analyze()
    endpoint.overloads.clear()
