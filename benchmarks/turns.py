"""Several contestants in one process, that take turns: what the machine does besides hits all.

A measurement in a process of its own is compared with one that was made seconds later, and on a
busy machine the same contestant differs from itself by a tenth. Here each does a small part of
its work while the others wait: six turns of some 80 milliseconds, and the median of them. The
same contestant differs from itself by some hundredths then.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from .amount import Amount, Measure, Sample

TURNS: Final = 6
"""In how many parts the work is done."""

PATIENCE: Final = 60.0
"""Seconds to wait for the others at most."""


class Baton:
    """Lets threads work in turns, one at a time, in a fixed order; all begin and end together.

    Args:
        threads: How many there are.
    """

    def __init__(self, threads: int) -> None:
        self._mine = [threading.Semaphore(0) for _ in range(threads)]
        self._mine[0].release()
        self._together = threading.Barrier(threads)

    def meet(self) -> None:
        """Wait for all others to be here.

        Raises:
            TimeoutError: They do not come, or one of them has failed.
        """
        try:
            self._together.wait(PATIENCE)
        except threading.BrokenBarrierError:
            raise TimeoutError("another contestant has failed, or does not come") from None

    def take(self, number: int) -> None:
        """Wait for the turn of a thread.

        Raises:
            TimeoutError: It does not come, or another one has failed.
        """
        if not self._mine[number].acquire(timeout=PATIENCE):
            raise TimeoutError("another contestant does not end its turn")
        if self._together.broken:
            raise TimeoutError("another contestant has failed")

    def pass_on(self, number: int) -> None:
        """End the turn of a thread."""
        self._mine[(number + 1) % len(self._mine)].release()

    def fail(self) -> None:
        """Have nobody wait for a thread that has failed."""
        self._together.abort()
        for one in self._mine:
            one.release()


@dataclass(frozen=True, slots=True)
class Turns(Amount):
    """The amount of one thread's work, in parts that are done when it is its turn.

    The thread waits in `parts`, with its event loop: nobody sends it anything meanwhile.
    """

    baton: Baton | None = None
    number: int = 0

    def parts(self) -> Iterator[int]:
        """Yield the count of the warm-up, and of each part."""
        if self.baton is None:
            raise TypeError("turns are taken with a baton")
        warm_up, count = Amount.parts(self)
        self.baton.meet()
        for part in (warm_up, *[max(count // TURNS, 1)] * TURNS):
            self.baton.take(self.number)
            yield part
            self.baton.pass_on(self.number)
        self.baton.meet()


def in_turns(
    measures: Sequence[tuple[Measure, str, Amount]],
    loop_factory: Callable[[], asyncio.AbstractEventLoop],
) -> list[Sample]:
    """Do several measurements at once, each in a thread of its own; return their samples.

    Args:
        measures: What to do, the URL of a server that has nobody else, and how much.
        loop_factory: Makes the event loop of each.

    Raises:
        Exception: What the first that failed has raised.
    """
    baton = Baton(len(measures))
    outcomes: queue.SimpleQueue[tuple[int, Sample | BaseException]] = queue.SimpleQueue()

    def measure(number: int) -> None:
        work, url, amount = measures[number]
        turns = Turns(amount.count, amount.size, amount.text, baton, number)
        try:
            with asyncio.Runner(loop_factory=loop_factory) as runner:
                outcomes.put((number, runner.run(work(url, turns))))
        except BaseException as error:
            outcomes.put((number, error))
            baton.fail()

    for number in range(len(measures)):  # daemons: one that hangs must not keep the process
        threading.Thread(target=measure, args=(number,), daemon=True).start()
    samples: dict[int, Sample] = {}
    while len(samples) < len(measures):
        number, outcome = outcomes.get()
        if isinstance(outcome, BaseException):
            raise outcome
        samples[number] = outcome
    return [samples[number] for number in range(len(measures))]
