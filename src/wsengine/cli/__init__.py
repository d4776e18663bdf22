"""The command `wsengine`: connect by hand, run an echo server, watch a demo."""

from __future__ import annotations

import sys
from importlib.util import find_spec


def main() -> None:
    """Run the command `wsengine`, and exit the process with its exit code."""
    if find_spec("typer") is None or find_spec("rich") is None:
        sys.exit(
            'wsengine: the command line needs typer and rich; run: pip install "wsengine[cli]"'
        )
    try:
        from .app import run  # noqa: PLC0415 - only now it is certain that it can be imported
    except KeyboardInterrupt:  # it takes a moment
        sys.exit(130)
    sys.exit(run(sys.argv[1:]))
