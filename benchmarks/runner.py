"""Runs the contestants, interleaved: each round measures every one of them once.

A ratio is taken within one round only, of measurements some seconds apart, or of some that take
turns: whatever else the machine does slows both.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

from .amount import Sample
from .client import Order
from .contestant import Contestant
from .machine import allow_files, choose_cores, describe
from .workloads import WORKLOADS

PATIENCE: Final = 180.0
"""Seconds for each contestant of a process, after which it has failed."""

ROOT: Final = Path(__file__).parent.parent
"""Where the processes start, to find this package."""

SPARE_FILES: Final = 300
"""Files that a process with a crowd needs besides the crowd's."""

Samples: TypeAlias = dict[str, list[Sample]]
"""The samples of each contestant, by its name, round by round."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run does.

    Args:
        contestants: Who takes part.
        rounds: How often each is measured at most.
        scale: How much work there is, in shares of the whole.
        size: The payload of messages in bytes, where the contestant does not say.
        text: Whether they are text, likewise.
        loop: The event loop of all: "asyncio" or "uvloop".
        seed: Decides the order within each round.
    """

    contestants: Sequence[Contestant]
    rounds: int = 5
    scale: float = 1.0
    size: int = 32
    text: bool = False
    loop: str = "asyncio"
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Results:
    """What a run found out.

    Attributes:
        left_out: Why a contestant has no samples, by its name.
        seconds: How long the run took.
    """

    plan: Plan
    machine: dict[str, str]
    samples: Samples
    left_out: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def measured(self) -> list[Contestant]:
        """The contestants that have samples."""
        return [one for one in self.plan.contestants if self.samples.get(one.name)]


def run(plan: Plan, tell: Callable[[str], None]) -> Results:
    """Measure everything that a plan asks for; who fails is left out, with those of its process."""
    began = time.monotonic()
    server_core, client_core = choose_cores()
    machine = describe(server_core, client_core)
    samples: Samples = {contestant.name: [] for contestant in plan.contestants}
    left_out = find_impossible(plan, allow_files())
    rounds = [list(groups) for groups in orders(plan)]
    most = max((len(group) for groups in rounds for group in groups), default=0)
    with contextlib.ExitStack() as servers:  # one client each
        ports = [servers.enter_context(serving("server", server_core)) for _ in range(most)]
        for number, groups in enumerate(rounds, 1):
            tell(f"round {number} of {plan.rounds}, {time.monotonic() - began:.0f} s so far")
            for group in groups:
                some = [_by_name(plan, name) for name in group if name not in left_out]
                try:
                    found = _measure_group(plan, some, ports, (server_core, client_core))
                except (subprocess.SubprocessError, ValueError) as error:
                    found = {}
                    for name in (one.name for one in some):
                        left_out[name] = f"failed in round {number} ({error})"
                        samples[name].clear()
                        tell(f"{name}: {left_out[name]}")
                for name, sample in found.items():
                    samples[name].append(sample)
    return Results(plan, machine, samples, left_out, time.monotonic() - began)


def _measure_group(
    plan: Plan, group: Sequence[Contestant], ports: Sequence[int], cores: tuple[int, int]
) -> dict[str, Sample]:
    """Do the measurements of one process; return the samples by name.

    Raises:
        SubprocessError: The process failed.
        ValueError: It said something odd.
    """
    if not group:
        return {}
    names = tuple(one.name for one in group)
    amounts = tuple(one.amount(plan.scale, plan.size, plan.text) for one in group)
    with contextlib.ExitStack() as own:
        if WORKLOADS[group[0].workload].crowd:
            ports = [own.enter_context(serving("crowd", cores[0]))]
        order = Order(names, tuple(ports[: len(names)]), cores[1], plan.loop, amounts)
        return dict(zip(names, _measure(order), strict=True))


def find_impossible(plan: Plan, files: int) -> dict[str, str]:
    """Return why contestants cannot take part, by name.

    Args:
        plan: The plan.
        files: How many files a process may have open.
    """
    reasons = {}
    for one in plan.contestants:
        sessions = one.amount(plan.scale, plan.size, plan.text).count + SPARE_FILES
        if one.needs is not None and importlib.util.find_spec(one.needs) is None:
            reasons[one.name] = f"the module {one.needs} is not installed"
        elif WORKLOADS[one.workload].crowd and sessions > files:
            reasons[one.name] = f"needs {sessions:,} open files, and {files:,} are allowed"
    return reasons


def orders(plan: Plan) -> Iterator[list[list[str]]]:
    """Yield the order of the contestants for each round, in groups that share a process.

    Those of one workload stay together, for the machine is most the same for neighbours; among
    them chance decides, or whoever follows a heavy one would do so in every round. What takes
    long takes part in the first rounds only.
    """
    chance = random.Random(plan.seed)
    for number in range(plan.rounds):
        order: list[list[str]] = []
        for workload in WORKLOADS.values():
            if workload.rounds is None or number < workload.rounds:
                groups = _groups(one for one in plan.contestants if one.workload == workload.name)
                for group in groups:
                    chance.shuffle(group)
                chance.shuffle(groups)
                order += groups
        yield order


def _groups(contestants: Iterable[Contestant]) -> list[list[str]]:
    """Return their names, those that are measured in one process together."""
    groups: dict[tuple[str, str], list[str]] = {}
    for one in contestants:
        key = ("alone", one.name) if one.together is None else ("together", one.together)
        groups.setdefault(key, []).append(one.name)
    return list(groups.values())


def _by_name(plan: Plan, name: str) -> Contestant:
    return next(one for one in plan.contestants if one.name == name)


def _measure(order: Order) -> list[Sample]:
    """Have a fresh process measure: nothing is left over from the one before."""
    command = [sys.executable, "-m", "benchmarks.client", order.to_json()]
    patience = PATIENCE * len(order.contestants)
    finished = subprocess.run(
        command, stdout=subprocess.PIPE, check=True, timeout=patience, text=True, cwd=ROOT
    )
    samples: list[Sample] = json.loads(finished.stdout)
    return samples


@contextlib.contextmanager
def serving(module: str, core: int) -> Iterator[int]:
    """Run one of the servers; yield its port."""
    command = [sys.executable, "-m", f"benchmarks.{module}", str(core)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as server:
        try:
            if server.stdout is None or not (port := server.stdout.readline()):
                raise RuntimeError("the server did not start; it has told why on standard error")
            yield int(port)
        finally:
            server.kill()
