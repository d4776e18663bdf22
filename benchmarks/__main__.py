"""`python -m benchmarks`: measure, print the report, and keep it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from .contestant import Contestant
from .contestants import CONTESTANTS
from .report import write
from .runner import Plan, run
from .workloads import WORKLOADS

RESULTS: Final = Path(__file__).parent / "results"
QUICK: Final = 0.2
"""The share of the work that `--quick` does, in one round."""


def choose(names: Sequence[str], *, quick: bool = False) -> list[Contestant]:
    """Return the contestants of some names or workloads, and those they are compared with.

    Without names: all that take part in a full run, or in a quick one.
    """
    when = {"always"} if quick else {"always", "full"}
    wanted = {
        one.name
        for one in CONTESTANTS.values()
        if (one.name in names or one.workload in names if names else one.when in when)
    }
    if names:
        wanted |= {beside.against for name in wanted for beside in CONTESTANTS[name].beside}
    return [one for one in CONTESTANTS.values() if one.name in wanted]


def _whole(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is less than 1")
    return number


def _share(text: str) -> float:
    number = float(text)
    if not number > 0:
        raise argparse.ArgumentTypeError(f"{text} is not greater than 0")
    return number


def parse(arguments: Sequence[str]) -> tuple[Plan, str]:
    """Return the plan that the command line asks for, and the name of its results."""
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parser.add_argument(
        "only", nargs="*", metavar="NAME", help=f"workloads ({', '.join(WORKLOADS)}) or contestants"
    )
    parser.add_argument("--list", action="store_true", help="tell who there is, and do nothing")
    parser.add_argument("--quick", action="store_true", help="a first look, under a minute")
    parser.add_argument("--rounds", type=_whole, help="5, or 1 with --quick")
    parser.add_argument("--scale", type=_share, help=f"of the work: 1, or {QUICK} with --quick")
    parser.add_argument("--size", type=_whole, default=32, help="bytes of a message")
    parser.add_argument("--text", action="store_true", help="bursts of text, not binary")
    parser.add_argument("--loop", choices=("asyncio", "uvloop"), default="asyncio")
    parser.add_argument("--seed", type=int, default=1, help="of the order within each round")
    parser.add_argument("--name", help="of the files of results: latest, or part for less")
    given = parser.parse_args(arguments)
    if given.list:
        for one in CONTESTANTS.values():
            print(f"{one.workload:12} {one.name:32} {one.title}")
        parser.exit()
    if unknown := set(given.only).difference(WORKLOADS, CONTESTANTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; --list tells who there is")
    plan = Plan(
        choose(given.only, quick=given.quick),
        given.rounds or (1 if given.quick else 5),
        given.scale or (QUICK if given.quick else 1.0),
        given.size,
        given.text,
        given.loop,
        given.seed,
    )
    # What is kept in the repository is a whole run: a part does not overwrite it.
    part = given.only or given.quick or given.scale or given.rounds
    return plan, given.name or ("part" if part else "latest")


def main() -> None:
    """Run it."""
    plan, name = parse(sys.argv[1:])
    results = run(plan, lambda line: print(line, file=sys.stderr, flush=True))
    print(write(results, RESULTS, name))


if __name__ == "__main__":
    main()
