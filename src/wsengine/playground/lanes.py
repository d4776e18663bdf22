"""Worker lanes: what each of an engine's workers is doing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .ring import Ring

KEPT = 600
"""How many finished pieces of work are remembered."""


@dataclass(slots=True)
class Lane:
    """One lane.

    Args:
        what: The message at work, or `None` while the lane is free.
        since: When that began.
        done: How many messages it has finished.
    """

    what: str | None = None
    since: float = 0.0
    done: int = 0


class Lanes:
    """As many lanes as an engine has workers.

    An engine does not tell which worker calls `on_message`, but there are never more calls than
    workers: so each call takes the first lane that is free.

    Args:
        count: How many.
        now: Returns the time.
    """

    def __init__(self, count: int, now: Callable[[], float]) -> None:
        self.lanes = [Lane() for _ in range(count)]
        self.finished: Ring[dict[str, Any]] = Ring(KEPT)
        """Each piece of work: its lane, begin, end, and what it was."""
        self._now = now

    @contextlib.contextmanager
    def taken(self, what: str) -> Iterator[None]:
        """Take the first free lane for as long as the block runs."""
        number = next(n for n, lane in enumerate(self.lanes) if lane.what is None)
        lane = self.lanes[number]
        lane.what, lane.since = what, self._now()
        try:
            yield
        finally:
            self.finished.add(
                {"lane": number, "began": lane.since, "ended": self._now(), "what": what}
            )
            lane.what = None
            lane.done += 1

    def told(self) -> list[dict[str, Any]]:
        """Return what each lane is doing."""
        return [{"what": lane.what, "since": lane.since, "done": lane.done} for lane in self.lanes]
