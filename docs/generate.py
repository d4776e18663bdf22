"""Write the generated parts of the documentation, from the code that they describe.

    python docs/generate.py            # write them
    python docs/generate.py --check    # fail if one of them is not up to date

A page has such a part between `<!-- generated: NAME -->` and `<!-- end -->`, where NAME is
one of `PARTS`. `docs/lifecycle.svg` and the pictures of lanes are generated as a whole.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import comparing
import diagram
import lanes
import tables

from wsengine import ConnectOptions, EngineConfig, ReconnectPolicy, SessionStats

ROOT = Path(__file__).resolve().parents[1]

PARTS: dict[str, Callable[[], str]] = {
    "states": lambda: f"```mermaid\n{diagram.mermaid()}\n```",
    "transitions": tables.transitions,
    "stop schedule": tables.stop_schedule,
    "errors": tables.error_tree,
    "reconnect defaults": tables.reconnect_defaults,
    "classify": tables.classify,
    "EngineConfig": lambda: tables.fields(EngineConfig),
    "ReconnectPolicy": lambda: tables.fields(ReconnectPolicy),
    "ConnectOptions": lambda: tables.fields(ConnectOptions),
    "capabilities": tables.capabilities,
    "SessionStats": lambda: tables.meanings(SessionStats),
    "metrics": tables.metrics,
    "chaos run": comparing.chaos_run,
    "comparison, how": comparing.how,
    **comparing.parts(),
}

_PART = re.compile(r"(<!-- generated: ([^\n]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def up_to_date() -> Iterator[tuple[Path, str]]:
    """Yield each file with its text as it must be."""
    yield ROOT / "docs/lifecycle.svg", diagram.svg()
    for name, picture in lanes.pictures().items():
        yield ROOT / "docs/explanation" / name, picture
    pages = [page for page in sorted(ROOT.glob("docs/**/*.md")) if "_build" not in page.parts]
    for page in (ROOT / "README.md", *pages):
        yield page, _PART.sub(_fill, page.read_text(encoding="utf-8"))


def _fill(part: re.Match[str]) -> str:
    begin, name, _, end = part.groups()
    if name not in PARTS:
        sys.exit(f"docs/generate.py: no part {name!r}; there are {', '.join(PARTS)}")
    return f"{begin}{PARTS[name]()}\n{end}"


def main(arguments: list[str]) -> int:
    """Write the files, or with `--check` only look; return the exit code."""
    if arguments not in ([], ["--check"]):
        sys.exit(__doc__)
    stale = [
        (path, text)
        for path, text in up_to_date()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path, text in stale:
        name = path.relative_to(ROOT)
        if arguments:
            sys.stderr.write(f"{name} is not up to date; run: make docs\n")
        else:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{name} written\n")
    return 1 if arguments and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
