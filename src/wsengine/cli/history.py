"""The lines that were sent before, in a file of the user's."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

KEPT = 1000
"""How many lines are kept; the file is cut when it has twice as many."""

MAX_LINE = 4096
"""Characters; a longer line is not kept."""


def history_path(
    environ: Mapping[str, str] = os.environ, platform: str = sys.platform, home: Path | None = None
) -> Path:
    """Return where the history is: in the user's state directory.

    Args:
        environ: The environment.
        platform: As `sys.platform`.
        home: The user's own directory; that of the process's user where it is `None`.
    """
    given = environ.get("XDG_STATE_HOME", "")
    if os.path.isabs(given):  # a relative one is to be ignored, as its specification says
        return Path(given) / "wsengine" / "history"
    home = Path.home() if home is None else home
    if platform == "win32":
        state = Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif platform == "darwin":
        state = home / "Library" / "Application Support"
    else:
        state = home / ".local" / "state"
    return state / "wsengine" / "history"


class HistoryFile:
    """Lines in a file that only its user may read: what is sent may be secret.

    A line that begins with a space is not kept, as in a shell. Where the file cannot be had,
    that is told once, and all goes on without it.

    Args:
        path: The file.
        on_trouble: Called with the error.
    """

    def __init__(self, path: Path, on_trouble: Callable[[OSError], object]) -> None:
        self._path = path
        self._on_trouble = on_trouble
        self._failed = False

    def read(self) -> list[str]:
        """Return the lines, the latest last."""
        try:
            lines = self._path.read_text(encoding="utf-8", errors="replace").split("\n")[:-1]
            if len(lines) > 2 * KEPT:
                self._cut(lines[-KEPT:])
        except FileNotFoundError:
            return []
        except OSError as error:
            self._trouble(error)
            return []
        return lines[-KEPT:]

    def append(self, line: str) -> None:
        """Keep a line."""
        if self._failed or not line.strip() or line[0].isspace() or len(line) > MAX_LINE:
            return
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._write(self._path, os.O_APPEND, [line])
        except OSError as error:
            self._trouble(error)

    def _cut(self, lines: list[str]) -> None:
        shorter = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        self._write(shorter, os.O_TRUNC, lines)
        shorter.replace(self._path)

    def _write(self, path: Path, flags: int, lines: list[str]) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | flags, 0o600)
        try:
            if hasattr(os, "fchmod"):  # it may have been there before
                os.fchmod(descriptor, 0o600)
            text = "".join(f"{line}\n" for line in lines)
            os.write(descriptor, text.encode(errors="replace"))
        finally:
            os.close(descriptor)

    def _trouble(self, error: OSError) -> None:
        self._failed = True
        self._on_trouble(error)
