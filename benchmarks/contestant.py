"""What a contestant is, and what it should reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from .amount import Amount, Measure

When: TypeAlias = Literal["always", "full", "named"]


@dataclass(frozen=True, slots=True)
class Beside:
    """Another contestant of the same workload, to be compared with.

    Args:
        against: Its name.
        bars: What the ratio (or the difference) should reach, by the name of the metric: at
            least where more of it is better, at most where less is.
    """

    against: str
    bars: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Contestant:
    """One way to do a workload.

    Args:
        name: What it is called on the command line and in the results.
        workload: The name of the workload.
        title: What it is called in the report.
        measure: Does the work.
        count: How many messages, round trips or sessions make a good measurement: as many as
            take about half a second.
        beside: Whom it is compared with.
        bars: What its own figures should reach, by the name of the metric.
        size: The payload of its messages in bytes, where it is not for the plan to say.
        text: Whether they are text, likewise.
        needs: The module without which it is left out.
        together: Contestants of a workload with the same word are measured in one process, in
            turns; left out, it has a process of its own.
        when: Whether it takes part always, in full runs only, or only when it is named.
    """

    name: str
    workload: str
    title: str
    measure: Measure
    count: int
    beside: tuple[Beside, ...] = ()
    bars: Mapping[str, float] = field(default_factory=dict)
    size: int | None = None
    text: bool | None = None
    needs: str | None = None
    together: str | None = None
    when: When = "always"

    def amount(self, scale: float, size: int, text: bool) -> Amount:
        """Return its work in a plan with this scale, size and type of messages."""
        return Amount(
            max(round(self.count * scale), 10),
            size if self.size is None else self.size,
            text if self.text is None else self.text,
        )
