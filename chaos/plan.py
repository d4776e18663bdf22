"""What happens to each client, and when: derived from the seed alone."""

from __future__ import annotations

import hashlib
import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

FAULTS: Final[dict[str, int]] = {
    "cut_fin": 4,
    "cut_rst": 4,
    "blackhole_up": 2,
    "blackhole_down": 2,
    "blackhole_both": 2,
    "delay": 3,
    "jitter": 3,
    "throttle": 2,
    "split": 2,
    "corrupt_up": 3,
    "corrupt_down": 4,
    "hold_handshake": 2,
    "drop_next": 2,
    "server_close": 3,
    "server_fin": 2,
    "server_abort": 2,
}
"""What the network and the server do to a client, and how often, beside each other."""

OPERATIONS: Final[dict[str, int]] = {
    "pause": 5,
    "restart": 3,
    "stop_start": 2,
    "subscriptions": 6,
}
"""What a client does by itself, likewise."""

SHARE_OF_OPERATIONS: Final = 0.25

LASTS: Final[dict[str, tuple[float, float]]] = {
    **dict.fromkeys(("blackhole_up", "blackhole_down", "blackhole_both"), (0.05, 1.6)),
    **dict.fromkeys(("delay", "jitter", "split"), (0.1, 0.8)),
    "throttle": (0.2, 0.8),
    "hold_handshake": (0.05, 1.2),
}
"""Seconds that a fault lasts; those that are not here are over at once."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens.

    Args:
        number: Which of the client's steps it is, from 1.
        kind: A key of `FAULTS` or `OPERATIONS`.
        wait: Seconds since the end of the step before.
        lasts: Seconds until it is undone.
        draw: A random number between 0 and 1, for what else is to be chosen.
    """

    number: int
    kind: str
    wait: float
    lasts: float
    draw: float

    @property
    def is_fault(self) -> bool:
        """Whether it is done to the client, not by it."""
        return self.kind in FAULTS


def steps(seed: int, client: str, every: float) -> Iterator[Step]:
    """Generate the steps of one client, without end.

    Args:
        seed: Where chance begins.
        client: The client's name.
        every: Seconds between two faults, on the average.
    """
    chance = random.Random(f"{seed}/{client}")
    for number in itertools.count(1):
        is_operation = chance.random() < SHARE_OF_OPERATIONS
        kinds = OPERATIONS if is_operation else FAULTS
        (kind,) = chance.choices(list(kinds), list(kinds.values()))
        least, most = LASTS.get(kind, (0.0, 0.0))
        lasts = chance.uniform(least, most)
        wait = chance.expovariate(1.0) * every * (1 - SHARE_OF_OPERATIONS)
        yield Step(number, kind, max(0.02, wait - lasts), lasts, chance.random())


@dataclass(frozen=True, slots=True)
class Kill:
    """The server's process is ended by SIGKILL.

    Args:
        wait: Seconds since it was brought back, or since the beginning.
        lasts: Seconds until it is brought back.
    """

    wait: float
    lasts: float


def kills(seed: int, every: float) -> Iterator[Kill]:
    """Generate the ends of the server, without end.

    Args:
        seed: Where chance begins.
        every: Seconds between two, on the average.
    """
    chance = random.Random(f"{seed}/server")
    while True:
        yield Kill(every * chance.uniform(0.5, 1.5), chance.uniform(0.1, 1.0))


def digest(seed: int, clients: list[str], every: float) -> str:
    """Return a short name of the whole plan: two runs with the same one do the same things."""
    plan: list[Any] = [next(kills(seed, 1.0))]
    for client in clients:
        plan += itertools.islice(steps(seed, client, every), 1000)
    return hashlib.sha256(repr(plan).encode()).hexdigest()[:16]
