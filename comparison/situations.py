"""All situations, in the order in which they are told."""

from __future__ import annotations

import importlib

from .trial import SITUATIONS

__all__ = ["SITUATIONS"]

for _module in ("network", "messages", "stopping", "crowd", "hostile"):
    importlib.import_module(f"comparison.{_module}")
