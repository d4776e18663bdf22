"""The libraries that codecs can do with. Each is an extra of the same name."""

from __future__ import annotations

import importlib
from typing import Any

from ..errors import MissingDependencyError


def find(library: str) -> Any:
    """Return a library, or `None` where it is not installed."""
    try:
        return importlib.import_module(library)
    except ModuleNotFoundError as error:
        if error.name != library:
            raise  # it is there, but lacks something itself
        return None


def missing(library: str, what: str) -> MissingDependencyError:
    """Return the error for what needs a library that is not installed."""
    return MissingDependencyError(
        f'{what} needs {library}, which is not installed; run: pip install "wsengine[{library}]"'
    )
