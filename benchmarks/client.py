"""One measurement, in a process of its own: `python -m benchmarks.client ORDER`.

`ORDER` is JSON (see `Order`); the sample is printed as JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass

from .amount import Amount
from .contestants import CONTESTANTS
from .machine import allow_files, pin


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


async def measure(order: Order) -> None:
    """Do the work of one contestant, print the sample, and end the process at once.

    For to close thousands of connections one by one would take longer than to measure them.
    """
    contestant = CONTESTANTS[order.contestant]
    sample = await contestant.measure(f"ws://127.0.0.1:{order.port}/", order.amount)
    print(json.dumps(sample), flush=True)
    os._exit(0)


def main() -> None:
    """Do what the command line orders."""
    order = Order.from_json(sys.argv[1])
    pin(order.core)
    allow_files()
    with asyncio.Runner(loop_factory=loop_factory(order.loop)) as runner:
        runner.run(measure(order))


if __name__ == "__main__":
    main()
