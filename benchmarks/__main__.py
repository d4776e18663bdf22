"""`python -m benchmarks`: measure, print the report, and keep it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from .contestants import CONTESTANTS, Contestant
from .report import to_markdown, write
from .runner import Plan, run
from .workloads import WORKLOADS, Amount

RESULTS = Path(__file__).parent / "results"


def choose(names: Sequence[str]) -> list[Contestant]:
    """Return the contestants of some names or workloads, with those that they are compared with."""
    wanted = {
        one.name
        for one in CONTESTANTS.values()
        if not names or one.name in names or one.workload in names
    }
    wanted |= {CONTESTANTS[name].against or name for name in wanted}
    return [one for one in CONTESTANTS.values() if one.name in wanted]


def _whole(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is less than 1")
    return number


def parse(arguments: Sequence[str]) -> tuple[Plan, str]:
    """Return the plan that the command line asks for, and the name of its results."""
    amount = Amount()
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    known = [*WORKLOADS, *CONTESTANTS]
    parser.add_argument(
        "only", nargs="*", metavar="NAME", help=f"workloads or contestants: {', '.join(known)}"
    )
    parser.add_argument("--rounds", type=_whole, default=5)
    parser.add_argument("--burst", type=_whole, default=amount.burst, help="messages of a burst")
    parser.add_argument("--round-trips", type=_whole, default=amount.round_trips)
    parser.add_argument("--size", type=_whole, default=amount.size, help="bytes of a message")
    parser.add_argument("--text", action="store_true", help="bursts of text, not binary")
    parser.add_argument("--loop", choices=("asyncio", "uvloop"), default="asyncio")
    parser.add_argument("--seed", type=int, default=1, help="of the order within each round")
    parser.add_argument("--name", default="latest", help="of the two files of results")
    given = parser.parse_args(arguments)
    if unknown := set(given.only).difference(known):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    amount = Amount(given.burst, given.round_trips, given.size, given.text)
    plan = Plan(choose(given.only), amount, given.rounds, given.loop, given.seed)
    return plan, given.name


def main() -> None:
    """Run it."""
    plan, name = parse(sys.argv[1:])
    results = run(plan, lambda line: print(line, file=sys.stderr, flush=True))
    write(results, RESULTS, name)
    print(to_markdown(results))


if __name__ == "__main__":
    main()
