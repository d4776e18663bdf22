"""Which adapters can be had here."""

from __future__ import annotations

from importlib.util import find_spec

from ..loading import EXTRAS


def installed(adapter: str) -> str | None:
    """Return how to install an adapter's library, or `None` where it is installed."""
    return None if find_spec(adapter) is not None else f'pip install "{EXTRAS[adapter]}"'
