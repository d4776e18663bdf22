"""Runs the contestants, interleaved: each round measures every one of them once.

A ratio is taken within one round only, of measurements some seconds apart: whatever else the
machine does slows both.
"""

from __future__ import annotations

import contextlib
import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from .client import Order
from .contestants import Contestant
from .machine import choose_cores, describe
from .workloads import WORKLOADS, Amount, Sample

PATIENCE: Final = 60.0
"""Seconds after which a measurement has failed."""

Samples: TypeAlias = dict[str, list[Sample]]
"""The samples of each contestant, by its name, round by round."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run does.

    Args:
        contestants: Who takes part.
        amount: How much work each measurement is.
        rounds: How often each is measured.
        loop: The event loop of all: "asyncio" or "uvloop".
        seed: Decides the order within each round.
    """

    contestants: Sequence[Contestant]
    amount: Amount
    rounds: int
    loop: str
    seed: int


@dataclass(frozen=True, slots=True)
class Results:
    """What a run found out."""

    plan: Plan
    machine: dict[str, str]
    samples: Samples


def run(plan: Plan, tell: Callable[[str], None]) -> Results:
    """Measure everything that a plan asks for.

    Raises:
        subprocess.CalledProcessError: A measurement failed; it has told why on standard error.
        subprocess.TimeoutExpired: One took longer than a minute.
    """
    server_core, client_core = choose_cores()
    machine = describe(server_core, client_core)
    samples: Samples = {contestant.name: [] for contestant in plan.contestants}
    with _server(server_core) as port:
        for number, order in enumerate(orders(plan), 1):
            tell(f"round {number} of {plan.rounds}: {', '.join(order)}")
            for name in order:
                samples[name].append(
                    _measure(Order(name, port, client_core, plan.loop, plan.amount))
                )
    return Results(plan, machine, samples)


def orders(plan: Plan) -> Iterator[list[str]]:
    """Yield the order of the contestants for each round.

    Those of one workload stay together, for the machine is most the same for neighbours; among
    them chance decides, or whoever follows a heavy one would do so in every round.
    """
    chance = random.Random(plan.seed)
    for _ in range(plan.rounds):
        order: list[str] = []
        for workload in WORKLOADS:
            names = [one.name for one in plan.contestants if one.workload == workload]
            chance.shuffle(names)
            order += names
        yield order


def _measure(order: Order) -> Sample:
    """Do one measurement in a fresh process: nothing is left over from the one before."""
    command = [sys.executable, "-m", "benchmarks.client", order.to_json()]
    finished = subprocess.run(
        command, stdout=subprocess.PIPE, check=True, timeout=PATIENCE, text=True
    )
    sample: Sample = json.loads(finished.stdout)
    return sample


@contextlib.contextmanager
def _server(core: int) -> Iterator[int]:
    """Run the server; yield its port."""
    command = [sys.executable, "-m", "benchmarks.server", str(core)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            if server.stdout is None or not (port := server.stdout.readline()):
                raise RuntimeError("the server did not start; it has told why on standard error")
            yield int(port)
        finally:
            server.kill()
