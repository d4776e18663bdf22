"""All that the playground shows of its engine, in one place."""

from __future__ import annotations

from collections.abc import Callable

from ..change import Change
from .callbacks import Callbacks
from .history import History
from .lanes import Lanes
from .meters import Meters


class Board:
    """What is noted about the engine, and kept when the engine is exchanged.

    Args:
        now: Returns the time.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.history = History(now)
        self.callbacks = Callbacks(now)
        self.meters = Meters(now)
        self.lanes = Lanes(1, now)
        self.changed = Change()
        """Told when there is something that should be seen at once."""

    def new_lanes(self, count: int) -> None:
        """Show as many lanes as the new engine has workers."""
        self.lanes = Lanes(count, self.now)
