"""One measurement, in a process of its own: `python -m benchmarks.client ORDER`.

`ORDER` is JSON (see `Order`); the sample is printed as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass

from .contestants import CONTESTANTS
from .machine import pin
from .workloads import Amount, Sample


@dataclass(frozen=True, slots=True)
class Order:
    """What to measure, and where."""

    contestant: str
    port: int
    core: int
    loop: str
    amount: Amount

    def to_json(self) -> str:
        """Return the order as text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Order:
        """Return the order that `to_json` made a text of."""
        fields = json.loads(text)
        return cls(**{**fields, "amount": Amount(**fields["amount"])})


def loop_factory(name: str) -> Callable[[], asyncio.AbstractEventLoop]:
    """Return what makes an event loop: "asyncio" or "uvloop"."""
    if name == "asyncio":
        return asyncio.new_event_loop
    import uvloop  # noqa: PLC0415

    return uvloop.new_event_loop


def measure(order: Order) -> Sample:
    """Do the work of one contestant."""
    contestant = CONTESTANTS[order.contestant]
    pin(order.core)

    async def work() -> Sample:
        return await contestant.measure(f"ws://127.0.0.1:{order.port}/", order.amount)

    with asyncio.Runner(loop_factory=loop_factory(order.loop)) as runner:
        return runner.run(work())


if __name__ == "__main__":
    print(json.dumps(measure(Order.from_json(sys.argv[1]))))
