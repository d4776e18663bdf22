"""What came of a run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from .resources import Held
from .settings import Settings


@dataclass
class Outcome:
    """The figures; `bound` is what a recovery may take, `stalls` how late the event loop was."""

    settings: Settings
    seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    operations: Counter[str] = field(default_factory=Counter)
    clients: list[dict[str, Any]] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    passed: Counter[str] = field(default_factory=Counter)
    plan: str = ""
    bound: float = 0.0
    stalls: float = 0.0
    excused: int = 0
