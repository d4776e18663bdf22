"""One contestant, or some that take turns, in a process: `python -m benchmarks.client ORDER`.

`ORDER` is JSON (see `Order`); the samples are printed as JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import NoReturn

from .amount import Amount, Measure, Sample
from .contestants import CONTESTANTS
from .machine import allow_files, pin
from .turns import in_turns


@dataclass(frozen=True, slots=True)
class Order:
    """What to measure, and where.

    Args:
        contestants: Their names; more than one take turns.
        ports: Where the server of each is.
        core: Where the process runs.
        loop: "asyncio" or "uvloop".
        amounts: How much work there is for each.
    """

    contestants: tuple[str, ...]
    ports: tuple[int, ...]
    core: int
    loop: str
    amounts: tuple[Amount, ...]

    def to_json(self) -> str:
        """Return the order as text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Order:
        """Return the order that `to_json` made a text of."""
        fields = json.loads(text)
        return cls(
            tuple(fields["contestants"]),
            tuple(fields["ports"]),
            fields["core"],
            fields["loop"],
            tuple(Amount(**amount) for amount in fields["amounts"]),
        )


def loop_factory(name: str) -> Callable[[], asyncio.AbstractEventLoop]:
    """Return what makes an event loop: "asyncio" or "uvloop"."""
    if name == "asyncio":
        return asyncio.new_event_loop
    import uvloop  # noqa: PLC0415

    return uvloop.new_event_loop


async def alone(work: Measure, url: str, amount: Amount) -> None:
    """Do the work of one contestant; end the process before it closes what it has opened.

    For to close thousands of connections one by one would take longer than to measure them.
    """
    tell([await work(url, amount)])


def tell(samples: list[Sample]) -> NoReturn:
    """Print the samples, and end the process at once."""
    print(json.dumps(samples), flush=True)
    os._exit(0)


def main() -> None:
    """Do what the command line orders."""
    order = Order.from_json(sys.argv[1])
    pin(order.core)
    allow_files()
    factory = loop_factory(order.loop)
    work = [
        (CONTESTANTS[name].measure, f"ws://127.0.0.1:{port}/", amount)
        for name, port, amount in zip(order.contestants, order.ports, order.amounts, strict=True)
    ]
    if len(work) > 1:
        tell(in_turns(work, factory))
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(alone(*work[0]))


if __name__ == "__main__":
    main()
