"""The modules of wsengine, as the tests of its structure see them."""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).resolve().parent
SOURCE = TESTS.parents[1] / "src"


def modules() -> dict[str, Path]:
    """Return the path of every module by its name: "wsengine", "wsengine.close", ..."""
    found = {}
    for path in sorted((SOURCE / "wsengine").rglob("*.py")):
        name = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        found[name.removesuffix(".__init__")] = path
    return found


MODULES = modules()
